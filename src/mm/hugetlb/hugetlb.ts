// SPDX-License-Identifier: GPL-2.0-only
// Pools of huge pages (mm/hugetlb.c): nr_hugepages up and down, over all nodes in turn or on one, pages handed out and
// taken back, surplus pages made on demand. persistent = nr - surplus is what nr_hugepages sets.
// Left out: reservations, subpools, migration, hugetlbfs.

import { EBUSY, ENOMEM } from "../../include/errno.ts";
import { USE_HUGETLB } from "../../include/frame_use.ts";
import { HPG_FREED, type Hstate, SUBPAGE_INDEX_CGROUP } from "../../include/hugetlb.ts";
import { PAGE_PRIVATE, PAGE_REFCOUNT } from "../../include/mm_types.ts";
import { takeContigPages } from "../page_alloc.ts";
import {
  adjustPoolSurplus,
  allocHugeFrames,
  flushFreeHpageWork,
  prepNewHugePage,
  prepNewHugePages,
  removeHugePage,
  updateAndFreePages,
} from "./make_and_free.ts";
import { setSubpagePrivate } from "./huge_page.ts";
import { notOptimizable } from "./hugetlb_vmemmap.ts";
import type { HugetlbState, Kernel } from "../kernel.ts";
import { pageFlags, pageNid, readPage, writePage } from "../page.ts";
import { traced } from "../trace.ts";

/** The state at boot, before hugetlb_init(). */
export function newHugetlbState(optimize: boolean): HugetlbState {
  return {
    hstates: [],
    optimize,
    optimized: 0,
    work: [],
    tailImage: null,
    tailImageLinks: -1,
    sharedTails: [],
    unmapped: [],
    allocProbe: null,
    freeProbe: null,
  };
}

/** `hugetlb_init`: an empty pool for every size the architecture has. */
export function hugetlbInit(k: Kernel): void {
  for (const { bytes } of k.arch.hugetlbSizes) k.hugetlb.hstates.push(newHstate(k, bytes));
}

/** `hugetlb_add_hstate`, with hugetlb_vmemmap_init(). */
function newHstate(k: Kernel, bytes: number): Hstate {
  const pages = bytes / k.pageBytes;
  const vmemmapPages = pages * k.structPageSize / k.pageBytes;
  const why = notOptimizable(k, vmemmapPages);
  return {
    name: `hugepages-${bytes / 1024}kB`,
    bytes,
    order: Math.log2(pages),
    pages,
    vmemmapPages,
    freeVmemmapPages: why === null ? vmemmapPages - k.config.hugetlbKeep : 0,
    notOptimizable: why,
    nrHugePages: 0,
    surplusHugePages: 0,
    nrOvercommit: 0,
    freeLists: k.nodes.map(() => []),
    active: new Set(),
    nrHugePagesNode: k.nodes.map(() => 0),
    surplusHugePagesNode: k.nodes.map(() => 0),
    nextNidToAlloc: 0,
    nextNidToFree: 0,
  };
}

/** `size_to_hstate`, or null when the architecture has no such size. */
export function sizeToHstate(k: Kernel, bytes: number): Hstate | null {
  return k.hugetlb.hstates.find((h) => h.bytes === bytes) ?? null;
}

/** Pages that are not in use. */
export function freeHugePages(h: Hstate): number {
  return h.freeLists.reduce((sum, list) => sum + list.length, 0);
}

/** `persistent_huge_pages`, on one node or (-1) on all. */
export function persistentHugePages(h: Hstate, nid = -1): number {
  return nid < 0 ? h.nrHugePages - h.surplusHugePages : h.nrHugePagesNode[nid] - h.surplusHugePagesNode[nid];
}

/** vm.hugetlb_optimize_vmemmap: whether pages made from now on share their vmemmap. */
export function setOptimizeVmemmap(k: Kernel, on: boolean): void {
  k.hugetlb.optimize = on;
}

/**
 * `set_max_huge_pages`, what writing nr_hugepages does: brings the persistent pages to `count` as far as memory and
 * users allow, on all nodes (-1) or on one. On one node, the kernel's arithmetic adds the surplus of all nodes to
 * `count`. Excess pages in use become surplus. Returns the persistent pages reached there.
 */
export const setNrHugepages = traced(
  "set_max_huge_pages(_, count)",
  (k: Kernel, h: Hstate, count: number, nid: number = -1): number => {
    const total = nid < 0 ? count : count + h.nrHugePages - h.nrHugePagesNode[nid];
    if (total > persistentHugePages(h)) growPool(k, h, total, nid);
    else shrinkPool(k, h, total, nid);
    return persistentHugePages(h, nid);
  },
);

/** Grows the pool to `total` persistent pages over all nodes, adding pages of one node or (-1) of any. */
function growPool(k: Kernel, h: Hstate, total: number, nid: number): void {
  flushFreeHpageWork(k);
  while (total > persistentHugePages(h) && adjustPoolSurplus(h, nid, -1));
  if (k.config.hugetlbFlush === "page") {
    while (total > persistentHugePages(h) && allocPoolHugePage(k, h, nid));
    return;
  }
  const heads: number[] = [];
  for (let missing = total - persistentHugePages(h); missing > 0; missing--) {
    const head = allocInTurn(k, h, nid);
    if (head < 0) break;
    heads.push(head);
  }
  prepNewHugePages(k, h, heads);
}

