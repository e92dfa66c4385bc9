// SPDX-License-Identifier: GPL-2.0-only
// Freeing the vmemmap of HugeTLB pages and getting it back (mm/hugetlb_vmemmap.c; seed 004, patches 6 to 10). Letters are
// frames, one column per vmemmap page of a 2 MiB page; `r` marks entries that became read-only:
//
//   before            a  b  c  d  e  f  g  h     (or part of one PMD leaf, which is split first)
//   keep 2 (series)   a  b  br br br br br br    c..h go back to the allocator
//   keep 1 (5.18)     a  ar ar ar ar ar ar ar    b..h do; 7 of the 512 struct pages only look like heads
//
// Order matters: entries, then the TLB flush, then the frames. On the way back: all frames first, content before each
// entry, then the flush. Both are all or nothing, except that PTE tables made by a split stay.
// Left out: locks; waiting out a grace period, which is counted (one CPU runs); the copied head page of 6.2; undoing an
// optimisation that failed in its middle, for leaves are split before anything else is done.

import { ENOMEM } from "../include/errno.ts";
import { USE_VMEMMAP } from "../include/frame_use.ts";
import { HPG_VMEMMAP_OPTIMIZED, type Hstate, type NotOptimizable, NR_USED_SUBPAGE } from "../include/hugetlb.ts";
import { PAGE_PRIVATE } from "../include/mm_types.ts";
import { isPowerOf2 } from "../lib/align.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import { mayFreeVmemmap } from "./memmap_on_memory.ts";
import { allocPages, freePages, freePagetable } from "./page_alloc.ts";
import { pageNid, readPage, vmemmapPage, writePage } from "./page.ts";
import { entryFrame, flushVmemmap, setEntry, tableEntries, vmemmapVpn, walkTo } from "./pgtable.ts";
import { splitVmemmapRange } from "./vmemmap_split.ts";
import { C } from "./vmstat.ts";

/** VMEMMAP_REMAP_NO_TLB_FLUSH: the caller flushes for a whole batch, and until then no frame is freed. */
export const REMAP_NO_TLB_FLUSH = 1;
/** VMEMMAP_SYNCHRONIZE_RCU: who walks pfns without a lock must be done before the vmemmap changes. */
export const SYNCHRONIZE_RCU = 2;

/** `hugetlb_vmemmap_init`: whether pages of this many vmemmap pages can give any back. */
export function notOptimizable(k: Kernel, vmemmapPages: number): NotOptimizable | null {
  const kept = k.config.hugetlbKeep;
  if (!isPowerOf2(k.structPageSize)) return "struct-page-size";
  if (vmemmapPages <= kept) return "too-small";
  return NR_USED_SUBPAGE >= kept * k.pageBytes / k.structPageSize ? "used-subpages" : null;
}

/** Whether this page's vmemmap is shared. */
export function vmemmapOptimized(k: Kernel, head: number): boolean {
  return (readPage(k, head, PAGE_PRIVATE) & HPG_VMEMMAP_OPTIMIZED) !== 0;
}

/** `vmemmap_should_optimize`: the switch is on, the size gains something, and the memmap is not in the page's own memory. */
export function vmemmapShouldOptimize(k: Kernel, h: Hstate, head: number): boolean {
  return k.hugetlb.optimize && h.freeVmemmapPages > 0 && mayFreeVmemmap(k, head);
}

/** `synchronize_rcu` before vmemmap is folded or unfolded. Nobody else runs while this code does, so it only counts. */
export function synchronizeRcu(k: Kernel): void {
  if (k.config.hugetlbGrace) k.stat[C.gracePeriods]++;
}

/** Splits the leaves under a page's vmemmap. 0 or -ENOMEM. With `flush` unset the caller flushes for a whole batch. */
export function hugetlbVmemmapSplit(k: Kernel, h: Hstate, head: number, nid: number, flush: boolean): number {
  return splitVmemmapRange(k, vmemmapPage(k, head), h.vmemmapPages, nid, flush);
}

/**
 * `hugetlb_vmemmap_optimize` (`free_huge_page_vmemmap` of the series) on a page whose leaves are split already: shares
 * the tails, flushes, frees. With REMAP_NO_TLB_FLUSH frames wait until hugetlbVmemmapFlush().
 */
export function hugetlbVmemmapOptimize(k: Kernel, h: Hstate, head: number, flags: number): void {
  if ((flags & SYNCHRONIZE_RCU) !== 0) synchronizeRcu(k);
  const kept = k.config.hugetlbKeep;
  const first = vmemmapPage(k, head);
  remapTails(k, first + kept, h.freeVmemmapPages);
  writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) | HPG_VMEMMAP_OPTIMIZED);
  countOptimized(k, 1);
  if ((flags & REMAP_NO_TLB_FLUSH) !== 0) return;
  flushVmemmap(k, first + kept, h.freeVmemmapPages);
  freeUnmapped(k);
}

/** Ends a batch: one flush of everything, then the frames go. */
export function hugetlbVmemmapFlush(k: Kernel): void {
  flushVmemmap(k, 0, Infinity);
  freeUnmapped(k);
}

/**
 * `hugetlb_vmemmap_restore` (`alloc_huge_page_vmemmap`): every tail page gets a frame of its own again, with the content
 * that was shared. 0, or -ENOMEM with everything as it was.
 */
