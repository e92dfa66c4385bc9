// SPDX-License-Identifier: GPL-2.0-only
// The counter list: each name once, each index its own, differences by name.

import { assertEquals } from "@std/assert";
import { C, COUNTERS, countersSince, readCounters } from "./vmstat.ts";

Deno.test("COUNTERS names every counter once, and C gives its index", () => {
  assertEquals(new Set(COUNTERS).size, COUNTERS.length);
  assertEquals(COUNTERS.map((name) => C[name]), COUNTERS.map((_, i) => i));
});

Deno.test("countersSince() is what happened between two readings", () => {
  const stat = new Float64Array(COUNTERS.length);
  const before = readCounters(stat);
  stat[C.pteWrites] += 5;
  stat[C.nrMemmapPages] -= 2;
  const since = countersSince(before, readCounters(stat));
  assertEquals(Object.entries(since).filter(([, n]) => n !== 0), [["pteWrites", 5], ["nrMemmapPages", -2]]);
});
