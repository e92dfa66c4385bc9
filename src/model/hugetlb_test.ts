// SPDX-License-Identifier: GPL-2.0-only
// Flush batching: the IPIs the model takes for given against those the emulated machine sends.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { boot } from "../boot.ts";
import { flushVmemmap } from "../mm/pgtable.ts";
import { C } from "../mm/vmstat.ts";
import { COSTS } from "./cost_tables.ts";
import { hugetlbIpis, hugetlbMs } from "./hugetlb.ts";

Deno.test("hugetlbIpis() unbatched sends what a flush per page sends on the emulated machine", () => {
  const cpus = 5;
  const k = boot({ arch: "toy", dram: [2 ** 20], cpus });
  for (let page = 0; page < 12; page++) flushVmemmap(k, 8 * page + 1, 7);
  assertEquals(k.stat[C.tlbIpis], hugetlbIpis(12, cpus, "unbatched", Infinity));
  for (let split = 0; split < 3; split++) flushVmemmap(k, 32 * split, 32);
  assertEquals(k.stat[C.tlbIpis], hugetlbIpis(12, cpus, "unbatched", 4));
});

Deno.test("hugetlbIpis() batched does not grow with the pages, and one CPU interrupts nobody", () => {
  assertEquals(hugetlbIpis(1e6, 9, "batched", 64), 2 * 8);
  assertEquals(hugetlbIpis(1, 9, "batched", 64), 2 * 8);
  assertEquals(hugetlbIpis(1e6, 9, "batched", Infinity), 8);
  assertEquals(hugetlbIpis(0, 9, "batched", 64), 0);
  assertEquals(hugetlbIpis(1e6, 1, "unbatched", 64), 0);
});

Deno.test("hugetlbMs() adds up pages, optimisation and interrupts", () => {
  const { hugetlb } = COSTS.optane;
  const work = { allocated: 1000, freed: 0, optimized: 1000, restored: 0, tlbIpis: 500 };
  assertAlmostEquals(
    hugetlbMs(work, hugetlb) * 1e6,
    1000 * (hugetlb.alloc + hugetlb.optimize) + 500 * hugetlb.ipi,
    1e-3,
  );
  assert(hugetlbMs({ ...work, allocated: 0, freed: 1000 }, hugetlb) > hugetlbMs(work, hugetlb));
});

Deno.test("hugetlbIpis() unbatched counts a split for a leaf that the pages fill only in part", () => {
  assertEquals([hugetlbIpis(64, 2, "unbatched", 64), hugetlbIpis(65, 2, "unbatched", 64)], [65, 67]);
  assertEquals(hugetlbIpis(100, 2, "unbatched", 64), 102);
});
