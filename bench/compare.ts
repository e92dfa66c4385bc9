// SPDX-License-Identifier: GPL-2.0-only
// `deno task bench:compare`: is this revision slower than that one? Runs the benchmarks of both in turn, A B A B, so
// that a machine that drifts drifts for both, pairs the rounds and prints each ratio with a 95 % confidence interval.
// Exit 1 when a benchmark is slower beyond noise (the interval lies above 1) and by more than 5 %, 2 for bad usage or
// input.
//
//   --base REV       compare the working tree with this revision (default HEAD)
//   --rounds N       rounds of each (default 3, at least 2 to compare)
//   --filter TEXT    only benchmarks whose name contains it
//   --save FILE      run the working tree alone and save its times
//   --against FILE   run the working tree and compare with a saved run of the same CPU, runtime and geometry
//   --bmf            print the working tree's times in Bencher Metric Format instead of a table

import { bold, green, red, setColorEnabled } from "@std/fmt/colors";
import { CommandError, type Flags } from "../src/cli/command.ts";
import { numberFlag, parseFlags } from "../src/cli/flags.ts";
import { writeFile } from "../src/cli/write_file.ts";
import { addRound, asBenchRun, type BenchRun, emptyRun, incomparable } from "./bench_json.ts";
import { pairedRatio, type RatioInterval } from "./statistics.ts";

/** Slower by less than this is not reported, however certain. */
const TOLERANCE = 1.05;

/** One benchmark of both runs. */
export interface Comparison extends RatioInterval {
  readonly name: string;
  readonly regression: boolean;
}

const FLAGS = {
  name: "bench:compare",
  summary: "compare the benchmarks of two revisions",
  flags: {
    base: { value: "REV", help: "revision to compare with", fallback: "HEAD" },
    rounds: { value: "N", help: "rounds of each", fallback: "3" },
    filter: { value: "TEXT", help: "only benchmarks whose name contains it" },
    save: { value: "FILE", help: "save the working tree's times" },
    against: { value: "FILE", help: "compare with a saved run" },
    bmf: { value: "", help: "print Bencher Metric Format" },
  },
};

/** Benchmarks that only one of two runs has: gone, new, or left out for want of memory. */
export function unpaired(before: BenchRun, after: BenchRun): string[] {
  const missing = (from: BenchRun, to: BenchRun) =>
    Object.keys(from.benches).filter((name) => to.benches[name] === undefined)
      .map((name) => `${name} (only in ${from.revision})`);
  return [...missing(before, after), ...missing(after, before)];
}

/** Benchmarks that both runs have, with the ratio after / before. */
export function compareRuns(before: BenchRun, after: BenchRun): Comparison[] {
  const names = Object.keys(before.benches).filter((name) => after.benches[name] !== undefined);
  return names.map((name) => {
    const rounds = Math.min(before.benches[name].length, after.benches[name].length);
    const interval = pairedRatio(before.benches[name].slice(0, rounds), after.benches[name].slice(0, rounds));
    return { name, ...interval, regression: interval.low > 1 && interval.ratio > TOLERANCE };
  });
}

/** Bencher Metric Format: name -> measure -> value with its range. Nanoseconds. */
export function bencherMetricFormat(run: BenchRun): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(run.benches).map(([name, times]) => [name, {
      latency: {
        value: times.reduce((a, b) => a + b, 0) / times.length,
        lower_value: Math.min(...times),
        upper_value: Math.max(...times),
      },
    }]),
  );
}

/** The table of a comparison. */
export function comparisonTable(before: BenchRun, after: BenchRun, rows: readonly Comparison[]): string {
  const width = Math.max(...rows.map((r) => r.name.length), 9);
  const lines = rows.map((r) => {
    const range = `${r.low.toFixed(3)} .. ${r.high.toFixed(3)}`;
    const verdict = r.regression ? red("slower") : r.high < 1 && r.ratio < 1 / TOLERANCE ? green("faster") : "";
    return `${r.name.padEnd(width)}  ${r.ratio.toFixed(3).padStart(7)}  ${range.padEnd(18)}  ${verdict}`.trimEnd();
  });
  const head = `${"benchmark".padEnd(width)}  ${"ratio".padStart(7)}  95 % interval`;
  return [`${after.revision} against ${before.revision}, ${after.cpu}, ${after.runtime}`, bold(head), ...lines].join(
    "\n",
  );
}