export function hugetlbVmemmapRestore(k: Kernel, h: Hstate, head: number, flags: number): number {
  if ((flags & SYNCHRONIZE_RCU) !== 0) synchronizeRcu(k);
  const frames = allocVmemmapPages(k, h.freeVmemmapPages, pageNid(k, head));
  if (frames === null) return -ENOMEM;
  const kept = k.config.hugetlbKeep;
  const first = vmemmapPage(k, head);
  restoreTails(k, first + kept, frames);
  if (k.config.mutation === "headFromTemplate") {
    copyTails(k, entryFrame(k, pteOf(k, first)), entryFrame(k, pteOf(k, first + kept - 1)));
  }
  if ((flags & REMAP_NO_TLB_FLUSH) === 0) flushVmemmap(k, first + kept, h.freeVmemmapPages);
  writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) & ~HPG_VMEMMAP_OPTIMIZED);
  countOptimized(k, -1);
  return 0;
}

/** The static key: while any page is optimised with its head's page shared, tails can look like heads. */
function countOptimized(k: Kernel, n: number): void {
  k.hugetlb.optimized += n;
  const shared = k.config.dedup === "pte+head" || (k.config.hugetlbKeep === 1 && k.hugetlb.optimized > 0);
  k.fakeHeads = shared && !k.config.errata.compoundHeadUnadjusted;
}

/**
 * `vmemmap_remap_pte` for `count` pages from `start` on: all to the frame before them; the frames they had wait for the
 * flush. The page before is in the same table, since a huge page's vmemmap is aligned to its size.
 */
function remapTails(k: Kernel, start: number, count: number): void {
  const { words } = k.phys;
  const { kernelPage, kernelPageRo } = k.arch.format;
  const bits = k.config.hugetlbTailsReadOnly ? kernelPageRo : kernelPage;
  const entries = tableEntries(k);
  const { unmapped } = k.hugetlb;
  let lo = 0;
  let hi = 0;
  for (let done = 0; done < count;) {
    const at = pteOf(k, start + done);
    const run = Math.min(entries - (start + done) % entries, count - done);
    for (let e = at; e < at + 2 * run; e += 2) unmapped.push(entryFrame(k, e));
    if (done === 0) {
      setEntry(k, at, 0, entryFrame(k, at - 2), bits);
      lo = words[at];
      hi = words[at + 1];
    }
    for (let e = at; e < at + 2 * run; e += 2) {
      words[e] = lo;
      words[e + 1] = hi;
    }
    done += run;
  }
  k.stat[C.pteWrites] += count - 1;
}

/** `free_vmemmap_page_list`: boot's pages leave as boot pages do, others through their last reference. */
function freeUnmapped(k: Kernel): void {
  const { unmapped } = k.hugetlb;
  for (let i = 0; i < unmapped.length; i++) freePagetable(k, unmapped[i], 0, USE_VMEMMAP);
  unmapped.length = 0;
}

/** `alloc_vmemmap_page_list`: frames on the page's own node, all of them or null. */
function allocVmemmapPages(k: Kernel, count: number, nid: number): Float64Array | null {
  const frames = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    frames[i] = allocPages(k, 0, nid, USE_VMEMMAP, true);
    if (frames[i] >= 0) continue;
    for (let j = 0; j < i; j++) freePages(k, frames[j], 0, USE_VMEMMAP);
    return null;
  }
  return frames;
}

/** `vmemmap_restore_pte` for one page after another: the shared content, then the entry. */
function restoreTails(k: Kernel, start: number, frames: Float64Array): void {
  const entries = tableEntries(k);
  let reuse = -1;
  for (let done = 0; done < frames.length;) {
    const at = pteOf(k, start + done);
    const run = Math.min(entries - (start + done) % entries, frames.length - done);
    if (done === 0) reuse = entryFrame(k, at - 2);
    for (let i = 0; i < run; i++) {
      const entry = at + 2 * i;
      if (entryFrame(k, entry) !== reuse) {
        panic(`hugetlbVmemmapRestore: vmemmap page ${start + done + i} is not shared`);
      }
      if (k.contents) copyTails(k, frames[done + i], reuse);
      setEntry(k, entry, 0, frames[done + i], k.arch.format.kernelPage);
    }
    done += run;
  }
  if (k.contents) k.stat[C.vmemmapPagesCopied] += frames.length;
}

/**
 * Fills a frame with tails. With `reset_struct_pages`: a copy of the head's page begins with the head and its special
 * tails, which become tails like the rest. The kernel copies the second three over the first three, the other private
 * words being clear by then; here the page's last struct page, which is never special, goes over all that can be.
 */
function copyTails(k: Kernel, frame: number, reuse: number): void {
  const { words, pageWords } = k.phys;
  const from = k.phys.wordBase(reuse);
  const to = k.phys.touch(frame, 0);
  words.copyWithin(to, from, from + pageWords);
  if (k.config.hugetlbKeep !== 1) return;
  const size = k.structPageSize / 4;
  const last = to + pageWords - size;
  for (let w = 0; w < size; w++) {
    for (let at = to + w, i = 0; i < NR_USED_SUBPAGE; i++, at += size) words[at] = words[last + w];
  }
}

/** Word index of a vmemmap page's entry; its leaf must have been split. */
function pteOf(k: Kernel, vpage: number): number {
  const at = walkTo(k, k.rootPfn, vmemmapVpn(k, vpage), 0);
  return at < 0 ? panic(`hugetlb: vmemmap page ${vpage} is not mapped by a page-table entry`) : at;
}
