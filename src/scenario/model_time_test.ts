// SPDX-License-Identifier: GPL-2.0-only
// Model times in the reports: present for the documents' machine, null elsewhere, repeatable, ordered by memory.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { gupReport } from "./gup.ts";
import { namespaceReport } from "./namespace.ts";

const SIZE = 2 ** 27;

Deno.test("namespaceReport() models the same time on every run", () => {
  const once = namespaceReport({ size: SIZE, kernel: "v7" });
  const again = namespaceReport({ size: SIZE, kernel: "v7" });
  assert(once.modelMs !== null && once.modelInitMs !== null && once.modelInitMs < once.modelMs);
  assertEquals([once.modelMs, once.modelInitMs], [again.modelMs, again.modelInitMs]);
});

Deno.test("namespaceReport() has no model time without a model", () => {
  const { modelMs, modelInitMs } = namespaceReport({ size: SIZE, contents: false });
  assertEquals([modelMs, modelInitMs], [null, null]);
  assertEquals(namespaceReport({ size: SIZE, structPageSize: 56 }).modelMs, null);
});

Deno.test("gupReport() models pmem slower than CXL memory, and that slower than DRAM", () => {
  const times = ["optane", "cxl", "dram"].map((cost) => {
    const report = gupReport({ size: SIZE, kernel: "5.14", map: "dev", repeats: 1, cost });
    assert(report.modelGetMs !== null && report.modelPutMs !== null);
    return report.modelGetMs;
  });
  assertEquals(times.toSorted((a, b) => b - a), times);
  assert(times[0] > 4 * times[2]);
});

Deno.test("gupReport() refuses a cost table it does not know", () => {
  assertThrows(() => gupReport({ size: SIZE, cost: "tape" }), RangeError, 'Unknown cost table "tape"');
});
