// SPDX-License-Identifier: GPL-2.0-only
// `deno task bench:compare`: is this revision slower than that one? Runs the cases of side/cases.ts on both in turn
// (rounds.ts) until each is settled or the time is up (verdict.ts); the first line of stdout is the answer:
//
//     slower: 1 of 26 (get 4G before +131 %, 45 to 268 %)     exit 1
//     no slower: 26 of 26 within 5.0 %                        exit 0
//     inconclusive: 12 need about 9 more rounds, of 26        exit 3
//
// Bad usage or input is exit 2, before anything runs. Times are CPU time of the emulator's thread if the host provides
// it, so that load on the host has less effect.

import { bold, green, red, setColorEnabled } from "@std/fmt/colors";
import { type Command, CommandError, type CommandResult, type Flags } from "../src/cli/command.ts";
import { numberFlag } from "../src/cli/flags.ts";
import { runTask } from "../src/cli/run.ts";
import { writeFile } from "../src/cli/write_file.ts";
import {
  bencherMetricFormat,
  type BenchRun,
  benchRun,
  githubActionBenchmark,
  incomparable,
  readRun,
} from "./bench_run.ts";
import { git, type Revisions, revisions, withCheckout } from "./checkouts.ts";
import { compareCheckouts, type Limits, roundsAlone } from "./rounds.ts";
import { CASES } from "./side/cases.ts";
import { compareCase, type Comparison, EXIT_CODES, overall, percent, percentRange } from "./verdict.ts";

/** Rounds of the working tree alone. */
const ROUNDS_ALONE = 7;
/** CPU share below which the host counts as loaded. */
const LOADED = 0.8;

const COMMAND: Command = {
  name: "bench:compare",
  summary: "check whether the working tree is slower than another revision",
  flags: {
    base: { value: "REV", help: "compare with this; default: HEAD, or for a clean tree its branch's start or HEAD~1" },
    filter: { value: "TEXT", help: "only cases whose name contains this" },
    tolerance: { value: "PERCENT", help: "ignore a smaller slowdown", fallback: "5" },
    seconds: { value: "N", help: "stop after this many seconds", fallback: "150" },
    rounds: {
      value: "N",
      help: `rounds at most; with --save, --bmf, --github or --against exactly these (${ROUNDS_ALONE})`,
    },
    save: { value: "FILE", help: "measure the working tree alone and save its times" },
    against: { value: "FILE", help: "compare the working tree with a saved run of the same host" },
    bmf: { value: "", help: "measure the working tree alone, print Bencher Metric Format" },
    github: { value: "", help: "the same for github-action-benchmark (customSmallerIsBetter)" },
    list: { value: "", help: "list the cases" },
  },
  run,
};

async function run(flags: Flags): Promise<CommandResult> {
  const names = casesNamed(flags.has("filter") ? flags.text("filter") : "");
  if (flags.has("list")) return { report: { cases: names }, text: names.join("\n"), code: 0 };
  const modes = ["save", "against", "bmf", "github", "base"].filter((flag) => flags.has(flag));
  const alone = modes.filter((mode) => mode !== "base" && mode !== "against");
  if (modes.length > 1 && alone.length !== modes.length) {
    throw new CommandError(`--${modes[0]} and --${modes[1]} ask for different things: give one`);
  }
  const limits = readLimits(flags);
  if (alone.length > 0) return await measureAlone(flags, names, limits.rounds);
  if (flags.has("against")) return await compareWithSaved(flags.text("against"), names, limits);
  const compared = await revisions(flags.has("base") ? flags.text("base") : undefined);
  warnOfLoad();
  console.error(`bench:compare: ${compared.after} against ${compared.before}, ${names.length} cases`);
  return await withCheckout(compared.before, names, async (dir, common) => {
    for (const name of names.filter((each) => !common.includes(each))) progress(`only in ${compared.after}: ${name}`);
    const { rows, clock, share } = await compareCheckouts(dir, ".", common, limits, progress);
    if (share < LOADED) {
      progress(`the host was loaded: the cases had the CPU ${Math.round(100 * share)} % of the time they ran`);
    }
    return outcome(compared, rows, limits, clock);
  });
}

/** Names of the cases that contain `text`. CommandError if none does. */
function casesNamed(text: string): string[] {
  const names = CASES.map(({ name }) => name).filter((name) => name.includes(text));
  if (names.length === 0) throw new CommandError(`--filter: no case's name contains "${text}"; --list names them`);
  return names;
}

function readLimits(flags: Flags): Limits {
  const alone = ["save", "against", "bmf", "github"].some((flag) => flags.has(flag));
  const positive = (name: string) => {
    const value = numberFlag(flags, name);
    if (value < 1) throw new CommandError(`--${name}: expected at least 1`);
    return value;
  };
  return {
    tolerance: 1 + positive("tolerance") / 100,
    budgetMs: 1000 * positive("seconds"),
    rounds: flags.has("rounds") ? positive("rounds") : alone ? ROUNDS_ALONE : Infinity,
  };
}

