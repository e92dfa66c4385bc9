// SPDX-License-Identifier: GPL-2.0-only
// The statistics needed to compare benchmarks: paired ratios on a logarithmic scale, their mean and a
// confidence interval from Student's t distribution; medians.

/** A ratio with its confidence interval. */
export interface RatioInterval {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The probability that Student's t stays within `-t .. t`: the finite sums for whole degrees of freedom (Abramowitz and
 * Stegun 26.7.3 and 26.7.4).
 */
export function studentWithin(t: number, freedom: number): number {
  const theta = Math.atan2(t, Math.sqrt(freedom));
  const cos2 = Math.cos(theta) ** 2;
  const odd = freedom % 2;
  let term = odd === 1 ? Math.cos(theta) : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = 2 + odd; k < freedom; k += 2) {
    term *= cos2 * (k - 1) / k;
    sum += term;
  }
  return odd === 1 ? (theta + Math.sin(theta) * sum) * 2 / Math.PI : Math.sin(theta) * sum;
}

const quantiles = new Map<string, number>();

/** Student's t that is exceeded, in either direction, with probability `alpha`; cached for each pair. */
export function studentQuantile(alpha: number, freedom: number): number {
  const key = `${alpha}/${freedom}`;
  const known = quantiles.get(key) ?? quantile(alpha, freedom);
  quantiles.set(key, known);
  return known;
}

function quantile(alpha: number, freedom: number): number {
  let high = 1;
  while (1 - studentWithin(high, freedom) > alpha) high *= 2;
  let low = 0;
  while (high - low > 1e-9 * high) {
    const mid = (low + high) / 2;
    if (1 - studentWithin(mid, freedom) > alpha) low = mid;
    else high = mid;
  }
  return high;
}

/** The median: the middle number, or the mean of the two in the middle. RangeError for an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median: got no values");
  const sorted = values.toSorted((a, b) => a - b);
  const mid = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}

/**
 * The ratio of paired times, `after[i] / before[i]`, with the interval that misses the true one with probability
 * `alpha`. One pair says nothing about noise: the interval is then everything. RangeError unless both have the same
 * number of positive times.
 */
export function pairedRatio(before: readonly number[], after: readonly number[], alpha = 0.05): RatioInterval {
  if (before.length === 0 || before.length !== after.length || [...before, ...after].some((t) => !(t > 0))) {
    throw new RangeError(`Cannot pair ${before.length} and ${after.length} times: expected as many, all positive`);
  }
  const { mean, deviation } = logRatios(before, after);
  const n = before.length;
  if (n === 1) return { ratio: Math.exp(mean), low: 0, high: Infinity };
  const half = studentQuantile(alpha, n - 1) * deviation / Math.sqrt(n);
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/** Mean and standard deviation of the logarithms of `after[i] / before[i]`; the deviation of one pair is infinite. */
export function logRatios(before: readonly number[], after: readonly number[]): { mean: number; deviation: number } {
  const logs = before.map((t, i) => Math.log(after[i] / t));
  const mean = sum(logs) / logs.length;
  if (logs.length === 1) return { mean, deviation: Infinity };
  return { mean, deviation: Math.sqrt(sum(logs.map((x) => (x - mean) ** 2)) / (logs.length - 1)) };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
