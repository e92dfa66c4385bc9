// SPDX-License-Identifier: GPL-2.0-only
// Freeing the vmemmap of HugeTLB pages and getting it back (mm/hugetlb_vmemmap.c; document 004, patches 6 to 10).
// Letters are frames, one column per vmemmap page of a 2 MiB page; `r` marks entries that became read-only:
//
//   before            a  b  c  d  e  f  g  h     (or part of one PMD leaf, which is split first)
//   keep 2 (series)   a  b  br br br br br br    c..h go back to the allocator
//   keep 1 (5.18)     a  ar ar ar ar ar ar ar    b..h do; 7 of the 512 struct pages only look like heads
//   copied (6.2)      A  Ar Ar Ar Ar Ar Ar Ar    a..h do, so that they stay together; A is a new frame
//   by zone (7.1)     A  Zr Zr Zr Zr Zr Zr Zr    a..h do; Z is one frame of tails for all pages of an order and zone
//
// Order matters: change the entries, flush the TLBs, free the frames. To restore: allocate all frames, copy the content
// before each entry is set, flush. Both are all or nothing, except that PTE tables made by a split stay. The parts are
// exported for verify/races, which runs another CPU between them.
// Left out: locks; waiting for a grace period, which is only counted (one CPU runs); undoing an optimisation that
// failed halfway, since leaves are split before anything else.

import { ENOMEM } from "../../include/errno.ts";
import { USE_VMEMMAP } from "../../include/frame_use.ts";
import { HPG_VMEMMAP_OPTIMIZED, type Hstate, type NotOptimizable, NR_USED_SUBPAGE } from "../../include/hugetlb.ts";
import { PAGE_FLAGS_HI, PAGE_PRIVATE } from "../../include/mm_types.ts";
import { isPowerOf2 } from "../../lib/align.ts";
import { panic } from "../../lib/bug.ts";
import type { Kernel } from "../kernel.ts";
import { mayFreeVmemmap } from "../hotplug/memmap_on_memory.ts";
import { allocFrames, allocPages, freePages, freePagetable } from "../page_alloc.ts";
import { pageNid, readPage, vmemmapPage, writePage } from "../page.ts";
import { entryFrame, flushVmemmap, setEntry, tableEntries, vmemmapVpn, walkTo } from "../pgtable.ts";
import { findTail, vmemmapGetTail } from "../vmemmap/shared_tails.ts";
import { splitVmemmapRange } from "./vmemmap_split.ts";
import { C } from "../vmstat.ts";
import { traced } from "../trace.ts";

/** VMEMMAP_REMAP_NO_TLB_FLUSH: the caller flushes for a whole batch, and until then no frame is freed. */
export const REMAP_NO_TLB_FLUSH = 1;
/** VMEMMAP_SYNCHRONIZE_RCU: wait for lockless pfn walkers before the vmemmap changes. */
export const SYNCHRONIZE_RCU = 2;

/** `hugetlb_vmemmap_init`: why huge pages with this many vmemmap pages cannot free any; null if they can. */
export function notOptimizable(k: Kernel, vmemmapPages: number): NotOptimizable | null {
  const kept = k.config.hugetlbKeep;
  if (!isPowerOf2(k.structPageSize)) return "struct-page-size";
  if (vmemmapPages <= kept) return "too-small";
  if (k.config.hugetlbLiveRemap && !k.arch.remapsLiveEntries) return "arch";
  if (k.config.hugetlbTail === "zone" && (!k.headMask || kept !== 1)) return "tail-links";
  return NR_USED_SUBPAGE >= kept * k.pageBytes / k.structPageSize ? "used-subpages" : null;
}

/** Whether this page's vmemmap is shared. */
export function vmemmapOptimized(k: Kernel, head: number): boolean {
  return (readPage(k, head, PAGE_PRIVATE) & HPG_VMEMMAP_OPTIMIZED) !== 0;
}

/**
 * `vmemmap_should_optimize`: the switch is on, pages of this size free something, and the memmap is not self-hosted.
 */
export function vmemmapShouldOptimize(k: Kernel, h: Hstate, head: number): boolean {
  return k.hugetlb.optimize && h.freeVmemmapPages > 0 && mayFreeVmemmap(k, head);
}

/** `synchronize_rcu` before vmemmap is shared or restored. Nothing else runs meanwhile, so it is only counted. */
export function synchronizeRcu(k: Kernel): void {
  if (k.config.hugetlbGrace) k.stat[C.gracePeriods]++;
}

