// SPDX-License-Identifier: GPL-2.0-only
// `deno task mutations [--write]`: puts every defect of the table into a kernel and says who notices; with --write puts
// verify/MUTATIONS.md together. Exit 1 when one goes unnoticed.

import { parseArgs } from "@std/cli/parse-args";
import { writeFile } from "../../src/cli/write_file.ts";
import { mutationsMarkdown, untried } from "./report.ts";
import { tryMutation } from "./run.ts";
import { ROWS } from "./table.ts";

/** Tries the mutations as the command line asks; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const flags = parseArgs(args, { boolean: ["write"] });
  const verdicts = await Promise.all(ROWS.map(tryMutation));
  for (const { row, noticed, caught } of verdicts) {
    console.log(`${caught ? "caught " : "MISSED "} ${row.name.padEnd(26)} ${row.invariant.padEnd(4)} ${noticed}`);
  }
  console.log(`invariants without a mutation: ${untried(verdicts).join(", ")}`);
  if (flags.write) await writeFile(new URL("../MUTATIONS.md", import.meta.url).pathname, mutationsMarkdown(verdicts));
  return verdicts.every((v) => v.caught) ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