async function measureAlone(flags: Flags, names: readonly string[], rounds: number): Promise<CommandResult> {
  if (flags.has("save")) await requireWritable(flags.text("save"));
  const run = await ownRun(names, rounds);
  if (flags.has("save")) await writeFile(flags.text("save"), `${JSON.stringify(run, null, 1)}\n`);
  const printed = flags.has("bmf") ? bencherMetricFormat(run) : flags.has("github") ? githubActionBenchmark(run) : run;
  const quiet = flags.has("save") && !flags.has("bmf") && !flags.has("github");
  return { report: run, text: quiet ? `saved ${flags.text("save")}` : JSON.stringify(printed, null, 1), code: 0 };
}

async function ownRun(names: readonly string[], rounds: number): Promise<BenchRun> {
  warnOfLoad();
  const { after } = await revisions("HEAD");
  return benchRun(after, await roundsAlone(await git("rev-parse", "--show-toplevel"), names, rounds, progress));
}

async function compareWithSaved(file: string, names: readonly string[], limits: Limits): Promise<CommandResult> {
  const saved = readRun(file);
  const why = incomparable(saved);
  if (why !== null) throw new CommandError(`cannot compare with ${file}: ${why}`);
  const common = names.filter((name) => Object.hasOwn(saved.benches, name));
  if (common.length === 0) throw new CommandError(`cannot compare with ${file}: it has none of these cases`);
  const own = await ownRun(common, limits.rounds);
  const rows = common.map((name) => {
    const rounds = Math.min(saved.benches[name].length, own.benches[name].length);
    const times = { before: saved.benches[name].slice(0, rounds), after: own.benches[name].slice(0, rounds) };
    return compareCase(name, times, limits.tolerance, common.length);
  });
  return outcome({ before: saved.revision, after: own.revision }, rows, limits, "CPU time");
}

/** Checks the directory before anything runs. */
async function requireWritable(file: string): Promise<void> {
  const dir = file.includes("/") ? file.slice(0, file.lastIndexOf("/") + 1) : ".";
  const is = await Deno.stat(dir).catch(() => null);
  if (is === null || !is.isDirectory) throw new CommandError(`--save: no directory ${dir}`);
  const there = await Deno.stat(file).catch(() => null);
  if (there?.isDirectory) throw new CommandError(`--save: ${file} is a directory`);
}

function warnOfLoad(): void {
  const [load] = Deno.loadavg();
  const cpus = navigator.hardwareConcurrency;
  if (load < cpus / 2) return;
  progress(`the host is loaded (${load.toFixed(1)} on ${cpus} CPUs): intervals get wider, more rounds are needed`);
}

function progress(text: string): void {
  console.error(`bench:compare: ${text}`);
}

function outcome(compared: Revisions, rows: readonly Comparison[], limits: Limits, clock: string): CommandResult {
  const { verdict, line } = overall(rows, limits.tolerance);
  const report = { verdict, line, ...compared, clock, tolerance: limits.tolerance, rows };
  return { report, text: comparisonText(line, compared, rows, clock), code: EXIT_CODES[verdict] };
}

/** The answer and the table behind it. */
export function comparisonText(
  line: string,
  { before, after }: Revisions,
  rows: readonly Comparison[],
  clock: string,
): string {
  const width = Math.max(...rows.map((r) => r.name.length), 4);
  const column = (text: string, wide: number) => text.padStart(wide);
  const head = `${"case".padEnd(width)}${column("before", 10)}${column("after", 10)}${column("change", 9)}  ` +
    `${"95 % interval".padEnd(16)}${column("rounds", 7)}`;
  const verdictText = (r: Comparison) => {
    if (r.verdict === "slower") return red("slower");
    if (r.verdict === "faster") return green("faster");
    return r.verdict === "open" ? `open, about ${r.missing} more` : "";
  };
  const lines = rows.map((r) =>
    `${r.name.padEnd(width)}${column(r.beforeMs.toFixed(2), 10)}${column(r.afterMs.toFixed(2), 10)}` +
    `${column(percent(r.ratio), 9)}  ${percentRange(r).padEnd(16)}${column(`${r.rounds}`, 7)}  ${verdictText(r)}`
      .trimEnd()
  );
  return [line, "", `${after} against ${before}, medians in ms of ${clock}`, bold(head), ...lines].join("\n");
}

/** The command line; returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  setColorEnabled(!Deno.noColor && Deno.stdout.isTerminal());
  return runTask(COMMAND, args);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