/** Splits the leaves that map a page's vmemmap. 0 or -ENOMEM. Without `flush`, the caller flushes once per batch. */
export function hugetlbVmemmapSplit(k: Kernel, h: Hstate, head: number, nid: number, flush: boolean): number {
  return splitVmemmapRange(k, vmemmapPage(k, head), h.vmemmapPages, nid, flush);
}

/**
 * `hugetlb_vmemmap_optimize` (`free_huge_page_vmemmap` of the series) on a page whose leaves are split: shares the
 * tails, flushes, and frees the frames. With REMAP_NO_TLB_FLUSH, hugetlbVmemmapFlush() does the last two.
 */
export const hugetlbVmemmapOptimize = traced(
  "hugetlb_vmemmap_optimize(_, head)",
  (k: Kernel, h: Hstate, head: number, flags: number): void => {
    if ((flags & SYNCHRONIZE_RCU) !== 0) synchronizeRcu(k);
    const tail = k.config.hugetlbTail === "zone" ? getTail(k, h.order, head) : -1;
    const copy = k.config.hugetlbHead === "copied" ? allocPages(k, 0, pageNid(k, head), USE_VMEMMAP) : -1;
    // 7.1 needs both frames. Before it, the head's page is kept if there is no frame for a copy.
    if (k.config.hugetlbTail === "zone" && (tail < 0 || copy < 0 && k.config.hugetlbHead === "copied")) {
      if (copy >= 0) freePages(k, copy, 0, USE_VMEMMAP);
      return;
    }
    countOptimized(k, 1);
    if (copy < 0 && tail < 0) shareTails(k, h, head);
    else {
      markOptimized(k, head);
      if (copy >= 0) remapHead(k, head, copy);
      remapTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, h.freeVmemmapPages, tail);
    }
    if ((flags & REMAP_NO_TLB_FLUSH) !== 0) return;
    flushTails(k, h, head);
    freeUnmapped(k);
  },
);

/** Marks the head. If its page is copied, the mark comes first, so that the copy has it too. */
export function markOptimized(k: Kernel, head: number): void {
  writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) | HPG_VMEMMAP_OPTIMIZED);
}

/** Moves the head's page to a new frame; the old frame waits for the flush (11aad2631bf7). */
function remapHead(k: Kernel, head: number, copy: number): void {
  const at = pteOf(k, vmemmapPage(k, head));
  const old = entryFrame(k, at);
  if (k.contents) copyShared(k, copy, old, 0, k.phys.pageWords);
  k.hugetlb.unmapped.push(old);
  setEntry(k, at, 0, copy, k.arch.format.kernelPage);
}

/** The page of tails that huge pages of this order share in the head's zone; -1 if there is none yet. */
export function sharedTail(k: Kernel, order: number, head: number): number {
  return findTail(k, order, readPage(k, head, PAGE_FLAGS_HI));
}

/** The same, allocated on demand; -1 without memory. */
function getTail(k: Kernel, order: number, head: number): number {
  return vmemmapGetTail(k, order, readPage(k, head, PAGE_FLAGS_HI), pageNid(k, head));
}

/** `vmemmap_remap_free` up to the flush: remaps the tails and marks the head. */
export function shareTails(k: Kernel, h: Hstate, head: number): void {
  remapTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, h.freeVmemmapPages, -1);
  markOptimized(k, head);
}

/** Flushes what a page shares from every TLB. */
export function flushTails(k: Kernel, h: Hstate, head: number): void {
  const from = k.config.hugetlbHead === "copied" ? 0 : k.config.hugetlbKeep;
  flushVmemmap(k, vmemmapPage(k, head) + from, h.vmemmapPages - from);
}

/** Ends a batch: one flush of everything, then frees the frames. */
export function hugetlbVmemmapFlush(k: Kernel): void {
  flushVmemmap(k, 0, Infinity);
  freeUnmapped(k);
}

/**
 * `hugetlb_vmemmap_restore` (`alloc_huge_page_vmemmap`): gives every tail page a frame of its own again, with the
 * shared content. 0, or -ENOMEM with nothing changed.
 */
export const hugetlbVmemmapRestore = traced(
  "hugetlb_vmemmap_restore(_, head)",
  (k: Kernel, h: Hstate, head: number, flags: number): number => {
    if ((flags & SYNCHRONIZE_RCU) !== 0) synchronizeRcu(k);
    const frames = allocVmemmapPages(k, h.freeVmemmapPages, pageNid(k, head));
    if (frames === null) return -ENOMEM;
    restoreTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, frames);
    if ((flags & REMAP_NO_TLB_FLUSH) === 0) flushTails(k, h, head);
    unmarkOptimized(k, head);
    return 0;
  },
);

