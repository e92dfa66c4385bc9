// SPDX-License-Identifier: GPL-2.0-only
// The little statistics that comparing benchmarks takes: paired ratios on a logarithmic scale, their mean and a
// 95 % confidence interval from Student's t distribution.

/** A ratio with its 95 % confidence interval. */
export interface RatioInterval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % quantiles of Student's t by degrees of freedom, from 1. */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131];
const Z95 = 1.96;

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
  const half = (T95[logs.length - 2] ?? Z95) * Math.sqrt(variance / logs.length);
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
