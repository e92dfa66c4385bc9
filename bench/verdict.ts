// SPDX-License-Identifier: GPL-2.0-only
// The verdict on paired times of two revisions. A case is
//
//     slower      more than the tolerance, and beyond any noise: the interval that misses once in FALSE_ALARMS runs,
//                 shared out among all cases, lies above 1; never from fewer than leastRounds()
//     no slower   the 95 % interval ends below the tolerance, or is narrower than it around a ratio within it
//     open        neither yet: more rounds narrow the interval
//
// The two errors have different costs. A false "slower" starts a futile search, and has as many chances as there are
// cases and looks; so that side is strict, and the other uses the usual 95 %.

import { logRatios, median, pairedRatio, type RatioInterval, studentQuantile } from "./statistics.ts";

/** Times of one case by round, paired: `before[i]` and `after[i]` were taken in turns within one round. */
export interface PairedTimes {
  readonly before: number[];
  readonly after: number[];
}

/** The verdict on one case. */
export type CaseVerdict = "slower" | "faster" | "no slower" | "open";

/** One case: medians in ms, the ratio after / before with its 95 % interval, and how many rounds that took. */
export interface Comparison extends RatioInterval {
  readonly name: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  readonly rounds: number;
  readonly verdict: CaseVerdict;
  /** More rounds that an open case is likely to need; 0 for others. */
  readonly missing: number;
  /** Open, and slower beyond the tolerance by the 95 % interval: a few more rounds will decide. */
  readonly suspect: boolean;
}

/** One in this many runs of equal revisions may be called slower. */
const FALSE_ALARMS = 2000;
/**
 * Rounds from which a case of this ratio may be called slower or faster. A whole process may be slow because of its
 * memory layout and compiled code: if every second process is a tenth slower, one round in four looks as if the
 * revision were slower, with hardly any noise, and a few such rounds in a row fool any interval. A difference larger
 * than any between processes needs fewer rounds.
 */
function leastRounds(ratio: number): number {
  return Math.abs(Math.log(ratio)) > Math.log(PROCESS_SPREAD) ? 5 : 9;
}
/** Processes that run the same code differ by less than this. */
const PROCESS_SPREAD = 1.4;
/** A case is settled from this many rounds on. */
const LEAST_SETTLED = 3;
/** Limit of predictions. */
const MOST_MISSING = 999;

/** Judges one of `cases` cases that are judged together. `tolerance` is a ratio, 1.05 for 5 %. */
export function compareCase(name: string, times: PairedTimes, tolerance: number, cases: number): Comparison {
  const rounds = times.before.length;
  const interval = pairedRatio(times.before, times.after);
  const verdict = judge(times, interval, tolerance, cases);
  return {
    name,
    beforeMs: median(times.before),
    afterMs: median(times.after),
    ...interval,
    rounds,
    verdict,
    suspect: verdict === "open" && rounds >= LEAST_SETTLED && interval.low > 1 && interval.ratio > tolerance,
    missing: verdict === "open" ? missingRounds(times, tolerance, cases) : 0,
  };
}

function judge(times: PairedTimes, interval: RatioInterval, tolerance: number, cases: number): CaseVerdict {
  const rounds = times.before.length;
  const { ratio, low, high } = interval;
  if (rounds >= leastRounds(ratio) && (ratio > tolerance || ratio < 1 / tolerance)) {
    const sure = pairedRatio(times.before, times.after, 1 / FALSE_ALARMS / cases);
    if (sure.low > 1) return "slower";
    if (sure.high < 1) return "faster";
  }
  if (rounds < LEAST_SETTLED) return "open";
  return high <= tolerance || (ratio <= tolerance && high / low <= tolerance) ? "no slower" : "open";
}

/**
 * How many more rounds would settle this case if its times stay alike: as slower if its ratio is beyond the tolerance,
 * else as not slower.
 */
function missingRounds({ before, after }: PairedTimes, tolerance: number, cases: number): number {
  const n = before.length;
  const { mean, deviation } = logRatios(before, after);
  if (deviation === Infinity) return LEAST_SETTLED - n;
  const beyond = mean > Math.log(tolerance);
  const alpha = beyond ? 1 / FALSE_ALARMS / cases : 0.05;
  const half = beyond ? mean : Math.max(Math.log(tolerance) - mean, Math.log(tolerance) / 2);
  const settles = (more: number) => studentQuantile(alpha, n + more - 1) * deviation / Math.sqrt(n + more) <= half;
  let low = Math.max(1, (beyond ? leastRounds(Math.exp(mean)) : LEAST_SETTLED) - n);
  let high = MOST_MISSING;
  while (low < high) {
    const mid = Math.floor((low + high) / 2);
    if (settles(mid)) high = mid;
    else low = mid + 1;
  }
  return low;
}

/** The verdict over all cases, which is also the first line of the report. */
export interface Verdict {
  readonly verdict: "slower" | "no slower" | "inconclusive";
  readonly line: string;
}

/** Exit codes of the verdicts; 2 is bad usage or input. */
export const EXIT_CODES: Readonly<Record<Verdict["verdict"], number>> = { "no slower": 0, slower: 1, inconclusive: 3 };

/** Limit of names in the first line. */
const NAMED = 3;

/** Summarises all cases. */
export function overall(rows: readonly Comparison[], tolerance: number): Verdict {
  const slower = rows.filter((row) => row.verdict === "slower").toSorted((a, b) => b.ratio - a.ratio);
  const open = rows.filter((row) => row.verdict === "open");
  const more = Math.max(0, ...open.map((row) => row.missing));
  const needs = `${open.length} need about ${more} more round${more === 1 ? "" : "s"}`;
  if (slower.length > 0) {
    const named = slower.slice(0, NAMED).map((row) => `${row.name} ${percent(row.ratio)}, ${percentRange(row)}`);
    if (slower.length > NAMED) named.push(`${slower.length - NAMED} more`);
    const rest = open.length === 0 ? "" : `; ${needs}`;
    return { verdict: "slower", line: `slower: ${slower.length} of ${rows.length} (${named.join("; ")})${rest}` };
  }
  if (open.length > 0) return { verdict: "inconclusive", line: `inconclusive: ${needs}, of ${rows.length}` };
  const within = `${rows.length} of ${rows.length} within ${percent(tolerance).slice(1)}`;
  const faster = rows.filter((row) => row.verdict === "faster").length;
  return { verdict: "no slower", line: `no slower: ${within}${faster === 0 ? "" : `, ${faster} faster`}` };
}

/** `+131 %` for a ratio of 2.31. */
export function percent(ratio: number): string {
  return `${ratio >= 1 ? "+" : ""}${number(ratio)} %`;
}

/** `45 to 268 %` for an interval. */
export function percentRange({ low, high }: RatioInterval): string {
  return high === Infinity ? "unknown" : `${number(low)} to ${number(high)} %`;
}

function number(ratio: number): string {
  const value = 100 * (ratio - 1);
  const text = value.toFixed(Math.abs(value) < 10 ? 1 : 0);
  return text.replace(/^-(0(\.0)?)$/, "$1");
}