/** Clears the mark on the head of a restored page, then decrements the static key. */
export function unmarkOptimized(k: Kernel, head: number): void {
  writePage(k, head, PAGE_PRIVATE, readPage(k, head, PAGE_PRIVATE) & ~HPG_VMEMMAP_OPTIMIZED);
  countOptimized(k, -1);
}

/** Adds to the static key. While any page is optimised with its head's page shared, tails can look like heads. */
export function countOptimized(k: Kernel, n: number): void {
  k.hugetlb.optimized += n;
  const { dedup, hugetlbKeep, hugetlbTail } = k.config;
  const shared = dedup === "pte+head" || (hugetlbKeep === 1 && hugetlbTail === "own" && k.hugetlb.optimized > 0);
  k.fakeHeads = shared && !k.config.errata.compoundHeadUnadjusted;
}

/**
 * `vmemmap_remap_pte` for `count` pages from `start` on: maps all to `tail`, or (-1) to the frame of the page before
 * them. Their old frames wait for the flush. The page before is in the same table because a huge page's vmemmap is
 * aligned to its size.
 */
const remapTails = traced("vmemmap_remap_range(start, count)", (
  k: Kernel,
  start: number,
  count: number,
  tail: number,
): void => {
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
      setEntry(k, at, 0, tail >= 0 ? tail : entryFrame(k, at - 2), bits);
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
});

/** `free_vmemmap_page_list`: boot pages go through free_bootmem_page(), others with their last reference. */
export const freeUnmapped = traced("free_vmemmap_page_list()", (k: Kernel): void => {
  const { unmapped } = k.hugetlb;
  for (let i = 0; i < unmapped.length; i++) freePagetable(k, unmapped[i], 0, USE_VMEMMAP);
  unmapped.length = 0;
});

/** `alloc_vmemmap_page_list`: frames from the page's node, since 6.7 from any node; all of them or null. */
export const allocVmemmapPages = traced(
  "alloc_vmemmap_page_list(count, nid)",
  (k: Kernel, count: number, nid: number): Float64Array | null => {
    const frames = new Float64Array(count);
    const got = allocFrames(k, nid, USE_VMEMMAP, frames, count, !k.config.hugetlbRestoreFallback);
    if (got === count) return frames;
    for (let i = 0; i < got; i++) freePages(k, frames[i], 0, USE_VMEMMAP);
    return null;
  },
);

/** `vmemmap_restore_pte` page by page: copies the shared content, then sets the entry. */
export const restoreTails = traced(
  "vmemmap_remap_range(start)",
  (k: Kernel, start: number, frames: Float64Array): void => {
    const entries = tableEntries(k);
    let reuse = -1;
    for (let done = 0; done < frames.length;) {
      const at = pteOf(k, start + done);
      const run = Math.min(entries - (start + done) % entries, frames.length - done);
      if (done === 0) reuse = entryFrame(k, k.config.hugetlbTail === "zone" ? at : at - 2);
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
  },
);

/** Fills a frame with tails. */
function copyTails(k: Kernel, frame: number, reuse: number): void {
  copyShared(k, frame, reuse, 0, k.phys.pageWords);
  resetStructPages(k, frame);
}

/** `copy_page`: words [from, end) of the shared page. */
export function copyShared(k: Kernel, frame: number, reuse: number, from: number, end: number): void {
  const source = k.phys.wordBase(reuse);
  k.phys.words.copyWithin(k.phys.touch(frame, 0) + from, source + from, source + end);
}

/**
 * `reset_struct_pages`: a copy of the head's page begins with the head and its special tails, which are overwritten by
 * the tails that follow. A page of tails shared by a zone (7.1) has none of these; 6.12.115 skips the reset too,
 * although its copies do.
 */
export function resetStructPages(k: Kernel, frame: number): void {
  const { hugetlbKeep, hugetlbTail, errata } = k.config;
  if (hugetlbKeep !== 1 || hugetlbTail === "zone" || errata.restoreWithoutReset) return;
  const to = k.phys.wordBase(frame);
  const words = k.layout.resetStructs * k.structPageSize / 4;
  k.phys.words.copyWithin(to, to + words, to + 2 * words);
}

/** Word index of a vmemmap page's entry; its leaf must have been split. */
export function pteOf(k: Kernel, vpage: number): number {
  const at = walkTo(k, k.rootPfn, vmemmapVpn(k, vpage), 0);
  return at < 0 ? panic(`hugetlb: vmemmap page ${vpage} is not mapped by a page-table entry`) : at;
}
