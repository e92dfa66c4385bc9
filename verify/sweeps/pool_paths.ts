// SPDX-License-Identifier: GPL-2.0-only
// A sweep for each HugeTLB path that allocates. A failure here may leave traces: tables of split leaves stay, memmap
// returns on other frames, and a page that cannot be restored stays in its pool as surplus. So the pool's state is
// compared, and each sweep states what a failure leaves and that the next try, with memory, succeeds.

import { ENOMEM } from "../../src/include/errno.ts";
import type { Hstate } from "../../src/include/hugetlb.ts";
import { panic } from "../../src/lib/bug.ts";
import {
  allocHugePage,
  allocHugePageAt,
  freeHugePage,
  freeHugePages,
  persistentHugePages,
  setNrHugepages,
  setOptimizeVmemmap,
} from "../../src/mm/hugetlb/hugetlb.ts";
import { flushFreeHpageWork } from "../../src/mm/hugetlb/make_and_free.ts";
import { dissolveFreeHugePage, memoryFailureHugetlb } from "../../src/mm/memory_failure.ts";
import { vmemmapOptimized } from "../../src/mm/hugetlb/hugetlb_vmemmap.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { vmemmapPage } from "../../src/mm/page.ts";
import { splitVmemmapRange } from "../../src/mm/hugetlb/vmemmap_split.ts";
import { takePoolBooks } from "./books.ts";
import type { Sweep } from "./sweep.ts";

/** Fills the pool with `count` pages, shared or whole, as far as memory allows. */
export function growSweep(k: Kernel, h: Hstate, count: number): Sweep {
  setOptimizeVmemmap(k, true);
  return pool((k) => reach(k, h, count), (k) => retryShrink(k, h));
}

/** Enables sharing at run time: existing pages stay whole, `count` more are added. */
export function switchOnSweep(k: Kernel, h: Hstate, count: number): Sweep {
  const wholePages = () => {
    setOptimizeVmemmap(k, false);
    exactly(setNrHugepages(k, h, count), count);
    setOptimizeVmemmap(k, true);
  };
  wholePages();
  return pool((k) => reach(k, h, 2 * count), (k) => {
    retryShrink(k, h);
    wholePages();
  });
}

/** Empties a pool of `count` pages whose vmemmap is shared. */
export function shrinkSweep(k: Kernel, h: Hstate, count: number): Sweep {
  fill(k, h, count);
  return pool((k) => {
    exactly(setNrHugepages(k, h, 0), 0);
    flushFreeHpageWork(k);
    return stuck(k, h);
  }, (k) => {
    retryShrink(k, h);
    fill(k, h, count);
  });
}

/** Emptying a pool of whole pages allocates nothing. */
export function shrinkWholeSweep(k: Kernel, h: Hstate, count: number): Sweep {
  setOptimizeVmemmap(k, false);
  exactly(setNrHugepages(k, h, count), count);
  return pool((k) => setNrHugepages(k, h, 0), (k) => exactly(setNrHugepages(k, h, count), count));
}

/** A user returns a surplus page, which is freed unless it cannot be restored; then the next user gets it. */
export function returnSweep(k: Kernel, h: Hstate): Sweep {
  setOptimizeVmemmap(k, true);
  h.nrOvercommit = 1;
  let held = taken(allocHugePage(k, h, 0));
  return pool((k) => {
    exactly(freeHugePage(k, h, held), 0);
    flushFreeHpageWork(k);
    return stuck(k, h);
  }, (k) => {
    if (h.nrHugePages > 0) {
      exactly(freeHugePage(k, h, taken(allocHugePage(k, h, 0))), 0);
      flushFreeHpageWork(k);
      exactly(h.nrHugePages, 0);
    }
    held = taken(allocHugePage(k, h, 0));
  });
}

/** A user takes a page that is allocated on demand. */
export function overcommitSweep(k: Kernel, h: Hstate): Sweep {
  setOptimizeVmemmap(k, true);
  h.nrOvercommit = 1;
  let held = -1;
  return pool((k) => {
    held = allocHugePage(k, h, 0);
    return Math.min(held, 0);
  }, (k) => {
    exactly(freeHugePage(k, h, held), 0);
    flushFreeHpageWork(k);
    exactly(h.nrHugePages, 0);
  });
}

