// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify:mutants [--count 60] [--seed 1] [--tries 60] [--jobs 2] [--write] [ID ...]`: samples claims, puts
// mutants into the path that each is about, and prints which one changed a row. With --write puts
// verify/CLAIM_MUTANTS.md together. Exit 1 when the figures of a claim stay as they were whatever is tried, 2 for a claim that
// nothing is counted for. `--slips` tries the slips of claim_slips.ts instead, each of which names the claims that must
// notice it.

import { parseArgs } from "@std/cli/parse-args";
import { writeFile } from "../../src/cli/write_file.ts";
import { claimId, isClaimRow } from "../audit/audit.ts";
import { DOCUMENT_SUITES } from "../claims/suites.ts";
import { SHIPPED } from "../claims/catalogue.ts";
import { scaleOf } from "../measure/measure.ts";
import { ClaimBench, type Path } from "./claim_bench.ts";
import { claimMutantsMarkdown, outcomeLine } from "./claim_report.ts";
import { type ClaimOutcome, countsAnother, Trial } from "./claim_trial.ts";
import { whole } from "./main.ts";
import { sampled } from "./sample.ts";
import { trySlips } from "./slips.ts";

const CLAIM_MUTANTS_MD = new URL("../CLAIM_MUTANTS.md", import.meta.url).pathname;

/** Claims with a row that is counted or modelled, in the order of the documents. */
export function countedClaims(): string[] {
  const rows = DOCUMENT_SUITES.flatMap((suite) => suite.claims(scaleOf(true)));
  const counted = rows.filter(({ id, measure, model }) => isClaimRow(id) && (measure ?? model) !== undefined);
  return [...new Set(counted.map(({ id }) => claimId(id)))].sort();
}

/** Runs `each` over what is left of a queue on every bench at once. */
async function shared<T>(
  benches: readonly ClaimBench[],
  queue: T[],
  each: (bench: ClaimBench, item: T) => Promise<void>,
) {
  await Promise.all(benches.map(async (bench) => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await each(bench, item);
  }));
}

/** Paths and outcomes of claims; prints each as it is known. */
async function tryClaims(ids: readonly string[], seed: number, tries: number, jobs: number): Promise<ClaimOutcome[]> {
  const benches = Array.from({ length: Math.min(jobs, ids.length) }, () => new ClaimBench());
  try {
    const paths = new Map<string, Path>();
    const share = (i: number) => ids.filter((_, at) => at % benches.length === i);
    await Promise.all(benches.map(async (bench, i) => {
      for (const [id, path] of await bench.paths(share(i))) paths.set(id, path);
    }));
    const wrong = [...paths.values()].flatMap(({ rows }) => rows.filter((row) => !row.ok).map((row) => row.id));
    if (wrong.length > 0) throw new Error(`not as expected without a mutant: ${wrong.join(", ")}`);
    const outcomes: ClaimOutcome[] = [];
    const trial = new Trial(benches[0], paths, { seed, tries });
    await shared(benches, [...ids], async (bench, id) => {
      for (const outcome of await trial.settle(bench, id)) {
        outcomes.push(outcome);
        console.log(outcomeLine(outcome));
      }
    });
    return outcomes.sort((a, b) => a.id < b.id ? -1 : 1);
  } finally {
    benches.forEach((bench) => bench[Symbol.dispose]());
  }
}

/** Tries mutants as the command line asks; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const flags = parseArgs(args, {
    boolean: ["write", "slips"],
    string: ["count", "seed", "tries", "jobs", "_"],
    default: { count: "60", seed: "1", tries: "60", jobs: String(navigator.hardwareConcurrency) },
  });
  const asked = flags._.map(String);
  if (flags.slips) return await trySlips(asked);
  const all = countedClaims();
  const unknown = asked.find((id) => !all.includes(id));
  if (unknown !== undefined) {
    console.error(`verify:mutants: nothing is counted for "${unknown}": there are ${all.join(", ")}`);
    return 2;
  }
  const [seed, tries] = [whole("seed", flags.seed), whole("tries", flags.tries)];
  const ids = asked.length > 0 ? asked : sampled(all, seed, 0, whole("count", flags.count));
  const outcomes = await tryClaims(ids.sort(), seed, tries, Math.max(1, whole("jobs", flags.jobs)));
  const unchanged = outcomes.filter(({ change }) => change === null || !countsAnother(change));
  console.log(`seed ${seed}: a figure of ${outcomes.length - unchanged.length} of ${outcomes.length} claims changes`);
  if (unchanged.length > 0) console.log(`not of ${unchanged.map(({ id }) => id).join(", ")}`);
  if (flags.write) {
    const left = SHIPPED.flatMap(({ claims }) => claims).length - all.length;
    const sample = { seed, tries, counted: all.length, left };
    await writeFile(CLAIM_MUTANTS_MD, claimMutantsMarkdown(outcomes, sample));
  }
  return unchanged.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
