// SPDX-License-Identifier: GPL-2.0-only
// The histogram against the one in document 004, line for line.

import { assertEquals } from "@std/assert";
import { formatBuckets, Log2Histogram } from "./log2_hist.ts";

Deno.test("formatBuckets() prints rows as bpftrace prints them", () => {
  const counts = [[8192, 8360], [20000, 1868], [65535, 10], [65536, 2]] as const;
  const histogram = new Log2Histogram();
  for (const [value, n] of counts) for (let i = 0; i < n; i++) histogram.add(value);
  assertEquals(formatBuckets(histogram.buckets()), [
    "[8K, 16K)           8360 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|",
    "[16K, 32K)          1868 |@@@@@@@@@@@                                         |",
    "[32K, 64K)            10 |                                                    |",
    "[64K, 128K)            2 |                                                    |",
  ]);
});

Deno.test("Log2Histogram counts by the power of two below, empty rows between others included", () => {
  const histogram = new Log2Histogram();
  assertEquals(histogram.buckets(), []);
  for (const value of [0.3, 1, 1.9, 4, 2 ** 31, 3 * 2 ** 40]) histogram.add(value);
  const rows = histogram.buckets();
  assertEquals(rows.filter((r) => r.count > 0).map((r) => [r.fromNs, r.count]), [
    [1, 3],
    [4, 1],
    [2 ** 31, 1],
    [2 ** 41, 1],
  ]);
  assertEquals([rows.length, rows[1]], [42, { fromNs: 2, toNs: 4, count: 0 }]);
});
