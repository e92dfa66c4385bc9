// SPDX-License-Identifier: GPL-2.0-only
// The exercise for mutations of HugeTLB: a pool with shared vmemmap and one without, a frame of a page in use that goes
// bad, then both pools emptied; invariants are checked after every step. It also counts what making and freeing pages
// costs other CPUs (I30): flushes and grace periods.

import { USE_PINNED } from "../../src/include/frame_use.ts";
import { EBUSY } from "../../src/include/errno.ts";
import type { Hstate } from "../../src/include/hugetlb.ts";
import { panic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { allocHugePage, freeHugePage, setNrHugepages, setOptimizeVmemmap } from "../../src/mm/hugetlb/hugetlb.ts";
import { flushFreeHpageWork } from "../../src/mm/hugetlb/make_and_free.ts";
import { memoryFailureHugetlb } from "../../src/mm/memory_failure.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { allocPages, freePages } from "../../src/mm/page_alloc.ts";
import { C } from "../../src/mm/vmstat.ts";

/** Runs the exercise with the smallest huge page; panics when something is wrong. */
export function poolExercise(k: Kernel): void {
  const [h] = k.hugetlb.hstates;
  for (const share of [true, false]) {
    setOptimizeVmemmap(k, share);
    resize(k, h, 3);
    if ((k.hugetlb.optimized > 0) !== share) panic(`poolExercise: ${k.hugetlb.optimized} pages share their vmemmap`);
    const head = allocHugePage(k, h, 0);
    // The last frame of a page in use: the head is marked, and the user learns of it later.
    step(k, () => memoryFailureHugetlb(k, head + h.pages - 1), -EBUSY);
    step(k, () => freeHugePage(k, h, head), 0);
    resize(k, h, 0);
    flushFreeHpageWork(k);
    checkInvariants(k);
  }
}

/** A pool on a node without free memory must still shrink: other nodes have frames. */
export function fullNodeExercise(k: Kernel): void {
  const [h] = k.hugetlb.hstates;
  step(k, () => setNrHugepages(k, h, 3, 0), 3);
  const pinned: number[] = [];
  for (let pfn; (pfn = allocPages(k, 0, 0, USE_PINNED, true)) >= 0;) pinned.push(pfn);
  step(k, () => setNrHugepages(k, h, 0, 0), 0);
  flushFreeHpageWork(k);
  if (h.nrHugePages !== 0) {
    panic(`fullNodeExercise: ${h.nrHugePages} pages stay, ${h.surplusHugePages} of them surplus`);
  }
  for (const pfn of pinned) freePages(k, pfn, 0, USE_PINNED);
  checkInvariants(k);
}

/**
 * I30: nobody waits if nothing is shared; a batch takes two flushes and one grace period, single pages as many each.
 */
function resize(k: Kernel, h: Hstate, count: number): void {
  const pages = Math.abs(count - h.nrHugePages);
  const optimized = k.hugetlb.optimized;
  const flushes = k.stat[C.tlbFlushes];
  const graces = k.stat[C.gracePeriods];
  step(k, () => setNrHugepages(k, h, count), count);
  const batches = k.hugetlb.optimized === optimized ? 0 : k.config.hugetlbFlush === "batch" ? 1 : pages;
  const [flushed, waited] = [k.stat[C.tlbFlushes] - flushes, k.stat[C.gracePeriods] - graces];
  if (flushed > 2 * batches || waited > (k.config.hugetlbGrace ? batches : 0)) {
    panic(`poolExercise: I30 ${flushed} flushes and ${waited} grace periods for ${pages} pages in ${batches} batches`);
  }
}

function step(k: Kernel, run: () => number, wanted: number): void {
  const got = run();
  if (got !== wanted) panic(`poolExercise: got ${got}, expected ${wanted}`);
  checkInvariants(k);
}
