// SPDX-License-Identifier: GPL-2.0-only
// `deno task mutants [--count 60] [--seed 1] [--skip 0] [--jobs 1] [--upto src] [--log FILE] [--write] [path]`: puts
// sampled mutants into kernel paths and reports which tests notice. `--write` writes verify/MUTANTS.md. Exit 1 when
// fewer than nine of ten are noticed. `--upto` runs no tests after that stage, which gives a lower bound. `--skip`
// continues the same sample; a path is a prefix of the files to mutate. `--log` keeps outcomes, so that a stopped run
// continues. An outcome of another tree only tells which test to run first.

import { type Command, CommandError, type Flags as CommandFlags } from "../../src/cli/command.ts";
import { choiceFlag, numberFlag } from "../../src/cli/flags.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { revision } from "../results/revision.ts";
import { whyEquivalent } from "./equivalent.ts";
import { type Judged, mutantsMarkdown, score, shown } from "./report.ts";
import { type Logged, type Named, named, ranked, readLog, stillHolds } from "./sample.ts";
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

/** Reads a log; creates it if it does not exist. */
async function logged(path: string | undefined): Promise<Map<string, Logged>> {
  if (path === undefined) return new Map();
  const file = await Deno.open(path, { create: true, append: true, read: true });
  return readLog(await new Response(file.readable).text());
}

/** Tries mutants in `jobs` copies at once and reports each; outcomes keep the order of the mutants. */
async function judge(
  mutants: readonly Named[],
  { jobs, upto, log }: Flags,
  report: (judged: Judged) => void,
): Promise<Judged[] | null> {
  const known = await logged(log);
  using benches = new DisposableStack();
  const all = Array.from({ length: jobs }, () => benches.use(new Bench()));
  const tree = await all[0].hash();
  const judged: Judged[] = [];
  let next = 0;
  const work = async (bench: Bench) => {
    for (let i = next++; i < mutants.length; i = next++) {
      const mutant = mutants[i];
      const why = whyEquivalent(read(mutant.file), mutant);
      const before = known.get(mutant.name);
      const holds = before !== undefined && stillHolds(before, tree, upto);
      const { noticedBy, test, timedOut } = why !== null
        ? { noticedBy: null, test: null, timedOut: false }
        : holds
        ? before
        : await bench.try(mutant, upto, before?.test ?? before?.noticedBy);
      // Starts with a line feed, in case the last line was truncated.
      const line = "\n" + JSON.stringify({ name: mutant.name, noticedBy, test, timedOut, tree, upto } satisfies Logged);
      if (log !== undefined && why === null && !holds) Deno.writeTextFileSync(log, line, { append: true });
      report(judged[i] = { mutant, noticedBy, test, timedOut, why });
    }
  };
  // If the log has outcomes of this tree, its tests have passed without a mutant.
  if (![...known.values()].some((before) => before.tree === tree) && await all[0].failing()) return null;
  await Promise.all(all.map(work));
  return judged;
}

interface Flags {
  readonly jobs: number;
  readonly upto: Stage;
  readonly log: string | undefined;
}

const COMMAND: Command = {
  name: "mutants",
  summary: "put sampled mutants into kernel paths and report which tests notice",
  operands: "[PATH]",
  flags: {
    count: { value: "N", help: "mutants to try", fallback: "60" },
    seed: { value: "N", help: "seed of the sample", fallback: "1" },
    skip: { value: "N", help: "go on in the same sample behind so many", fallback: "0" },
    jobs: { value: "N", help: "copies of the project at a time", fallback: "1" },
    upto: { value: STAGES.join("|"), help: "ask no tests behind that stage", fallback: "src" },
    log: { value: "FILE", help: "append outcomes; those of the same tree are not tried for again" },
    write: { value: "", help: "write verify/MUTANTS.md" },
  },
  run: async (flags) => ({ report: null, text: "", code: await run(flags) }),
};

/** Returns the exit code. */
async function run(flags: CommandFlags): Promise<number> {
  if (flags.json) throw new CommandError("mutants: outcomes are lines: --log keeps them, expected no --json");
  const [path = "", ...more] = flags.operands;
  if (more.length > 0) throw new CommandError(`mutants: expected one path, got "${flags.operands.join(" ")}"`);
  const seed = numberFlag(flags, "seed");
  const upto = choiceFlag(flags, "upto", STAGES);
  const jobs = numberFlag(flags, "jobs");
  const log = flags.has("log") ? flags.text("log") : undefined;
  const commit = revision();
  const all = named(kernelMutants(path), read);
  const mutants = ranked(all, seed, numberFlag(flags, "skip"), numberFlag(flags, "count"));
  if (mutants.length === 0 || jobs === 0) throw new CommandError("mutants: nothing to do");
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
