// SPDX-License-Identifier: GPL-2.0-only
// Model time against its counters.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { COUNTERS, type CounterValues } from "../mm/vmstat.ts";
import { modelInitMs, modelMs, modelNs } from "./time.ts";
import { COSTS } from "./cost_tables.ts";
import { TERM_NAMES, termCounts, TERMS } from "./terms.ts";

function counters(values: Partial<CounterValues>): CounterValues {
  return { ...Object.fromEntries(COUNTERS.map((name) => [name, 0])) as CounterValues, ...values };
}

Deno.test("modelNs() is count times cost, summed over the terms", () => {
  const work = counters({ refcountStoresDram: 3, pincountStoresPmem: 2, pagesRecorded: 10 });
  const { ns } = COSTS.optane;
  assertAlmostEquals(modelNs(work, COSTS.optane), 5 * ns.atomicAdd + 10 * ns.recordPage, 1e-9);
  assertAlmostEquals(modelMs(work, COSTS.optane) * 1e6, modelNs(work, COSTS.optane), 1e-9);
  assertEquals(modelNs(work, COSTS.optane, ["tlbIpi"]), 0);
});

Deno.test("modelInitMs() leaves an altmap's own struct pages and the tables aside", () => {
  const { ns } = COSTS.optane;
  const work = counters({ structPagesWrittenPmem: 1e6, altmapStructPagesWritten: 1e6, pteWrites: 1e6, allocCalls: 9 });
  assertAlmostEquals(modelInitMs(work, COSTS.optane), ns.structPage + ns.lineWrittenPmem, 1e-9);
  assert(modelMs(work, COSTS.optane) > modelInitMs(work, COSTS.optane));
});

Deno.test("TERMS name counters that exist, and count each at most once but for the tier's extra", () => {
  const used = TERM_NAMES.filter((t) => t !== "lineWrittenPmem").flatMap((t) => TERMS[t]);
  assertEquals(used.filter((name) => !COUNTERS.includes(name)), []);
  assertEquals(new Set(used).size, used.length);
  const counts = termCounts(counters({ memmapLinesWrittenPmem: 7 }));
  assertEquals([counts.lineWritten, counts.lineWrittenPmem], [7, 7]);
});
