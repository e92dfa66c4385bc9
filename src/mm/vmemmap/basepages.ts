// SPDX-License-Identifier: GPL-2.0-only
// Memmap mapped by page-table entries (mm/sparse-vmemmap.c, patches 10 and 12 of document 001): each entry to a frame
// of its own, from DRAM or an altmap, or all to one frame with a reference per entry. The kernel walks from the top for
// every entry; here one walk serves all entries of a table. Entries written before a failure stay for the caller to
// take down.

import { ENOMEM } from "../../include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_BOOT_VMEMMAP, USE_VMEMMAP } from "../../include/frame_use.ts";
import type { VmemAltmap } from "../../include/memremap.ts";
import { entryHi, entryLo, entryPfn } from "../../machine/mmu.ts";
import { altmapAllocBlock } from "./altmap.ts";
import type { Kernel, TableWork } from "../kernel.ts";
import { allocFrames, allocPages } from "../page_alloc.ts";
import { getEachPage } from "../page.ts";
import { entryFrame, entryNone, populateTo, tableEntries, vmemmapVpn, walkTo } from "../pgtable.ts";
import { C } from "../vmstat.ts";
import { traced } from "../trace.ts";

const { nrMemmapBootPages, pteWrites, vmemmapFrameGets } = C;

/** Allocated once per kernel: allocating it for each section took longer than writing the entries. */
export function newTableWork(entries: number): TableWork {
  return { frames: new Float64Array(entries), tails: new Float64Array(entries), gets: new Int32Array(entries) };
}

/** More vmemmap pages than exist: stands for a compound that is never cut. */
const WHOLE = 2 ** 30;

/**
 * `vmemmap_populate_basepages`: a frame of its own for every page of [start, end), from the altmap if one is given. 0
 * or -ENOMEM. Tables always come from DRAM.
 */
export const vmemmapPopulateBasepages = traced("vmemmap_populate_basepages(start, end, nid)", (
  k: Kernel,
  start: number,
  end: number,
  nid: number,
  altmap: VmemAltmap | null,
): number => {
  return populateTables(k, start, end, nid, newPlan(k, WHOLE, WHOLE, -1, altmap));
});

/**
 * `vmemmap_alloc_block_buf`: an aligned block for memmap, from the altmap, the boot or the buddy allocator; -1 when there
 * is none.
 */
export function vmemmapAllocBlock(k: Kernel, order: number, nid: number, altmap: VmemAltmap | null): number {
  if (altmap !== null) {
    const block = altmapAllocBlock(altmap, 2 ** order);
    if (block >= 0) k.uses[USE_ALTMAP_VMEMMAP] += 2 ** order;
    return block;
  }
  if (k.memblock === null) return allocPages(k, order, nid, USE_VMEMMAP);
  const pfn = k.memblock.alloc(2 ** order, 2 ** order, nid);
  if (pfn >= 0) {
    k.uses[USE_BOOT_VMEMMAP] += 2 ** order;
    k.stat[nrMemmapBootPages] += 2 ** order;
  }
  return pfn;
}

/** The frame that the kernel table maps a vmemmap page to, bypassing the TLB; -1 when there is none. */
export function mappedFrame(k: Kernel, vpage: number): number {
  const at = walkTo(k, k.rootPfn, vmemmapVpn(k, vpage), 0);
  return at < 0 || entryNone(k, at) ? -1 : entryFrame(k, at);
}

/**
 * `vmemmap_populate_range` with a page to reuse: maps all of [start, end) to that frame, with a reference per entry. 0
 * or -ENOMEM.
 */
export const populateReusing = traced(
  "vmemmap_populate_range(start, end, nid, reuse)",
  (k: Kernel, start: number, end: number, nid: number, reuse: number): number => {
    return populateTables(k, start, end, nid, newPlan(k, WHOLE, 0, reuse, null));
  },
);

/**
 * Fills [start, end) with compounds of `size` vmemmap pages each; the last may be cut. The first `own` pages of each
 * map a new frame, the others the last of these frames. Existing entries stay. One walk and one call of the allocator
 * per table. 0 or -ENOMEM.
 */
export function populateCompounds(
  k: Kernel,
  start: number,
  end: number,
  nid: number,
  size: number,
  own: number,
): number {
  return populateTables(k, start, end, nid, newPlan(k, size, own, -1, null));
}

