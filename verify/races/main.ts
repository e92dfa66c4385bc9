// SPDX-License-Identifier: GPL-2.0-only
// `deno task races [--full] [--write]`: explores everything that reads struct pages without locks against everything
// that changes them, prints the answers, and with --write puts verify/RACES.md together. Exit 1 when an answer does not
// hold, or when --full (every schedule, no reduction) finds other faults than the reduced run.

import { parseArgs } from "@std/cli/parse-args";
import { writeFile } from "../../src/cli/write_file.ts";
import { answers } from "./answers.ts";
import { raceMatrix } from "./matrix.ts";
import { ramAnswers } from "./ram_answers.ts";
import { ramMatrix } from "./ram_matrix.ts";
import { allOf, differences, racesMarkdown } from "./report.ts";

/** Runs the races as the command line asks; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const flags = parseArgs(args, { boolean: ["full", "write"] });
  const t0 = performance.now();
  const races = { dax: raceMatrix(), ram: ramMatrix() };
  const full = flags.full ? { dax: raceMatrix(true), ram: ramMatrix(true) } : null;
  const found = [...answers(races.dax), ...ramAnswers(races.ram)];
  for (const { statement, holds } of found) console.log(`${holds ? "holds        " : "DOES NOT HOLD"} ${statement}`);
  const all = allOf(races);
  const every = full === null ? [] : allOf(full);
  const schedules = [...all, ...every].reduce((sum, r) => sum + r.explored.schedules, 0);
  const different = full === null ? [] : differences(all, every);
  console.log(`${schedules} schedules, ${((performance.now() - t0) / 1000).toFixed(1)} s`);
  for (const r of different) console.error(`reduced and full run differ: ${r.where}`);
  if (flags.write) await writeFile(new URL("../RACES.md", import.meta.url).pathname, racesMarkdown(races, found, full));
  return found.every((a) => a.holds) && different.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
