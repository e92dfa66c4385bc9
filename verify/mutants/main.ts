// SPDX-License-Identifier: GPL-2.0-only
// `deno task mutants [--count 60] [--seed 1] [--skip 0] [--jobs 2] [--upto src] [--log FILE] [--write] [path]`: puts
// sampled mutants into kernel paths and reports which tests notice. `--write` writes verify/MUTANTS.md. Exit 1 when
// fewer than nine of ten are noticed. `--upto` runs no tests after that stage, which gives a lower bound. `--skip`
// continues the same sample; a path is a prefix of the files to mutate. `--log` keeps outcomes, so that a stopped run
// continues. An outcome of another tree only tells which test to run first.

import { type Command, CommandError, type Flags } from "../../src/cli/command.ts";
import { choiceFlag, numberFlag } from "../../src/cli/flags.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { revision } from "../results/revision.ts";
import { whyEquivalent } from "./equivalent.ts";
import { append, openLog } from "./log.ts";
import { type Judged, mutantsMarkdown, score, shown } from "./report.ts";
import { readRun, type Run, runFlags, shared } from "./runs.ts";
import { lastOutcomes, type Logged, type Named, named, ranked, stillHolds } from "./sample.ts";
import { Bench, kernelMutants, type Stage, STAGES } from "./trial.ts";

const ROOT = new URL("../../", import.meta.url);
const MUTANTS_MD = new URL("../MUTANTS.md", import.meta.url).pathname;

const texts = new Map<string, string>();

/** A source as it was when the run began. */
function read(file: string): string {
  const text = texts.get(file) ?? Deno.readTextFileSync(new URL(file, ROOT));
  texts.set(file, text);
  return text;
}

/** Tries mutants in `jobs` copies at once and reports each; null when tests fail without a mutant. */
async function judge(
  mutants: readonly Named[],
  { jobs, upto, log }: Pick<Run, "jobs" | "log"> & { readonly upto: Stage },
  report: (judged: Judged) => void,
): Promise<Judged[] | null> {
  const known = lastOutcomes(await openLog(log));
  using stack = new DisposableStack();
  const benches = Array.from({ length: jobs }, () => stack.use(new Bench()));
  const tree = await benches[0].hash();
  // If the log has outcomes of this tree, its tests have passed without a mutant.
  if (![...known.values()].some((before) => before.tree === tree) && await benches[0].failing()) return null;
  return await shared(benches, mutants, async (bench, mutant) => {
    const why = whyEquivalent(read(mutant.file), mutant);
    const before = known.get(mutant.name);
    const holds = before !== undefined && stillHolds(before, tree, upto);
    const { noticedBy, test, timedOut } = why !== null
      ? { noticedBy: null, test: null, timedOut: false }
      : holds
      ? before
      : await bench.try(mutant, upto, before?.test ?? before?.noticedBy);
    if (why === null && !holds) {
      append(log, { name: mutant.name, noticedBy, test, timedOut, tree, upto } satisfies Logged);
    }
    const judged = { mutant, noticedBy, test, timedOut, why };
    report(judged);
    return judged;
  });
}

const COMMAND: Command = {
  name: "mutants",
  summary: "put sampled mutants into kernel paths and report which tests notice",
  operands: "[PATH]",
  flags: {
    ...runFlags("mutants", "MUTANTS.md"),
    skip: { value: "N", help: "skip this many mutants of the sample", fallback: "0" },
    upto: { value: STAGES.join("|"), help: "run no tests after this stage", fallback: "src" },
  },
  run: async (flags) => ({ report: null, text: "", code: await run(flags) }),
};

/** Returns the exit code. */
async function run(flags: Flags): Promise<number> {
  if (flags.json) throw new CommandError("mutants: outcomes are lines: --log keeps them, expected no --json");
  const [path = "", ...more] = flags.operands;
  if (more.length > 0) throw new CommandError(`mutants: expected one path, got "${flags.operands.join(" ")}"`);
  const { count, seed, jobs, log } = readRun(flags);
  const upto = choiceFlag(flags, "upto", STAGES);
  const commit = revision();
  const all = named(kernelMutants(path), read);
  const mutants = ranked(all, seed, numberFlag(flags, "skip"), count);
  if (mutants.length === 0) throw new CommandError("mutants: nothing to do");
  const judged = await judge(mutants, { jobs, upto, log }, (one) => {
    const who = one.why !== null ? "equal" : one.noticedBy ?? "MISSED";
    console.log(`${who.padEnd(9)}${one.timedOut ? "(timeout) " : ""}${shown(read(one.mutant.file), one)}`);
  });
  if (judged === null) {
    console.error("mutants: tests fail without a mutant");
    return 1;
  }
  const { noticed, of, percent } = score(judged);
  console.log(`seed ${seed}: ${noticed} of ${of} noticed, ${percent} %`);
  if (flags.has("write")) {
    await writeFile(MUTANTS_MD, mutantsMarkdown(judged, { seed, of: all.length, upto, revision: commit }, read));
  }
  return noticed >= 0.9 * of ? 0 : 1;
}

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));
