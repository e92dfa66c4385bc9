// SPDX-License-Identifier: GPL-2.0-only
// Making and freeing one huge page (mm/hugetlb.c: alloc_fresh_huge_page, prep_new_huge_page,
// remove_hugetlb_page, update_and_free_page, free_hpage_workfn). Freeing a page whose vmemmap is
// shared allocates memory first; if that fails, the page returns to its pool intact, as a surplus page.
//
//   pool --remove--> (queue of the worker, patch 9) --> restore vmemmap --> free frames
//     ^                                                     |
//     +------------- add as surplus <--- -ENOMEM -----------+

import { USE_HUGETLB } from "../../include/frame_use.ts";
import { HPG_FREED, type Hstate } from "../../include/hugetlb.ts";
import { PAGE_PRIVATE } from "../../include/mm_types.ts";
import { panic } from "../../lib/bug.ts";
import { allocContigPages, allocPages, findArea, freeContigPages, takePageOffBuddy } from "../page_alloc.ts";
import { deliverHwpoison, destroyHugePage, hasBadTails, prepHugePage } from "./huge_page.ts";
import {
  hugetlbVmemmapFlush,
  hugetlbVmemmapOptimize,
  hugetlbVmemmapRestore,
  hugetlbVmemmapSplit,
  REMAP_NO_TLB_FLUSH,
  SYNCHRONIZE_RCU,
  vmemmapOptimized,
  vmemmapShouldOptimize,
} from "./hugetlb_vmemmap.ts";
import type { Kernel } from "../kernel.ts";
import { pageNid, readPage, writePage } from "../page.ts";
import { flushVmemmap } from "../pgtable.ts";
import { C } from "../vmstat.ts";
import { traced } from "../trace.ts";

/** A batch flushes once, at its end, and waits for pfn walkers once, before its first page. */
const BATCH_FLAGS = REMAP_NO_TLB_FLUSH | SYNCHRONIZE_RCU;

/** Frames for a huge page from exactly this node, or -1. prepNewHugePage() writes the struct pages. */
export const allocHugeFrames = traced("alloc_buddy_huge_page(_, nid)", (k: Kernel, h: Hstate, nid: number): number => {
  return h.order > k.arch.maxOrder
    ? allocContigPages(k, h.order, nid, USE_HUGETLB)
    : allocPages(k, h.order, nid, USE_HUGETLB, true, true);
});

/** `prep_new_huge_page`: turns frames into a huge page and shares its vmemmap if the switch is on and memory allows. */
export const prepNewHugePage = traced("prep_new_huge_page(_, head)", (k: Kernel, h: Hstate, head: number): void => {
  const { index, nid } = zoneOf(k, head);
  const share = vmemmapShouldOptimize(k, h, head) && hugetlbVmemmapSplit(k, h, head, nid, true) === 0;
  prepHugePage(k, h, head, index, nid);
  if (share) hugetlbVmemmapOptimize(k, h, head, SYNCHRONIZE_RCU);
  addToPool(h, head, nid);
});

/** prep_new_huge_page for many pages with two flushes in all (`hugetlb_vmemmap_optimize_folios`, 6.7). */
export const prepNewHugePages = traced(
  "prep_and_add_allocated_folios()",
  (k: Kernel, h: Hstate, heads: readonly number[]): void => {
    const share = heads.map((head) =>
      vmemmapShouldOptimize(k, h, head) && hugetlbVmemmapSplit(k, h, head, zoneOf(k, head).nid, false) === 0
    );
    if (share.includes(true)) flushVmemmap(k, 0, Infinity);
    let flags = BATCH_FLAGS;
    for (const [i, head] of heads.entries()) {
      const { index, nid } = zoneOf(k, head);
      prepHugePage(k, h, head, index, nid);
      if (share[i]) {
        hugetlbVmemmapOptimize(k, h, head, flags);
        flags &= ~SYNCHRONIZE_RCU;
      }
      addToPool(h, head, nid);
    }
    if (share.includes(true)) hugetlbVmemmapFlush(k);
  },
);

/** `remove_hugetlb_page`: subtracts a page from the pool's counts, and with `surplus` from the surplus counts. */
export function removeHugePage(h: Hstate, nid: number, surplus: boolean): void {
  h.nrHugePages--;
  h.nrHugePagesNode[nid]--;
  if (surplus) {
    h.surplusHugePages--;
    h.surplusHugePagesNode[nid]--;
  }
  // A page that could not be restored is free and surplus. When it is removed as a persistent page, another node takes
  // over the surplus; Linux leaves it on a node without a page for it.
  if (h.surplusHugePagesNode[nid] > h.nrHugePagesNode[nid] && adjustPoolSurplus(h, -1, 1)) {
    h.surplusHugePages--;
    h.surplusHugePagesNode[nid]--;
  }
}

