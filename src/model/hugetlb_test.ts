// SPDX-License-Identifier: GPL-2.0-only
// Flush batching: the IPIs that the model assumes against those that the emulated machine sends.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { boot } from "../boot.ts";
import { SZ_2M } from "../include/sizes.ts";
import { flushVmemmap } from "../mm/pgtable.ts";
import { C } from "../mm/vmstat.ts";
import { COSTS } from "./cost_tables.ts";
import { hugetlbReport } from "../scenario/hugetlb.ts";
import type { HugetlbOptions } from "../scenario/hugetlb_box.ts";
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
  const work = { allocated: 1000, freed: 0, vmemmapFreed: 7000, vmemmapRestored: 0, tlbIpis: 500 };
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

Deno.test("hugetlbMs() tells pools that keep one vmemmap page, two, none freed, and batched flushes apart on several CPUs", () => {
  const kernels = ["6.1,hugetlbKeep=2", "6.1", "6.1,hugetlbFlush=batch"];
  const ms = (kernel: string, options: Partial<HugetlbOptions> = {}) => {
    const report = hugetlbReport({ size: SZ_2M, count: 128, kernel, cpus: 4, ...options });
    return [report.modelAllocMs!, report.modelFreeMs!];
  };
  const all = [
    ms("6.1", { hugetlbFreeVmemmap: false }),
    ...kernels.map((kernel) => ms(kernel)),
    ms("6.1,hugetlbKeep=2", { vmemmapMap: "base" }),
  ];
  assertEquals(new Set(all.map(([alloc]) => alloc)).size, all.length);
  // For freeing, it does not matter what was split before.
  assertEquals(new Set(all.map(([, free]) => free)).size, all.length - 1);
});