/** Makes a huge page of given frames. */
export function placeSweep(k: Kernel, h: Hstate, head: number): Sweep {
  setOptimizeVmemmap(k, true);
  return pool((k) => allocHugePageAt(k, h, head) ? 0 : -ENOMEM, (k) => retryShrink(k, h));
}

/** Dissolves a free page; a failure leaves the pool unchanged. */
export function dissolveSweep(k: Kernel, h: Hstate, count: number): Sweep {
  fill(k, h, count);
  return pool((k) => {
    const pages = heads(h);
    const errno = dissolveFreeHugePage(k, h.freeLists.flat()[0]);
    if (errno < 0 && heads(h) !== pages) panic(`dissolveSweep: the pool had ${pages}, has ${heads(h)}`);
    return errno;
  }, (k) => fill(k, h, count));
}

/** A frame of a free page goes bad: the page is dissolved, or stays marked until it can be. */
export function brokenSweep(k: Kernel, h: Hstate, count: number): Sweep {
  fill(k, h, count);
  return pool((k) => {
    const [head] = h.freeLists.flat();
    const errno = memoryFailureHugetlb(k, head + h.pages - 1);
    if (errno < 0 && errno !== -ENOMEM) return errno;
    if (errno < 0 && !h.freeLists.flat().includes(head)) panic("brokenSweep: the page is gone and nobody was told");
    return 0;
  }, (k) => {
    for (const head of h.freeLists.flat()) exactly(dissolveFreeHugePage(k, head), 0);
    fill(k, h, count);
  });
}

/** Splits the memmap leaves of the first `pages` frames; those split before a failure stay split. */
export function splitSweep(k: Kernel, pages: number): Sweep {
  const count = vmemmapPage(k, pages);
  return pool((k) => splitVmemmapRange(k, 0, count, 0, true), () => {});
}

function pool(run: (k: Kernel) => number, undo: (k: Kernel) => void): Sweep {
  return { run, undo, errno: -ENOMEM, books: takePoolBooks };
}

/** Raises nr_hugepages; falls short only if an allocation fails. */
function reach(k: Kernel, h: Hstate, count: number): number {
  const got = setNrHugepages(k, h, count);
  if (got > count || (got < count && !k.fault.armed)) panic(`growSweep: ${got} pages, expected ${count}`);
  return 0;
}

/** The remaining pages are free, surplus and shared: they could not be restored, and only for lack of memory. */
function stuck(k: Kernel, h: Hstate): number {
  exactly(persistentHugePages(h), 0);
  exactly(freeHugePages(h), h.surplusHugePages);
  if (h.nrHugePages > 0 && !k.fault.armed) panic(`stuck: ${h.nrHugePages} pages are left although there is memory`);
  for (const list of h.freeLists) {
    for (const head of list) if (!vmemmapOptimized(k, head)) panic(`stuck: page ${head} is whole and was not freed`);
  }
  return 0;
}

/** Empties the pool: pages that could not be freed before become persistent, then are freed. */
function retryShrink(k: Kernel, h: Hstate): void {
  exactly(setNrHugepages(k, h, h.nrHugePages), h.nrHugePages);
  exactly(setNrHugepages(k, h, 0), 0);
  flushFreeHpageWork(k);
  exactly(h.nrHugePages, 0);
}

function fill(k: Kernel, h: Hstate, count: number): void {
  setOptimizeVmemmap(k, true);
  exactly(setNrHugepages(k, h, count), count);
}

function heads(h: Hstate): string {
  const lists = h.freeLists.map((list) => list.toSorted((a, b) => a - b).join(" ")).join(" | ");
  return `${lists}, ${h.surplusHugePages} surplus`;
}

function taken(head: number): number {
  return head < 0 ? panic(`sweep: no huge page, errno ${head}`) : head;
}

function exactly(got: number, wanted: number): void {
  if (got !== wanted) panic(`sweep: got ${got}, expected ${wanted}`);
}
