// SPDX-License-Identifier: GPL-2.0-only

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { median, pairedRatio, studentQuantile, studentWithin } from "./statistics.ts";

const times = fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 20 });

Deno.test("pairedRatio() finds a constant factor exactly, with no width", () => {
  fc.assert(fc.property(times, fc.double({ min: 0.1, max: 10, noNaN: true }), (before, factor) => {
    const { ratio, low, high } = pairedRatio(before, before.map((t) => t * factor));
    assertAlmostEquals(ratio, factor, 1e-9 * factor);
    assertAlmostEquals(high - low, 0, 1e-9 * factor);
  }));
});

Deno.test("pairedRatio() brackets its mean and inverts when before and after change places", () => {
  fc.assert(fc.property(times, times, (a, b) => {
    const n = Math.min(a.length, b.length);
    const there = pairedRatio(a.slice(0, n), b.slice(0, n));
    const back = pairedRatio(b.slice(0, n), a.slice(0, n));
    assert(there.low <= there.ratio && there.ratio <= there.high);
    assertAlmostEquals(there.ratio * back.ratio, 1, 1e-9);
  }));
});

Deno.test("pairedRatio() of two pairs uses Student's quantile for one degree of freedom", () => {
  const { high } = pairedRatio([1, 1], [1, Math.E]);
  // logs 0 and 1: mean 0.5, standard error 0.5, t 12.706.
  assertAlmostEquals(Math.log(high), 0.5 + 12.706 * 0.5, 1e-3);
});

Deno.test("pairedRatio() of many pairs uses Student's quantiles too", () => {
  // Alternating logs 0 and 1 of n pairs: mean 0.5, variance n / 4 / (n - 1).
  const quantile = (n: number) => {
    const { high } = pairedRatio(Array(n).fill(1), Array.from({ length: n }, (_, i) => Math.exp(i % 2)));
    return (Math.log(high) - 0.5) * Math.sqrt(4 * (n - 1));
  };
  for (
    const [freedom, t] of [
      [1, 12.706],
      [3, 3.182],
      [5, 2.571],
      [9, 2.262],
      [15, 2.131],
      [17, 2.11],
      [19, 2.093],
      [29, 2.045],
      [59, 2.001],
      [119, 1.98],
    ]
  ) {
    assertAlmostEquals(quantile(freedom + 1), t, 1e-3);
  }
});

Deno.test("median() is the middle, or between the two in the middle", () => {
  assertEquals([median([3]), median([9, 1, 5]), median([4, 1, 3, 2])], [3, 5, 2.5]);
  assertThrows(() => median([]), RangeError, "Cannot take the median");
});

Deno.test("pairedRatio() of one pair claims nothing", () => {
  assertEquals(pairedRatio([2], [3]).high, Infinity);
});

Deno.test("pairedRatio() refuses times that do not pair", () => {
  assertThrows(() => pairedRatio([1], [1, 2]), RangeError, "Cannot pair 1 and 2 times");
  assertThrows(() => pairedRatio([], []), RangeError);
  assertThrows(() => pairedRatio([0], [1]), RangeError);
});

Deno.test("studentQuantile() is exact for one and two degrees of freedom, and inverts studentWithin()", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 0.9, noNaN: true }), fc.integer({ min: 1, max: 40 }), (alpha, f) => {
      assertAlmostEquals(1 - studentWithin(studentQuantile(alpha, f), f), alpha, 1e-7);
      // Cauchy's distribution, and p = t / sqrt(2 + t^2).
      const p = 1 - alpha;
      assertAlmostEquals(studentQuantile(alpha, 1) / Math.tan(Math.PI * p / 2), 1, 1e-4);
      assertAlmostEquals(studentQuantile(alpha, 2) / Math.sqrt(2 * p * p / (1 - p * p)), 1, 1e-4);
    }),
  );
});
