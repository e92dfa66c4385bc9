// SPDX-License-Identifier: GPL-2.0-only
// The little statistics that comparing benchmarks takes: paired ratios on a logarithmic scale, their mean and a
// 95 % confidence interval from Student's t distribution; medians.

/** A ratio with its 95 % confidence interval. */
export interface RatioInterval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1. */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131];
/** The same of the normal distribution. */
const Z95 = 1.959964;

/** Student's 95 % quantile: from the table, beyond it by the expansion in 1 / freedom, which is good to 0.001 there. */
function t95(freedom: number): number {
  const z = Z95;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return T95[freedom - 1] ?? z + first / freedom + second / freedom ** 2;
}

/** The middle of some numbers, or the mean of the two in the middle. RangeError for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median: got no values");
  const sorted = values.toSorted((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}

/**
 * The ratio of paired times, `after[i] / before[i]`, with its interval. One pair says nothing about noise: the interval
 * is then everything. RangeError unless both have the same number of positive times.
 */
export function pairedRatio(before: readonly number[], after: readonly number[]): RatioInterval {
  if (before.length === 0 || before.length !== after.length || [...before, ...after].some((t) => !(t > 0))) {
    throw new RangeError(`Cannot pair ${before.length} and ${after.length} times: expected as many, all positive`);
  }
  const logs = before.map((t, i) => Math.log(after[i] / t));
  const mean = sum(logs) / logs.length;
  if (logs.length === 1) return { ratio: Math.exp(mean), low: 0, high: Infinity };
  const variance = sum(logs.map((x) => (x - mean) ** 2)) / (logs.length - 1);
  const half = t95(logs.length - 1) * Math.sqrt(variance / logs.length);
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
