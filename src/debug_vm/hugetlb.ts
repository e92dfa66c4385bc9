// SPDX-License-Identifier: GPL-2.0-only
// Checks HugeTLB: pools against their counters (I12), the frames that a huge page's vmemmap maps and how (I5, I9), and
// its struct pages as read through every alias (I7, I8). Pages of more than DENSE struct pages are sampled.

import { FRAME_USES, USE_HUGETLB, USE_HWPOISON, USE_PTE_TABLE, USE_SHARED_TAILS } from "../include/frame_use.ts";
import { HPG_FREED, type Hstate } from "../include/hugetlb.ts";
import { PAGE_PRIVATE } from "../include/mm_types.ts";
import { panic } from "../lib/bug.ts";
import { hugetlbHead } from "../mm/hugetlb/huge_page.ts";
import { sharedTail, vmemmapOptimized } from "../mm/hugetlb/hugetlb_vmemmap.ts";
import type { Kernel } from "../mm/kernel.ts";
import {
  compoundHead,
  compoundOrder,
  isPageHead,
  pageFlags,
  pageNid,
  pageRefcount,
  readPage,
  vmemmapPage,
} from "../mm/page.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import { lookupAddress, vmemmapVpn } from "../mm/pgtable.ts";

/** Up to this many struct pages of a huge page are all checked; larger ones are sampled. */
const DENSE = 8192;
const STRIDE = 509;

/** Checks every pool and every huge page, including those in the worker's queue. */
export function checkHugetlb(k: Kernel): void {
  let frames = 0;
  let optimized = 0;
  for (const h of k.hugetlb.hstates) {
    checkBooks(k, h);
    frames += h.nrHugePages * h.pages;
    for (const [head, free] of pagesOf(h)) {
      checkMapping(k, h, head);
      if (k.contents) checkHead(k, h, head, free);
      if (vmemmapOptimized(k, head)) optimized++;
    }
  }
  for (const { h, head } of k.hugetlb.work) {
    frames += h.pages;
    if (vmemmapOptimized(k, head)) optimized++;
    checkMapping(k, h, head);
  }
  if (frames !== k.uses[USE_HUGETLB]) {
    panic(`checkInvariants: I12 ${frames} frames are in pools, ${k.uses[USE_HUGETLB]} are ${FRAME_USES[USE_HUGETLB]}`);
  }
  if (optimized !== k.hugetlb.optimized) {
    panic(`checkInvariants: I12 ${optimized} huge pages are optimised, ${k.hugetlb.optimized} counted`);
  }
  if (k.hugetlb.unmapped.length > 0) panic("checkInvariants: I10 frames of shared vmemmap still wait for a flush");
}

/**
 * Frames that are free, or would be without split leaves, broken memory and shared tails. Allocating and freeing huge
 * pages does not change their number (I12).
 */
export function conserved(k: Kernel): number {
  return totalFreePages(k) + k.uses[USE_PTE_TABLE] + k.uses[USE_HWPOISON] + k.uses[USE_SHARED_TAILS];
}

/** Entries that map a kept frame for tails: frame by number of entries. They hold no reference (I13). */
export function sharedEntries(k: Kernel): Map<number, number> {
  const shared = new Map<number, number>();
  const count = (h: Hstate, head: number) => {
    if (!vmemmapOptimized(k, head) || k.config.hugetlbTail === "zone") return;
    shared.set(mappingOf(k, vmemmapPage(k, head) + k.config.hugetlbKeep - 1).pfn, h.freeVmemmapPages);
  };
  for (const h of k.hugetlb.hstates) for (const [head] of pagesOf(h)) count(h, head);
  for (const { h, head } of k.hugetlb.work) count(h, head);
  return shared;
}

/** The heads of a pool, and whether they are free. */
function* pagesOf(h: Hstate): Generator<[head: number, free: boolean]> {
  for (const list of h.freeLists) for (const head of list) yield [head, true];
  for (const head of h.active) yield [head, false];
}

