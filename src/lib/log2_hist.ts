// SPDX-License-Identifier: GPL-2.0-only
// A histogram with a bucket per power of two, printed like bpftrace's hist().

/** Counts times in nanoseconds by the power of two below them. */
export class Log2Histogram {
  readonly #counts = new Float64Array(53);

  /** Counts one value. Everything below 1 counts as 1. */
  add(value: number): void {
    const bits = value >= 2147483648 ? Math.floor(Math.log2(value)) : value < 1 ? 0 : 31 - Math.clz32(value);
    this.#counts[bits]++;
  }

  /** Buckets from the first to the last that is not empty: from `from` (inclusive) to `to`. */
  buckets(): HistogramBucket[] {
    const last = this.#counts.findLastIndex((n) => n > 0);
    const first = this.#counts.findIndex((n) => n > 0);
    const rows: HistogramBucket[] = [];
    for (let bits = first; bits >= 0 && bits <= last; bits++) {
      rows.push({ fromNs: 2 ** bits, toNs: 2 ** (bits + 1), count: this.#counts[bits] });
    }
    return rows;
  }
}

/** One row of a histogram. */
export interface HistogramBucket {
  /** Nanoseconds, inclusive. */
  readonly fromNs: number;
  /** Nanoseconds, exclusive. */
  readonly toNs: number;
  /** Values in it. */
  readonly count: number;
}

const BAR = 52;

/** The rows as `bpftrace` prints them: `[8K, 16K)           8360 |@@@@...|`. */
export function formatBuckets(buckets: readonly HistogramBucket[]): string[] {
  const most = Math.max(1, ...buckets.map((b) => b.count));
  return buckets.map(({ fromNs: from, toNs: to, count }) => {
    const bar = "@".repeat(Math.floor(count * BAR / most));
    return `${`[${binary(from)}, ${binary(to)})`.padEnd(16)}${String(count).padStart(8)} |${bar.padEnd(BAR)}|`;
  });
}

/** `8192` as `8K`, as bpftrace labels its rows. */
function binary(n: number): string {
  const unit = Math.min(4, Math.floor(Math.log2(n) / 10));
  return `${n / 2 ** (10 * unit)}${["", "K", "M", "G", "T"][unit]}`;
}
