// SPDX-License-Identifier: GPL-2.0-only
// The life for mutations of HugeTLB: a pool whose vmemmap is shared and one whose is not, a frame of a page in use that
// goes bad, the pools emptied; invariants after every step.

import { EBUSY } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/mm/debug_vm.ts";
import { allocHugePage, freeHugePage, setNrHugepages, setOptimizeVmemmap } from "../../src/mm/hugetlb.ts";
import { flushFreeHpageWork } from "../../src/mm/hugetlb_free.ts";
import { memoryFailureHugetlb } from "../../src/mm/hugetlb_poison.ts";
import type { Kernel } from "../../src/mm/kernel.ts";

/** Lives the life with the smallest huge page; panics where something is wrong. */
export function poolExercise(k: Kernel): void {
  const [h] = k.hugetlb.hstates;
  for (const share of [true, false]) {
    setOptimizeVmemmap(k, share);
    step(k, () => setNrHugepages(k, h, 3), 3);
    if ((k.hugetlb.optimized > 0) !== share) panic(`poolExercise: ${k.hugetlb.optimized} pages share their vmemmap`);
    const head = allocHugePage(k, h, 0);
    // The last frame of a page in use: marked on the head, told to its user later.
    step(k, () => memoryFailureHugetlb(k, head + h.pages - 1), -EBUSY);
    step(k, () => freeHugePage(k, h, head), 0);
    step(k, () => setNrHugepages(k, h, 0), 0);
    flushFreeHpageWork(k);
    checkInvariants(k);
  }
}

function step(k: Kernel, run: () => number, wanted: number): void {
  const got = run();
  if (got !== wanted) panic(`poolExercise: got ${got}, expected ${wanted}`);
  checkInvariants(k);
}
