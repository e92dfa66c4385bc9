// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify:mutants [--count 60] [--seed 1] [--tries 60] [--jobs 2] [--write] [ID ...]`: samples claims, puts
// mutants into the path that each is about, and prints which one changed a row. With --write puts
// verify/CLAIM_MUTANTS.md together. Exit 1 when the rows of a claim stay as they were whatever is tried, 2 for a claim that
// nothing is counted for. `--slips` tries the slips of claim_slips.ts instead, each of which names the claims that must
// notice it.

import { type Command, CommandError, type Flags } from "../../src/cli/command.ts";
import { numberFlag } from "../../src/cli/flags.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { claimId, isClaimRow } from "../audit/audit.ts";
import { DOCUMENT_SUITES } from "../claims/suites.ts";
import { SHIPPED } from "../claims/catalogue.ts";
import { scaleOf } from "../measure/measure.ts";
import { ClaimBench, type Path } from "./claim_bench.ts";
import { claimMutantsMarkdown, outcomeLine, totals } from "./claim_report.ts";
import type { Answer } from "./claim_change.ts";
import { type ClaimOutcome, Trial } from "./claim_trial.ts";
import { mutated } from "./operators.ts";
import { sampled } from "./sample.ts";
import { trySlips } from "./slips.ts";

const CLAIM_MUTANTS_MD = new URL("../CLAIM_MUTANTS.md", import.meta.url).pathname;

/** Claims with a row that is counted or modelled, in the order of the documents. */
export function countedClaims(): string[] {
  const rows = DOCUMENT_SUITES.flatMap((suite) => suite.claims(scaleOf(true)));
  const counted = rows.filter(({ id, measure, model }) => isClaimRow(id) && (measure ?? model) !== undefined);
  return [...new Set(counted.map(({ id }) => claimId(id)))].sort();
}

/** Runs `each` over the items, on as many benches at once as there are; results come in the order of the items. */
async function shared<T, R>(
  benches: readonly ClaimBench[],
  items: readonly T[],
  each: (bench: ClaimBench, item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(benches.map(async (bench) => {
    for (let i = next++; i < items.length; i = next++) results[i] = await each(bench, items[i]);
  }));
  return results;
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
    while (trial.left > 0) {
      const tasks = trial.round();
      const answers = await shared<typeof tasks[number], Map<string, Answer>>(
        benches,
        tasks,
        (bench, { mutant, claims }) => {
          const { file } = mutant;
          return bench.try(new Map([[file, mutated(bench.text(file), mutant)]]), claims);
        },
      );
      for (const outcome of trial.take(tasks, answers)) {
        outcomes.push(outcome);
        console.log(outcomeLine(outcome));
      }
    }
    return outcomes.sort((a, b) => a.id < b.id ? -1 : 1);
  } finally {
    benches.forEach((bench) => bench[Symbol.dispose]());
  }
}

const COMMAND: Command = {
  name: "verify:mutants",
  summary: "put slips into the paths that claims are about and say whose figures change",
  operands: "[ID...]",
  flags: {
    count: { value: "N", help: "claims to sample", fallback: "60" },
    seed: { value: "N", help: "seed of the sample", fallback: "1" },
    tries: { value: "N", help: "mutants of a claim's path at most", fallback: "60" },
    jobs: { value: "N", help: "claims at a time; default: one for each CPU" },
    slips: { value: "", help: "try the slips of claim_slips.ts instead" },
    write: { value: "", help: "write verify/CLAIM_MUTANTS.md" },
  },
  run: async (flags) => ({ report: null, text: "", code: await run(flags) }),
};

/** Tries claims as the flags ask; returns the exit code. */
async function run(flags: Flags): Promise<number> {
  if (flags.json) throw new CommandError("verify:mutants: outcomes are lines: expected no --json");
  const asked = flags.operands;
  if (flags.has("slips")) return await trySlips(asked);
  const all = countedClaims();
  const unknown = asked.find((id) => !all.includes(id));
  if (unknown !== undefined) {
    throw new CommandError(`nothing is counted for "${unknown}": there are ${all.join(", ")}`);
  }
  const [seed, tries] = [numberFlag(flags, "seed"), numberFlag(flags, "tries")];
  const ids = asked.length > 0 ? [...asked] : sampled(all, seed, 0, numberFlag(flags, "count"));
  const jobs = flags.has("jobs") ? numberFlag(flags, "jobs") : navigator.hardwareConcurrency;
  const start = performance.now();
  const outcomes = await tryClaims(ids.sort(), seed, tries, Math.max(1, jobs));
  const minutes = Math.ceil((performance.now() - start) / 60e3);
  const { figures, fails, unchanged } = totals(outcomes);
  console.log(
    `seed ${seed}: figures of ${figures} of ${outcomes.length} claims change, ${fails} only fail, ` +
      `${unchanged} stay as they were; ${minutes} minutes`,
  );
  if (flags.has("write")) {
    const left = SHIPPED.flatMap(({ claims }) => claims).length - all.length;
    await writeFile(
      CLAIM_MUTANTS_MD,
      claimMutantsMarkdown(outcomes, { seed, tries, counted: all.length, left, minutes, jobs }),
    );
  }
  return unchanged === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));
