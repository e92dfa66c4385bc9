// SPDX-License-Identifier: GPL-2.0-only
// Rounds of a comparison. A round starts a new process for each side, since a whole process may be slow because of its
// memory layout and compiled code; within it the sides alternate run by run, so that a host that slows down affects
// both. The median of each side's runs counts. Rounds go on until every case is settled or
// the time is up; settled cases are left out of the rounds that follow.

import { SideProcess } from "./side_process.ts";
import { median } from "./statistics.ts";
import { compareCase, type Comparison, type PairedTimes } from "./verdict.ts";

/** Runs of a side in one round: at least, at most, and the time after which no more are started. */
const LEAST_RUNS = 3;
const MOST_RUNS = 25;
const ENOUGH_MS = 40;

/** When to end. */
export interface Limits {
  /** Ratio that counts as slower. */
  readonly tolerance: number;
  readonly rounds: number;
  /** Milliseconds, from the first round on. */
  readonly budgetMs: number;
}

/** Result of a comparison. */
export interface Rounds {
  readonly rows: readonly Comparison[];
  readonly times: Readonly<Record<string, PairedTimes>>;
  readonly clock: string;
  /** The runs' share of CPU in wall time, 0 to 1. */
  readonly share: number;
}

/** Compares the checkouts at `before` and `after`. `progress` receives status messages. */
export async function compareCheckouts(
  before: string,
  after: string,
  names: readonly string[],
  limits: Limits,
  progress: (text: string) => void,
): Promise<Rounds> {
  const until = Date.now() + limits.budgetMs;
  const times: Record<string, PairedTimes> = {};
  const rows = new Map<string, Comparison>();
  const spent = { ms: 0, wallMs: 0 };
  let clock = "";
  let open = names;
  for (let round = 0; round < limits.rounds && open.length > 0 && (Date.now() < until || round === 0); round++) {
    const chosen = next(open, rows);
    progress(`round ${round + 1}: ${chosen.length} cases, ${open.length} of ${names.length} open`);
    // The first to run finds the caches as another process left them, so the order alternates too.
    const sides = await startBoth(round % 2 === 0 ? [before, after] : [after, before]);
    clock = sides[0].clock;
    try {
      for (const name of chosen) {
        if (round > 0 && Date.now() >= until) break;
        const [first, second] = await turns(name, sides, spent);
        const into = times[name] ??= { before: [], after: [] };
        into.before.push(round % 2 === 0 ? first : second);
        into.after.push(round % 2 === 0 ? second : first);
        rows.set(name, compareCase(name, into, limits.tolerance, names.length));
      }
    } finally {
      await Promise.all(sides.map((side) => side.stop()));
    }
    open = names.filter((name) => rows.get(name)?.verdict === "open");
  }
  return { rows: [...rows.values()], times, clock, share: spent.ms / spent.wallMs };
}

/** Rounds of one checkout alone, for saving. */
export async function roundsAlone(
  dir: string,
  names: readonly string[],
  rounds: number,
  progress: (text: string) => void,
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}`);
    const side = await SideProcess.start(dir);
    try {
      for (const name of names) (times[name] ??= []).push((await turns(name, [side], { ms: 0, wallMs: 0 }))[0]);
    } finally {
      await side.stop();
    }
  }
  return times;
}

async function startBoth(dirs: readonly string[]): Promise<SideProcess[]> {
  const first = await SideProcess.start(dirs[0]);
  try {
    return [first, await SideProcess.start(dirs[1])];
  } catch (error) {
    await first.stop();
    throw error;
  }
}

/** Runs a case alternately on every side; the median of each side, in ms. */
async function turns(
  name: string,
  sides: readonly SideProcess[],
  spent: { ms: number; wallMs: number },
): Promise<number[]> {
  for (const side of sides) await side.open(name);
  const runs = sides.map((): number[] => []);
  const total = (i: number) => runs[i].reduce((sum, ms) => sum + ms, 0);
  const enough = () => runs[0].length >= LEAST_RUNS && sides.every((_, i) => total(i) >= ENOUGH_MS);
  while (runs[0].length < MOST_RUNS && !enough()) {
    for (const [i, side] of sides.entries()) {
      const { ms, wallMs } = await side.run();
      runs[i].push(ms);
      spent.ms += ms;
      spent.wallMs += wallMs;
    }
  }
  for (const side of sides) await side.close();
  return runs.map(median);
}

/**
 * The cases of the next round: those that look slower but need more rounds to prove it, alone, since the verdict
 * waits for them; else all open cases, the slowest first, in case the time ends within the round.
 */
function next(open: readonly string[], rows: ReadonlyMap<string, Comparison>): string[] {
  const suspects = open.filter((name) => rows.get(name)?.suspect);
  const ratio = (name: string) => rows.get(name)?.ratio ?? 1;
  return (suspects.length > 0 ? suspects : open).toSorted((a, b) => ratio(b) - ratio(a));
}
