// SPDX-License-Identifier: GPL-2.0-only
// Memmap mapped by page-table entries (mm/sparse-vmemmap.c, patches 10 and 12 of seed 001): each entry to a frame of its
// own, or all to one frame with a reference per entry. The kernel walks from the top for every entry; here one walk serves
// all entries of a table. Entries written before a failure stay for the caller to take down.

import { ENOMEM } from "../include/errno.ts";
import { USE_BOOT_VMEMMAP, USE_VMEMMAP } from "../include/frame_use.ts";
import { entryHi, entryLo } from "../machine/mmu.ts";
import type { Kernel } from "./kernel.ts";
import { allocPages } from "./page_alloc.ts";
import { getPages } from "./page.ts";
import { entryFrame, entryNone, populateTo, setEntry, tableEntries, vmemmapVpn, walkTo } from "./pgtable.ts";
import { C } from "./vmstat.ts";

/** `vmemmap_populate_basepages`: a frame of its own for every page of [start, end). 0 or -ENOMEM. */
export function vmemmapPopulateBasepages(k: Kernel, start: number, end: number, nid: number): number {
  return Math.min(0, populateRange(k, start, end, nid, -1));
}

/** `vmemmap_alloc_block`: an aligned block for memmap, from the boot or the buddy allocator; -1 when there is none. */
export function vmemmapAllocBlock(k: Kernel, order: number, nid: number): number {
  if (k.memblock === null) return allocPages(k, order, nid, USE_VMEMMAP);
  const pfn = k.memblock.alloc(2 ** order, 2 ** order, nid);
  if (pfn >= 0) {
    k.uses[USE_BOOT_VMEMMAP] += 2 ** order;
    k.stat[C.nrMemmapBootPages] += 2 ** order;
  }
  return pfn;
}

/** Frame a vmemmap page maps in the kernel table, through no TLB; -1 when none. */
export function mappedFrame(k: Kernel, vpage: number): number {
  const at = walkTo(k, k.rootPfn, vmemmapVpn(k, vpage), 0);
  return at < 0 || entryNone(k, at) ? -1 : entryFrame(k, at);
}

/**
 * `vmemmap_populate_range`/`vmemmap_populate_address`: page-table entries for [start, end), each to a new frame, or all
 * to `reuse` with a reference per entry. Entries that are there already stay. One table walk per table, not per entry.
 * 0 or -ENOMEM.
 */
export function populateRange(k: Kernel, start: number, end: number, nid: number, reuse: number): number {
  const entries = tableEntries(k);
  for (let at = start; at < end;) {
    const first = populateTo(k, k.rootPfn, vmemmapVpn(k, at), 0, nid);
    if (first < 0) return -ENOMEM;
    const count = Math.min(entries - (at & (entries - 1)), end - at);
    const done = reuse < 0 ? mapNewFrames(k, first, count, nid) : mapFrame(k, first, count, reuse);
    if (done < count) return -ENOMEM;
    at += count;
  }
  return 0;
}

/**
 * Entries for the compounds of `size` vmemmap pages each that fill [start, end), the last one cut if it must be: the first
 * `own` pages of each map a new frame, the rest the frame of the last of those. One walk per table. 0 or -ENOMEM.
 */
export function populateCompounds(
  k: Kernel,
  start: number,
  end: number,
  nid: number,
  size: number,
  own: number,
): number {
  const entries = tableEntries(k);
  let tail = -1;
  for (let at = start; at < end;) {
    const stop = Math.min(at + entries - (at & (entries - 1)), end);
    let entry = populateTo(k, k.rootPfn, vmemmapVpn(k, at), 0, nid);
    if (entry < 0) return -ENOMEM;
    while (at < stop) {
      const page = (at - start) % size;
      const count = Math.min(page < own ? own - page : size - page, stop - at);
      if (page >= own) mapFrame(k, entry, count, tail);
      else if (mapNewFrames(k, entry, count, nid) < count) return -ENOMEM;
      else tail = entryFrame(k, entry + 2 * (count - 1));
      entry += 2 * count;
      at += count;
    }
  }
  return 0;
}

/** Fills `count` entries from word `at` on with a new frame each; returns how many it could. */
function mapNewFrames(k: Kernel, at: number, count: number, nid: number): number {
  const { kernelPage } = k.arch.format;
  for (let i = 0; i < count; i++) {
    if (!entryNone(k, at + 2 * i)) continue;
    const pfn = vmemmapAllocBlock(k, 0, nid);
    if (pfn < 0) return i;
    setEntry(k, at + 2 * i, 0, pfn, kernelPage);
  }
  return count;
}

/** Fills `count` entries from word `at` on with the same frame, a reference for each. */
function mapFrame(k: Kernel, at: number, count: number, pfn: number): number {
  const { words } = k.phys;
  const { format } = k.arch;
  const lo = entryLo(format, pfn, format.kernelPage.lo);
  const hi = entryHi(format, pfn, format.kernelPage.hi);
  let gets = 0;
  for (let i = at; i < at + 2 * count; i += 2) {
    if (words[i] !== 0) continue;
    words[i] = lo;
    words[i + 1] = hi;
    gets++;
  }
  if (k.config.mutation !== "reuseWithoutGet") getPages(k, pfn, gets);
  k.stat[C.vmemmapFrameGets] += gets;
  k.stat[C.pteWrites] += gets;
  return count;
}