/** I12: totals are the sums of their nodes, every page is free or handed out, surplus is part of the whole. */
function checkBooks(k: Kernel, h: Hstate): void {
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  const listed = h.freeLists.reduce((n, list) => n + list.length, h.active.size);
  if (listed !== h.nrHugePages || sum(h.nrHugePagesNode) !== h.nrHugePages) {
    panic(`checkInvariants: I12 ${h.name} has ${h.nrHugePages} pages, ${listed} are listed`);
  }
  if (sum(h.surplusHugePagesNode) !== h.surplusHugePages || h.surplusHugePages > h.nrHugePages) {
    panic(`checkInvariants: I12 ${h.name} has ${h.surplusHugePages} surplus pages of ${h.nrHugePages}`);
  }
  for (const [nid, list] of h.freeLists.entries()) {
    for (const head of list) {
      if (pageNid(k, head) !== nid) panic(`checkInvariants: I12 huge page ${head} is on node ${nid}`);
    }
  }
}

/** I7, I8: there is one head, even if tails look like heads; its flags and references say whether it is free. */
function checkHead(k: Kernel, h: Hstate, head: number, free: boolean): void {
  if (hugetlbHead(k, head) !== head || compoundOrder(k, head) !== h.order) {
    panic(`checkInvariants: I8 frame ${head} is not a huge page of order ${h.order}`);
  }
  if (((readPage(k, head, PAGE_PRIVATE) & HPG_FREED) !== 0) !== free || pageRefcount(k, head) !== (free ? 0 : 1)) {
    panic(`checkInvariants: I12 huge page ${head} is ${free ? "" : "not "}free but its head says otherwise`);
  }
  for (let i = 1; i < h.pages; i += h.pages > DENSE && i > STRIDE ? STRIDE : 1) {
    if (compoundHead(k, head + i) !== head) {
      panic(`checkInvariants: I7 tail ${head + i} leads to ${compoundHead(k, head + i)}, not ${head}`);
    }
    if (isPageHead(k, head + i)) panic(`checkInvariants: I7 tail ${head + i} looks like a head`);
    if ((pageFlags(k, head + i) & k.layout.hwpoison) !== 0 && !vmemmapOptimized(k, head)) {
      panic(`checkInvariants: I9 tail ${head + i} is marked as poisoned`);
    }
  }
}

/** I5, I9: shared tails map the last kept frame, read-only; kept and unshared pages are private and writable. */
function checkMapping(k: Kernel, h: Hstate, head: number): void {
  const first = vmemmapPage(k, head);
  const shared = vmemmapOptimized(k, head);
  const kept = shared ? k.config.hugetlbKeep : h.vmemmapPages;
  const seen = new Set<number>();
  const tail = shared && k.config.hugetlbTail === "zone" ? sharedTail(k, h.order, head) : -1;
  for (let i = 0; i < h.vmemmapPages; i++) {
    const { pfn, readOnly } = mappingOf(k, first + i);
    if (i < kept === seen.has(pfn)) {
      panic(`checkInvariants: I5 vmemmap page ${i} of huge page ${head} maps frame ${pfn}, ${kept} are kept`);
    }
    if (readOnly !== (i >= kept && k.config.hugetlbTailsReadOnly)) {
      panic(`checkInvariants: I9 vmemmap page ${i} of huge page ${head} is ${readOnly ? "read-only" : "writable"}`);
    }
    // Shared pages map the last kept frame and no other.
    if (i < kept) {
      if (i === kept - 1 && shared) seen.clear();
      seen.add(tail >= 0 ? tail : pfn);
    }
  }
}

function mappingOf(k: Kernel, vpage: number): { readonly pfn: number; readonly readOnly: boolean } {
  const { roMask, roValue } = k.arch.format;
  const leaf = lookupAddress(k, k.rootPfn, vmemmapVpn(k, vpage));
  if (leaf === null) panic(`checkInvariants: I1 vmemmap page ${vpage} is not mapped`);
  return { pfn: leaf.pfn, readOnly: (k.phys.words[leaf.at] & roMask) === roValue };
}