/** `adjust_pool_surplus`: one page of some node becomes surplus (1) or persistent (-1); false when none can. */
export function adjustPoolSurplus(h: Hstate, nid: number, delta: 1 | -1): boolean {
  for (let node = 0; node < h.freeLists.length; node++) {
    if (nid >= 0 && node !== nid) continue;
    const surplus = h.surplusHugePagesNode[node];
    if (delta < 0 ? surplus === 0 : surplus >= h.nrHugePagesNode[node]) continue;
    h.surplusHugePages += delta;
    h.surplusHugePagesNode[node] += delta;
    return true;
  }
  return false;
}

/**
 * `update_and_free_page` for pages that were removed from the pool: at once, or by the worker if the kernel defers
 * restoring. Pages that cannot be restored return to the pool as surplus.
 */
export const updateAndFreePages = traced(
  "update_and_free_pages_bulk()",
  (k: Kernel, h: Hstate, heads: readonly number[]): void => {
    if (k.config.hugetlbFlush === "batch" && k.config.hugetlbFree === "sync") return freeBatch(k, h, heads);
    for (const head of heads) {
      if (k.config.hugetlbFree === "deferred" && vmemmapOptimized(k, head)) k.hugetlb.work.push({ h, head });
      else updateAndFreePage(k, h, head);
    }
  },
);

/** `flush_free_hpage_work`: runs the worker until its queue is empty. */
export const flushFreeHpageWork = traced("flush_free_hpage_work()", (k: Kernel): void => {
  for (const { h, head } of k.hugetlb.work.splice(0)) updateAndFreePage(k, h, head);
});

const updateAndFreePage = traced("update_and_free_page(_, head)", (k: Kernel, h: Hstate, head: number): void => {
  const probe = k.hugetlb.freeProbe;
  const t0 = probe === null ? 0 : performance.now();
  if (vmemmapOptimized(k, head) && hugetlbVmemmapRestore(k, h, head, SYNCHRONIZE_RCU) < 0) addAsSurplus(k, h, head);
  else freeWholePage(k, h, head);
  probe?.add((performance.now() - t0) * 1e6);
});

/** `update_and_free_pages_bulk` with one flush for all restored pages. */
function freeBatch(k: Kernel, h: Hstate, heads: readonly number[]): void {
  const whole: number[] = [];
  let restored = 0;
  let flags = BATCH_FLAGS;
  for (const head of heads) {
    if (!vmemmapOptimized(k, head)) whole.push(head);
    else {
      if (hugetlbVmemmapRestore(k, h, head, flags) < 0) addAsSurplus(k, h, head);
      else restored = whole.push(head);
      flags &= ~SYNCHRONIZE_RCU;
    }
  }
  if (restored > 0) hugetlbVmemmapFlush(k);
  for (const head of whole) freeWholePage(k, h, head);
}

/** `__update_and_free_page` after the vmemmap is whole: frees the frames, except for a poisoned one. */
const freeWholePage = traced("__update_and_free_page(_, head)", (k: Kernel, h: Hstate, head: number): void => {
  const poisoned = deliverHwpoison(k, head);
  if (k.contents && k.config.errata.restoreWithoutReset && hasBadTails(k, h, head)) {
    // bad_page(): "corrupted mapping in tail page". The frames are lost to the pool and the free lists.
    k.stat[C.warnings]++;
    return;
  }
  destroyHugePage(k, h, head);
  freeContigPages(k, head, h.order, USE_HUGETLB);
  if (poisoned >= 0) takePageOffBuddy(k, poisoned);
});

/** `add_hugetlb_page`: back into the pool, as a surplus page. */
function addAsSurplus(k: Kernel, h: Hstate, head: number): void {
  const nid = pageNid(k, head);
  writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) | HPG_FREED);
  addToPool(h, head, nid);
  h.surplusHugePages++;
  h.surplusHugePagesNode[nid]++;
}

/** Adds a free page to the pool and its counts. */
export function addToPool(h: Hstate, head: number, nid: number): void {
  h.nrHugePages++;
  h.nrHugePagesNode[nid]++;
  h.freeLists[nid].push(head);
}

function zoneOf(k: Kernel, pfn: number): { readonly index: number; readonly nid: number } {
  return findArea(k, pfn)?.zone ?? panic(`hugetlb: frame ${pfn} is in no zone`);
}
