// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify:mutants [--count 60] [--seed 1] [--tries 60] [--jobs 2] [--log FILE] [--write] [ID ...]`: samples
// claims, puts mutants into the path of each, and prints which one changed a figure. `--write` writes
// verify/CLAIM_MUTANTS.md. With a log, a stopped run continues. `--slips` tries the slips of claim_slips.ts instead,
// each of which names the claims that must notice it. Exit 1 when no mutant changes a claim's rows, 2 for a claim for
// which nothing is counted.

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
import { changeOf } from "./claim_change.ts";
import { ClaimLog } from "./claim_log.ts";
import { type ClaimOutcome, type Task, Trial } from "./claim_trial.ts";
import { mutated } from "./operators.ts";
import { readRun, runFlags, shared } from "./runs.ts";
import { sampled } from "./sample.ts";
import { trySlips } from "./slips.ts";

const CLAIM_MUTANTS_MD = new URL("../CLAIM_MUTANTS.md", import.meta.url).pathname;

/** Claims with a counted or modelled row, in the order of the documents. */
export function countedClaims(): string[] {
  const rows = DOCUMENT_SUITES.flatMap((suite) => suite.claims(scaleOf(true)));
  const counted = rows.filter(({ id, measure, model }) => isClaimRow(id) && (measure ?? model) !== undefined);
  return [...new Set(counted.map(({ id }) => claimId(id)))].sort();
}

/** Paths of claims, from the log or found now. */
async function pathsOf(
  benches: readonly ClaimBench[],
  ids: readonly string[],
  log: ClaimLog,
): Promise<Map<string, Path>> {
  const unknown = ids.filter((id) => log.path(id) === undefined);
  const shares = benches.map((_, i) => unknown.filter((_, at) => at % benches.length === i));
  await Promise.all(benches.map(async (bench, i) => {
    for (const [id, path] of await bench.paths(shares[i])) log.keepPath(id, path);
  }));
  const paths = new Map(ids.map((id) => [id, log.path(id)!]));
  const wrong = [...paths.values()].flatMap(({ rows }) => rows.filter((row) => !row.ok).map((row) => row.id));
  if (wrong.length > 0) throw new Error(`not as expected without a mutant: ${wrong.join(", ")}`);
  return paths;
}

/** What a mutant changes in the claims of a task, as far as they can be judged. */
async function changesOf(bench: ClaimBench, { mutant, claims }: Task, log: ClaimLog) {
  const unknown = new Map([...claims].filter(([id]) => log.change(id, mutant) === undefined));
  if (unknown.size > 0) {
    const { file } = mutant;
    const answers = await bench.try(new Map([[file, mutated(bench.text(file), mutant)]]), unknown);
    for (const [id, { rows }] of unknown) {
      const answer = answers.get(id);
      log.keepChange(id, mutant, answer === undefined ? null : changeOf(id, rows, answer));
    }
  }
  return new Map([...claims.keys()].map((id) => [id, log.change(id, mutant)!]));
}

/** Outcomes of claims; prints each one once known. */
async function tryClaims(
  ids: readonly string[],
  { seed, tries, jobs }: Record<"seed" | "tries" | "jobs", number>,
  log: ClaimLog,
): Promise<ClaimOutcome[]> {
  using stack = new DisposableStack();
  const benches = Array.from({ length: Math.min(jobs, ids.length) }, () => stack.use(new ClaimBench()));
  const trial = new Trial(benches[0], await pathsOf(benches, ids, log), { seed, tries });
  const outcomes: ClaimOutcome[] = [];
  while (trial.left > 0) {
    const tasks = trial.round();
    const changes = await shared(benches, tasks, (bench, task) => changesOf(bench, task, log));
    for (const outcome of trial.take(tasks, changes)) {
      outcomes.push(outcome);
      console.log(outcomeLine(outcome));
    }
  }
  return outcomes.sort((a, b) => a.id < b.id ? -1 : 1);
}

const COMMAND: Command = {
  name: "verify:mutants",
  summary: "put sampled mutants into the code that claims measure and report whose figures change",
  operands: "[ID...]",
  flags: {
    ...runFlags("claims", "CLAIM_MUTANTS.md"),
    tries: { value: "N", help: "mutants per claim, at most", fallback: "60" },
    slips: { value: "", help: "try the slips of claim_slips.ts instead" },
  },
  run: async (flags) => ({ report: null, text: "", code: await run(flags) }),
};

/** Returns the exit code. */
async function run(flags: Flags): Promise<number> {
  if (flags.json) throw new CommandError("verify:mutants: outcomes are lines: expected no --json");
  const asked = flags.operands;
  if (flags.has("slips")) return await trySlips(asked);
  const all = countedClaims();
  const unknown = asked.find((id) => !all.includes(id));
  if (unknown !== undefined) {
    throw new CommandError(`nothing is counted for "${unknown}": there are ${all.join(", ")}`);
  }
  const { count, seed, jobs, log: file } = readRun(flags);
  const tries = numberFlag(flags, "tries");
  const ids = asked.length > 0 ? [...asked] : sampled(all, seed, 0, count);
  const start = performance.now();
  const log = await ClaimLog.open(file);
  const outcomes = await tryClaims(ids.sort(), { seed, tries, jobs }, log);
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