/** The compounds being mapped: their layout, and the position of the next entry in its compound. */
interface Plan {
  /** Vmemmap pages of a compound, and how many of them map a frame of their own. */
  readonly size: number;
  readonly own: number;
  /** Where new frames come from; null for DRAM. */
  readonly altmap: VmemAltmap | null;
  /** In the current table: new frames, and frames that several entries map. */
  got: number;
  shared: number;
  /** Position of the next page in its compound, and the entry of the last page with a frame of its own. */
  page: number;
  lo: number;
  hi: number;
}

/** `reuse` is the frame that leading entries map before one gets a frame of its own; -1 if there are none. */
function newPlan(k: Kernel, size: number, own: number, reuse: number, altmap: VmemAltmap | null): Plan {
  const { format } = k.arch;
  const lo = entryLo(format, reuse, format.kernelPage.lo);
  const hi = entryHi(format, reuse, format.kernelPage.hi);
  return { size, own, altmap, got: 0, shared: 0, page: 0, lo, hi };
}

function populateTables(k: Kernel, start: number, end: number, nid: number, plan: Plan): number {
  const entries = tableEntries(k);
  const { frames, tails, gets } = k.tableWork;
  for (let at = start; at < end;) {
    const count = Math.min(entries - (at & (entries - 1)), end - at);
    const entry = populateTo(k, k.rootPfn, vmemmapVpn(k, at), 0, nid);
    if (entry < 0) return -ENOMEM;
    plan.got = allocMemmapFrames(k, frames, countMissing(k, entry, count, plan), nid, plan.altmap);
    const filled = fillTable(k, entry, count, plan);
    getEachPage(k, tails, gets, plan.shared);
    if (!filled) return -ENOMEM;
    at += count;
  }
  return 0;
}

/** How many of `n` entries from word `entry` on still need a new frame. */
function countMissing(k: Kernel, entry: number, n: number, plan: Plan): number {
  const words = k.phys.window(entry);
  const { size, own } = plan;
  let { page } = plan;
  let missing = 0;
  let e = k.phys.inWindow(entry);
  for (const end = e + 2 * n; e < end; page = page === size ? 0 : page) {
    const stop = Math.min(e + 2 * ((page < own ? own : size) - page), end);
    if (page < own) { for (let i = e; i < stop; i += 2) if ((words[i] | words[i + 1]) === 0) missing++; }
    page += (stop - e) >> 1;
    e = stop;
  }
  return missing;
}

/** Single frames for memmap, from the altmap, the boot or the buddy allocator; returns how many it got. */
function allocMemmapFrames(
  k: Kernel,
  frames: Float64Array,
  count: number,
  nid: number,
  altmap: VmemAltmap | null,
): number {
  if (altmap === null && k.memblock === null) return allocFrames(k, nid, USE_VMEMMAP, frames, count);
  for (let i = 0; i < count; i++) {
    frames[i] = vmemmapAllocBlock(k, 0, nid, altmap);
    if (frames[i] < 0) return i;
  }
  return count;
}

/** Fills `n` entries from word `entry` on; false when it runs out of frames. */
function fillTable(k: Kernel, entry: number, n: number, plan: Plan): boolean {
  const words = k.phys.window(entry);
  const { format } = k.arch;
  const { frames, tails, gets } = k.tableWork;
  const { size, own, got } = plan;
  let { page, lo, hi } = plan;
  let next = 0;
  let shared = 0;
  let written = 0;
  let e = k.phys.inWindow(entry);
  const end = e + 2 * n;
  for (; e < end; page = page === size ? 0 : page) {
    if (page < own) {
      const stop = Math.min(e + 2 * (own - page), end);
      page += (stop - e) >> 1;
      for (; e < stop; e += 2) {
        lo = words[e];
        hi = words[e + 1];
        if ((lo | hi) !== 0) continue;
        if (next === got) break;
        lo = words[e] = entryLo(format, frames[next], format.kernelPage.lo);
        hi = words[e + 1] = entryHi(format, frames[next], format.kernelPage.hi);
        next++;
      }
      if (e < stop) break;
      continue;
    }
    const stop = Math.min(e + 2 * (size - page), end);
    page += (stop - e) >> 1;
    const before = written;
    for (; e < stop; e += 2) {
      if (words[e] !== 0) continue;
      words[e] = lo;
      words[e + 1] = hi;
      written++;
    }
    tails[shared] = entryPfn(format, lo, hi);
    gets[shared++] = written - before;
  }
  k.stat[vmemmapFrameGets] += written;
  k.stat[pteWrites] += next + written;
  plan.shared = shared;
  plan.page = page;
  plan.lo = lo;
  plan.hi = hi;
  return e === end;
}
