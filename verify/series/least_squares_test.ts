// SPDX-License-Identifier: GPL-2.0-only
// The least-squares fit on systems with known solutions.

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { fitCosts } from "./least_squares.ts";

Deno.test("fitCosts() finds costs that explain everything, over nine orders of magnitude", () => {
  const costs = [0.5, 150, 3e6];
  const rows = [[1e9, 2e6, 1], [3e8, 1e5, 2], [0, 5e6, 0], [7e7, 0, 9]];
  const equations = rows.map((counts) => ({
    counts,
    known: 1e6,
    value: 1e6 + counts.reduce((sum, n, j) => sum + n * costs[j], 0),
  }));
  const fit = fitCosts(equations);
  fit.costs.forEach((cost, j) => assertAlmostEquals(cost / costs[j], 1, 1e-9));
  assert(fit.worst < 1e-9);
  assertEquals([fit.equations, fit.unknowns], [4, 3]);
});

Deno.test("fitCosts() gives zero instead of a negative cost", () => {
  const fit = fitCosts([
    { counts: [1, 0], known: 0, value: 10 },
    { counts: [1, 1], known: 0, value: 8 },
    { counts: [2, 1], known: 0, value: 19 },
  ]);
  assertEquals(fit.costs[1], 0);
  assert(fit.costs[0] > 8 && fit.costs[0] < 10);
  assert(fit.worst > 0.01);
});

Deno.test("fitCosts() weighs relative errors: a small figure counts as much as a large one", () => {
  const { costs } = fitCosts([
    { counts: [1], known: 0, value: 1 },
    { counts: [1000], known: 0, value: 2000 },
  ]);
  // Minimises (c - 1)^2 + (c/2 - 1)^2.
  assertAlmostEquals(costs[0], 1.2, 1e-9);
});

Deno.test("fitCosts() refuses fewer equations than costs", () => {
  assertThrows(() => fitCosts([{ counts: [1, 2], known: 0, value: 3 }]), RangeError, "Cannot fit 2 costs: got 1");
  assertThrows(() => fitCosts([]), RangeError, "Cannot fit 0 costs");
});
