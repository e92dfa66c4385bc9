// SPDX-License-Identifier: GPL-2.0-only
// `deno task mutants [--count 60] [--seed 1] [--skip 0] [--jobs 1] [--upto src] [--log FILE] [--write] [path]`: samples
// mutants of the kernel's paths, tries each and prints who noticed; with --write puts verify/MUTANTS.md together. Exit
// 1 when fewer than nine of ten are noticed. `--upto` asks no tests behind that stage, which gives a lower bound.
// `--skip` goes on in the same sample; a path takes only files whose path begins so. Outcomes go to `--log`, and what
// was noticed there is not tried again: a run that was stopped goes on, and one after new tests tries survivors.

import { type Command, CommandError, type Flags as CommandFlags } from "../../src/cli/command.ts";
import { choiceFlag, numberFlag } from "../../src/cli/flags.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { whyEquivalent } from "./equivalent.ts";
import { type Judged, mutantsMarkdown, score, shown } from "./report.ts";
import { type Logged, type Named, named, noticedInLog, ranked } from "./sample.ts";
import { Bench, kernelMutants, type Stage, STAGES } from "./trial.ts";

const ROOT = new URL("../../", import.meta.url);
const MUTANTS_MD = new URL("../MUTANTS.md", import.meta.url).pathname;

const read = (file: string) => Deno.readTextFileSync(new URL(file, ROOT));

/** What the log holds; a log that is not there is empty. */
async function readLog(path: string | undefined): Promise<Map<string, Logged>> {
  if (path === undefined) return new Map();
  const file = await Deno.open(path, { create: true, append: true, read: true });
  return noticedInLog(await new Response(file.readable).text());
}

/** Tries mutants in `jobs` copies at a time and reports each; outcomes come back in the order of the mutants. */
async function judge(
  mutants: readonly Named[],
  flags: Flags,
  report: (judged: Judged) => void,
): Promise<Judged[] | null> {
  const held = await readLog(flags.log);
  const judged: Judged[] = [];
  let next = 0;
  const work = async (bench: Bench) => {
    for (let i = next++; i < mutants.length; i = next++) {
      const mutant = mutants[i];
      const why = whyEquivalent(read(mutant.file), mutant);
      const known = held.get(mutant.name);
      const outcome = known ??
        (why === null ? await bench.try(mutant, flags.upto) : { noticedBy: null, timedOut: false });
      const { noticedBy, timedOut } = outcome;
      judged[i] = { mutant, noticedBy, timedOut, why };
      // The line feed in front ends a line that was cut short.
      const line = "\n" + JSON.stringify({ name: mutant.name, noticedBy, timedOut } satisfies Logged);
      if (flags.log !== undefined && known === undefined) Deno.writeTextFileSync(flags.log, line, { append: true });
      report(judged[i]);
    }
  };
  using benches = new DisposableStack();
  const all = Array.from({ length: flags.jobs }, () => benches.use(new Bench()));
  // A log with outcomes begins with tests that pass.
  if (held.size === 0 && await all[0].failing()) return null;
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
  summary: "put sampled slips into the kernel's paths and say which test notices",
  operands: "[PATH]",
  flags: {
    count: { value: "N", help: "mutants to try", fallback: "60" },
    seed: { value: "N", help: "seed of the sample", fallback: "1" },
    skip: { value: "N", help: "go on in the same sample behind so many", fallback: "0" },
    jobs: { value: "N", help: "copies of the project at a time", fallback: "1" },
    upto: { value: STAGES.join("|"), help: "ask no tests behind that stage", fallback: "src" },
    log: { value: "FILE", help: "append outcomes; what was noticed there is not tried again" },
    write: { value: "", help: "write verify/MUTANTS.md" },
  },
  run: async (flags) => ({ report: null, text: "", code: await run(flags) }),
};

/** Tries mutants as the flags ask; returns the exit code. */
async function run(flags: CommandFlags): Promise<number> {
  if (flags.json) throw new CommandError("mutants: outcomes are lines: --log keeps them, expected no --json");
  const [path = "", ...more] = flags.operands;
  if (more.length > 0) throw new CommandError(`mutants: expected one path, got "${flags.operands.join(" ")}"`);
  const seed = numberFlag(flags, "seed");
  const upto = choiceFlag(flags, "upto", STAGES);
  const jobs = numberFlag(flags, "jobs");
  const log = flags.has("log") ? flags.text("log") : undefined;
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
  if (flags.has("write")) await writeFile(MUTANTS_MD, mutantsMarkdown(judged, { seed, of: all.length, upto }, read));
  return noticed >= 0.9 * of ? 0 : 1;
}

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));
