// SPDX-License-Identifier: GPL-2.0-only
// Allocating and freeing a pool of huge pages of 2M, with the vmemmap treated as in different kernels.

import { SZ_2M } from "../../src/include/sizes.ts";
import { panic } from "../../src/lib/bug.ts";
import { setNrHugepages } from "../../src/mm/hugetlb/hugetlb.ts";
import { flushFreeHpageWork } from "../../src/mm/hugetlb/make_and_free.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { bootHugetlbBox, hugetlbConfig, type HugetlbOptions } from "../../src/scenario/hugetlb_box.ts";

/** The modes compared: no optimisation, and those of document 004, 5.14, 6.1 and 6.7. */
export const POOLS: readonly (readonly [name: string, options: Partial<HugetlbOptions>])[] = [
  ["off", { hugetlbFreeVmemmap: false }],
  ["keep 2, base pages (the series)", { kernel: "5.14", vmemmapMap: "base" }],
  ["keep 2, leaves split (5.14)", { kernel: "5.14" }],
  ["keep 1, leaves split (6.1)", { kernel: "6.1" }],
  ["keep 1, flushes batched (6.7)", { kernel: "6.1", flush: "batch" }],
];

/** A machine with room for `count` huge pages of 2M and the given number of CPUs. */
export function poolMachine(count: number, options: Partial<HugetlbOptions>): Kernel {
  return bootHugetlbBox(hugetlbConfig({ size: SZ_2M, count, ...options }));
}

/** Writes `count` to nr_hugepages. Panics if the pool falls short. */
export function makePool(k: Kernel, count: number): void {
  if (setNrHugepages(k, k.hugetlb.hstates[0], count) !== count) panic("makePool: the pages do not fit");
}

/** Writes 0 to nr_hugepages and waits for the worker that frees. Panics if pages remain. */
export function givePoolBack(k: Kernel): void {
  const h = k.hugetlb.hstates[0];
  setNrHugepages(k, h, 0);
  flushFreeHpageWork(k);
  if (h.nrHugePages !== 0) panic(`givePoolBack: ${h.nrHugePages} pages did not go`);
}
