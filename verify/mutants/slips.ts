// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify:mutants --slips [ID]`: puts each slip of claim_slips.ts into a copy of the project, judges the claims that it
// is about there, and prints which rows changed. Exit 1 when one did not, 2 for a claim that no slip is about.

import { copyProject } from "./trial.ts";
import { edited } from "../mutations/mutant.ts";
import { CLAIM_SLIPS, type ClaimSlip } from "./claim_slips.ts";

/** Rows of a claim that are not as expected, as `lab claims --run` of the copy finds them. */
async function changedRows(dir: string, claim: string): Promise<readonly string[]> {
  const args = ["run", "-A", "--no-check", "verify/lab.ts", "claims", "--id", claim, "--run", "--json"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: dir, stderr: "null" }).output();
  const { report } = JSON.parse(new TextDecoder().decode(stdout));
  const claims: { rows: { id: string; ok: boolean }[] }[] = report.claims ?? report;
  return claims.flatMap(({ rows }) => rows.filter((row) => !row.ok).map((row) => row.id));
}

async function trySlip(dir: string, { what, edits, claims }: ClaimSlip, asked: readonly string[]): Promise<boolean> {
  const before = edits.map(({ file }) => Deno.readTextFileSync(`${dir}/${file}`));
  edits.forEach((edit, i) => Deno.writeTextFileSync(`${dir}/${edit.file}`, edited(before[i], edit)));
  let all = true;
  try {
    console.log(what);
    for (const claim of claims.filter((id) => asked.length === 0 || asked.includes(id))) {
      const rows = await changedRows(dir, claim);
      all &&= rows.length > 0;
      console.log(`  ${claim}  ${rows.length > 0 ? rows.join(", ") : "UNCHANGED"}`);
    }
  } finally {
    edits.forEach(({ file }, i) => Deno.writeTextFileSync(`${dir}/${file}`, before[i]));
  }
  return all;
}

/** Claims with rows that are not as expected although nothing is changed. */
async function failing(dir: string, slips: readonly ClaimSlip[]): Promise<readonly string[]> {
  const claims = [...new Set(slips.flatMap((slip) => slip.claims))];
  const rows = [];
  for (const claim of claims) rows.push(...await changedRows(dir, claim));
  return rows;
}

/** Tries the slips, or those about the claims named; returns the exit code. */
export async function trySlips(asked: readonly string[]): Promise<number> {
  const unknown = asked.find((id) => !CLAIM_SLIPS.some(({ claims }) => claims.includes(id)));
  if (unknown !== undefined) {
    const known = CLAIM_SLIPS.flatMap(({ claims }) => claims).join(", ");
    console.error(`verify:mutants: no slip is about "${unknown}": known are ${known}`);
    return 2;
  }
  const dir = Deno.makeTempDirSync({ prefix: "claims-" });
  try {
    copyProject(dir);
    const slips = CLAIM_SLIPS.filter(({ claims }) => asked.length === 0 || claims.some((id) => asked.includes(id)));
    const wrong = await failing(dir, slips);
    if (wrong.length > 0) {
      console.error(`verify:mutants: not as expected without a slip: ${wrong.join(", ")}`);
      return 1;
    }
    let unchanged = 0;
    for (const slip of slips) if (!await trySlip(dir, slip, asked)) unchanged++;
    console.log(`${slips.length - unchanged} of ${slips.length} slips change every row they are about`);
    return unchanged === 0 ? 0 : 1;
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}
