// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify:mutants --slips [ID]`: puts each slip of claim_slips.ts into a copy of the project, judges its
// claims there, and prints which figures changed. Exit 1 when one did not, 2 for a claim without a slip.

import { claimId } from "../audit/audit.ts";
import { edited } from "../mutations/mutant.ts";
import { ClaimBench, type Path } from "./claim_bench.ts";
import { type Answer, changeOf, saidOf } from "./claim_change.ts";
import { CLAIM_SLIPS, type ClaimSlip } from "./claim_slips.ts";

/** The sources that a slip changes, with the change. */
export function slipped({ edits }: ClaimSlip, text: (file: string) => string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const edit of edits) texts.set(edit.file, edited(texts.get(edit.file) ?? text(edit.file), edit));
  return texts;
}

/** What a slip changes in a claim or one of its rows, and whether that includes a figure. */
export function noticed(
  asked: string,
  path: Path,
  answer: Answer | undefined,
): { readonly ok: boolean; readonly said: string } {
  const change = answer === undefined ? null : changeOf(asked, path.rows, answer);
  if (change === null) return { ok: false, said: "UNCHANGED" };
  const here = change.figures.filter(({ id }) => !asked.includes("/") || id === asked);
  if (here.length > 0) return { ok: true, said: saidOf(here) };
  return { ok: false, said: `FAILS ONLY  ${saidOf([...change.figures, ...change.fails])}` };
}

async function trySlip(
  bench: ClaimBench,
  slip: ClaimSlip,
  paths: ReadonlyMap<string, Path>,
  asked: readonly string[],
): Promise<boolean> {
  console.log(slip.what);
  const rows = slip.claims.filter((id) => asked.length === 0 || asked.includes(claimId(id)));
  const texts = slipped(slip, bench.text);
  const about = new Map([...new Set(rows.map(claimId))].map((id) => [id, paths.get(id)!]));
  const answers = await bench.try(texts, about);
  let all = true;
  for (const row of rows) {
    const id = claimId(row);
    const path = about.get(id)!;
    // A claim that cannot be judged leaves those after it without an answer.
    const answer = answers.get(id) ?? (await bench.try(texts, new Map([[id, path]]))).get(id);
    const { ok, said } = noticed(row, path, answer);
    all &&= ok;
    console.log(`  ${row}  ${said}`);
  }
  return all;
}

/** Tries the slips, or those of the given claims; returns the exit code. */
export async function trySlips(asked: readonly string[]): Promise<number> {
  const about = (id: string) => CLAIM_SLIPS.filter(({ claims }) => claims.some((row) => claimId(row) === id));
  const unknown = asked.find((id) => about(id).length === 0);
  if (unknown !== undefined) {
    const known = [...new Set(CLAIM_SLIPS.flatMap(({ claims }) => claims.map(claimId)))].sort().join(", ");
    console.error(`verify:mutants: no slip is about "${unknown}": expected ${known}`);
    return 2;
  }
  const slips = asked.length === 0 ? CLAIM_SLIPS : [...new Set(asked.flatMap(about))];
  using bench = new ClaimBench();
  const ids = [...new Set(slips.flatMap(({ claims }) => claims.map(claimId)))];
  const paths = await bench.paths(asked.length === 0 ? ids : asked);
  const wrong = [...paths.values()].flatMap(({ rows }) => rows.filter((row) => !row.ok).map((row) => row.id));
  if (wrong.length > 0) {
    console.error(`verify:mutants: not as expected without a slip: ${wrong.join(", ")}`);
    return 1;
  }
  let unchanged = 0;
  for (const slip of slips) if (!await trySlip(bench, slip, paths, asked)) unchanged++;
  console.log(`${slips.length - unchanged} of ${slips.length} slips change a figure of every claim they are about`);
  return unchanged === 0 ? 0 : 1;
}