async function git(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", { args, stdout: "piped", stderr: "piped" }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new CommandError(`git ${args[0]}: ${text.decode(stderr).trim().split("\n")[0]}`);
  return text.decode(stdout).trim();
}

async function workingRevision(): Promise<string> {
  const dirty = await git("status", "--porcelain", "--untracked-files=no");
  return await git("rev-parse", "--short", "HEAD") + (dirty === "" ? "" : "+");
}

function readRun(file: string): BenchRun {
  try {
    return asBenchRun(JSON.parse(Deno.readTextFileSync(file)), file);
  } catch (error) {
    if (error instanceof RangeError) throw new CommandError(error.message);
    throw new CommandError(`Cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Several rounds of the working tree. */
async function ownRounds(rounds: number, args: readonly string[]): Promise<BenchRun> {
  let run = emptyRun(await workingRevision());
  for (let i = 0; i < rounds; i++) run = await addRound(run, ".", args);
  return run;
}

/** Rounds of the base revision, in a checkout of its own, and of the working tree, in turn. */
async function alternate(base: string, rounds: number, args: readonly string[]): Promise<[BenchRun, BenchRun]> {
  const dir = await Deno.makeTempDir({ prefix: "bench-base-" });
  let before = emptyRun(await git("rev-parse", "--short", base));
  let after = emptyRun(await workingRevision());
  await git("worktree", "add", "--detach", "--quiet", "--force", dir, base);
  try {
    for (let i = 0; i < rounds; i++) {
      before = await addRound(before, dir, args);
      after = await addRound(after, ".", args);
    }
  } finally {
    await git("worktree", "remove", "--force", dir);
  }
  return [before, after];
}

async function run(flags: Flags): Promise<number> {
  const rounds = numberFlag(flags, "rounds");
  if (rounds < 1) throw new CommandError("--rounds: expected at least 1");
  const args = flags.has("filter") ? [`--filter=${flags.text("filter")}`] : [];
  if (flags.has("against")) {
    const saved = readRun(flags.text("against"));
    enoughRounds(rounds, "--rounds");
    enoughRounds(Math.min(...Object.values(saved.benches).map((times) => times.length)), flags.text("against"));
    const own = await ownRounds(rounds, args);
    const why = incomparable(saved, own);
    if (why !== null) throw new CommandError(`Cannot compare with ${flags.text("against")}: ${why}`);
    return report(saved, own, flags);
  }
  if (flags.has("save") || flags.has("bmf")) {
    const own = await ownRounds(rounds, args);
    if (flags.has("bmf")) console.log(JSON.stringify(bencherMetricFormat(own), null, 1));
    if (flags.has("save")) await writeFile(flags.text("save"), `${JSON.stringify(own, null, 1)}\n`);
    return 0;
  }
  enoughRounds(rounds, "--rounds");
  const [before, after] = await alternate(flags.text("base"), rounds, args);
  return report(before, after, flags);
}

/** One round says nothing about noise, so that nothing would ever be called slower. */
function enoughRounds(rounds: number, where: string): void {
  if (rounds < 2) throw new CommandError(`${where}: ${rounds} round: comparing takes at least 2`);
}

function report(before: BenchRun, after: BenchRun, flags: Flags): number {
  const rows = compareRuns(before, after);
  for (const name of unpaired(before, after)) console.error(`bench:compare: not compared: ${name}`);
  if (rows.length === 0) throw new CommandError("the two runs have no benchmark in common");
  setColorEnabled(!Deno.noColor && Deno.stdout.isTerminal());
  if (flags.has("bmf")) console.log(JSON.stringify(bencherMetricFormat(after), null, 1));
  else if (flags.json) console.log(JSON.stringify({ before: before.revision, after: after.revision, rows }, null, 1));
  else console.log(comparisonTable(before, after, rows));
  return rows.some((r) => r.regression) ? 1 : 0;
}

/** The command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(parseFlags(FLAGS.name, FLAGS.flags, args));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`bench:compare: ${error.message}`);
    return 2;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