/** Shrinks the pool to `total` persistent pages, but frees no more pages than exceed those in use. */
function shrinkPool(k: Kernel, h: Hstate, total: number, nid: number): void {
  const removed: number[] = [];
  const least = Math.max(total, h.nrHugePages - freeHugePages(h));
  while (least < persistentHugePages(h)) {
    const head = removePoolHugePage(h, nid);
    if (head < 0) break;
    removed.push(head);
  }
  updateAndFreePages(k, h, removed);
  // The rest is in use and is freed when its users return it.
  while (total < persistentHugePages(h) && h.active.size > 0 && adjustPoolSurplus(h, nid, 1));
}

/** `alloc_pool_huge_page`: one more page, from the next node that has one. */
const allocPoolHugePage = traced("alloc_pool_huge_page(_, nid)", (k: Kernel, h: Hstate, nid: number): boolean => {
  return timed(k, () => {
    const head = allocInTurn(k, h, nid);
    if (head >= 0) prepNewHugePage(k, h, head);
    return head >= 0;
  });
});

/** Makes one page, and records how long that took if there is a probe. */
function timed(k: Kernel, make: () => boolean): boolean {
  const probe = k.hugetlb.allocProbe;
  if (probe === null) return make();
  const t0 = performance.now();
  const made = make();
  if (made) probe.add((performance.now() - t0) * 1e6);
  return made;
}

/** Frames from the next node in turn, or from `nid` only. */
function allocInTurn(k: Kernel, h: Hstate, nid: number): number {
  if (nid >= 0) return allocHugeFrames(k, h, nid);
  const nodes = k.nodes.length;
  for (let i = 0; i < nodes; i++) {
    const node = h.nextNidToAlloc;
    h.nextNidToAlloc = (node + 1) % nodes;
    const head = allocHugeFrames(k, h, node);
    if (head >= 0) return head;
  }
  return -1;
}

/** `remove_pool_huge_page`: a free page leaves the pool, from the next node that has one; -1 when none is free. */
function removePoolHugePage(h: Hstate, nid: number): number {
  const nodes = h.freeLists.length;
  for (let i = 0; i < nodes; i++) {
    const node = nid >= 0 ? nid : h.nextNidToFree;
    if (nid < 0) h.nextNidToFree = (node + 1) % nodes;
    const head = h.freeLists[node].pop();
    if (head === undefined) continue;
    removeHugePage(h, node, false);
    return head;
  }
  return -1;
}

/**
 * `alloc_huge_page`: a page for a user, from the pool or as surplus. Returns its head, with one reference, or -ENOMEM.
 */
export const allocHugePage = traced(
  "alloc_huge_page(_, nid)",
  (k: Kernel, h: Hstate, nid: number, cgroup: number = 0): number => {
    let head = dequeueHugePage(k, h, nid);
    if (head < 0) {
      if (h.surplusHugePages >= h.nrOvercommit) return -ENOMEM;
      const before = h.surplusHugePages;
      if (!allocPoolHugePage(k, h, nid) && !allocPoolHugePage(k, h, -1)) return -ENOMEM;
      head = dequeueHugePage(k, h, nid);
      h.surplusHugePages = before + 1;
      h.surplusHugePagesNode[pageNid(k, head)]++;
    }
    h.active.add(head);
    writePage(k, head, PAGE_REFCOUNT, 1);
    writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) & ~HPG_FREED);
    if (cgroup !== 0) setSubpagePrivate(k, head, SUBPAGE_INDEX_CGROUP, cgroup);
    return head;
  },
);

/**
 * `free_huge_page`: takes a page back from its user, into the pool, or frees it if its node has surplus. -EBUSY if it
 * is still held.
 */
export const freeHugePage = traced("free_huge_page(_, head)", (k: Kernel, h: Hstate, head: number): number => {
  if (readPage(k, head, PAGE_REFCOUNT) !== 1) return -EBUSY;
  const nid = pageNid(k, head);
  h.active.delete(head);
  writePage(k, head, PAGE_REFCOUNT, 0);
  setSubpagePrivate(k, head, SUBPAGE_INDEX_CGROUP, 0);
  writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) | HPG_FREED);
  if (h.surplusHugePagesNode[nid] === 0) {
    h.freeLists[nid].push(head);
    return 0;
  }
  removeHugePage(h, nid, true);
  updateAndFreePages(k, h, [head]);
  return 0;
});

/**
 * Adds a huge page made of exactly these frames to the pool (`alloc_contig_range`, as CMA and hugetlb_cma place pages).
 * False if any of the frames is in use.
 */
export function allocHugePageAt(k: Kernel, h: Hstate, head: number): boolean {
  return timed(k, () => {
    const taken = takeContigPages(k, head, h.order, USE_HUGETLB);
    if (taken) prepNewHugePage(k, h, head);
    return taken;
  });
}

/**
 * `dequeue_huge_page_node`, from `nid` or the nodes after it: the most recently freed page that is not poisoned, or -1.
 */
function dequeueHugePage(k: Kernel, h: Hstate, nid: number): number {
  for (let i = 0; i < h.freeLists.length; i++) {
    const list = h.freeLists[(nid + i) % h.freeLists.length];
    const at = list.findLastIndex((head) => (pageFlags(k, head) & k.layout.hwpoison) === 0);
    if (at >= 0) return list.splice(at, 1)[0];
  }
  return -1;
}
