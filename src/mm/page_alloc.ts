// SPDX-License-Identifier: GPL-2.0-only
// The page allocator (mm/page_alloc.c): buddy blocks per zone, zones tried from Normal down, nodes from the wanted one
// on. Every frame taken or given is counted by its use. The struct page of a frame is initialised when the frame is
// handed out (as with CONFIG_DEFERRED_STRUCT_PAGE_INIT, only later). A block beyond the buddy allocator's largest order
// (alloc_contig_pages, free_contig_range) is an aligned run of its largest blocks, all free and in one zone.
// Left out: per-CPU lists, watermarks, reclaim, migrate-type free lists, migration: an allocation fails when no block
// is free.

import { PAGE_REFCOUNT } from "../include/mm_types.ts";
import { MAX_NR_ZONES, ZONE_DEVICE, ZONE_DMA, ZONE_DMA32, ZONE_MOVABLE, ZONE_NORMAL } from "../include/mmzone.ts";
import { USE_BOOT_VMEMMAP, USE_HUGETLB, USE_HWPOISON, USE_VMEMMAP } from "../include/frame_use.ts";
import type { Buddy } from "../lib/buddy.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import { type Zone, zoneAlloc, zoneAllocFrames, zoneArea, zoneFree, zoneFreePages } from "./mmzone.ts";
import { clearPageFlags, putPageTestzero, readPage, writePage } from "./page.ts";
import { readySinglePage, readySinglePages } from "./page_init.ts";
import { C } from "./vmstat.ts";
import { alignUp } from "../lib/align.ts";
import { traced } from "./trace.ts";

const { allocCalls, freeCalls, nrMemmapBootPages, nrMemmapPages, vmemmapFramePuts } = C;

/** Zones a kernel allocation may come from, best first; ZONE_MOVABLE is for user data. */
const KERNEL_ZONES = [ZONE_NORMAL, ZONE_DMA32, ZONE_DMA];
const MOVABLE_ZONES = [ZONE_MOVABLE, ...KERNEL_ZONES];

/**
 * `alloc_pages_node`: an aligned block of `1 << order` frames, its first frame with one reference, or -1.
 * Falls back to other nodes unless `thisNode`. The caller owns the frames and frees them with the same use.
 */
export const allocPages = traced("alloc_pages_node(order, nid)", (
  k: Kernel,
  order: number,
  nid: number,
  use: number,
  thisNode = false,
  movable = false,
): number => {
  k.stat[allocCalls]++;
  if (k.fault.fails(order)) return -1;
  const zones = movable ? MOVABLE_ZONES : KERNEL_ZONES;
  for (let n = 0; n < (thisNode ? 1 : k.nodes.length); n++) {
    const node = k.nodes[(nid + n) % k.nodes.length];
    for (let z = 0; z < zones.length; z++) {
      const zone = node.zones[zones[z]];
      const pfn = zoneAlloc(zone, order);
      if (pfn < 0) continue;
      accountAlloc(k, order, use);
      // prepHugePage() initialises the struct pages of a huge page, after their leaves are split.
      if (use !== USE_HUGETLB && countsReferences(k, order)) prepNewPage(k, pfn, zone);
      return pfn;
    }
  }
  return -1;
});

/**
 * Allocates `count` single frames into `frames`, the same ones as `count` calls of allocPages(). Returns how many it
 * got. Like `alloc_pages_bulk`, it searches and translates once per run of frames.
 */
export const allocFrames = traced("alloc_pages_bulk_array_node(nid, _, _, count)", (
  k: Kernel,
  nid: number,
  use: number,
  frames: Float64Array,
  count: number,
  thisNode = false,
): number => {
  const wanted = k.fault.passes(count);
  let got = 0;
  for (let n = 0; n < (thisNode ? 1 : k.nodes.length); n++) {
    const node = k.nodes[(nid + n) % k.nodes.length];
    for (let z = 0; z < KERNEL_ZONES.length && got < wanted; z++) {
      const zone = node.zones[KERNEL_ZONES[z]];
      const taken = zoneAllocFrames(zone, frames, got, wanted - got);
      if (taken > 0) readySinglePages(k, frames, got, taken, zone.index, zone.nid);
      got += taken;
    }
  }
  k.uses[use] += got;
  if (use === USE_VMEMMAP) k.stat[nrMemmapPages] += got;
  // The failing call counts too.
  const calls = Math.min(got + 1, count);
  k.stat[allocCalls] += calls;
  k.fault.seen += calls;
  return got;
});

/** Takes one particular block (alloc_contig_range on free memory); false if any part of it is in use. */
export function takePages(k: Kernel, pfn: number, order: number, use: number): boolean {
  const zone = findZone(k, pfn);
  if (zone === null || k.fault.fails(order) || !zoneArea(zone, pfn)!.take(pfn, order)) return false;
  accountAlloc(k, order, use);
  prepNewPage(k, pfn, zone);
  return true;
}

/** `take_page_off_buddy`: removes a free frame with broken memory from the allocator for good. */
export function takePageOffBuddy(k: Kernel, pfn: number): void {
  const found = findArea(k, pfn);
  if (found === null || !found.area.take(pfn, 0)) panic(`takePageOffBuddy: frame ${pfn} is not free`);
  accountAlloc(k, 0, USE_HWPOISON);
}

/** `__free_pages` without the reference count: frees a block and its backing bytes. */
export function freePages(k: Kernel, pfn: number, order: number, use: number): void {
  if (freeToZone(k, pfn, order) === null) panic(`freePages: frame ${pfn} belongs to no zone's free area`);
  k.stat[freeCalls]++;
  k.uses[use] -= 2 ** order;
  if (use === USE_VMEMMAP) k.stat[nrMemmapPages] -= 2 ** order;
  k.phys.release(pfn, order);
}

/**
 * x86 `free_pagetable`: drops a reference on a frame of the memmap or of a kernel table, and frees the block with the
 * last one. A frame from the boot allocator goes through put_page_bootmem and becomes managed memory.
 */
export function freePagetable(k: Kernel, pfn: number, order: number, use: number): void {
  if ((readPage(k, pfn, 0) & k.layout.reserved) !== 0) {
    for (let i = 0; i < 1 << order; i++) freeBootmemPage(k, pfn + i, use);
    return;
  }
  if (!countsReferences(k, order) || putPageTestzero(k, pfn)) freePages(k, pfn, order, use);
  else k.stat[vmemmapFramePuts]++;
}

/**
 * Whether blocks of this order have a reference count of their own. Without contents only single frames do, because
 * they may be shared. A block has one owner, and touching its struct page would commit host memory all over DRAM's
 * memmap.
 */
export function countsReferences(k: Kernel, order: number): boolean {
  return k.contents || order === 0;
}

/** `split_page`: gives every frame of an allocated block a reference of its own. */
export function splitPage(k: Kernel, pfn: number, order: number): void {
  const found = findArea(k, pfn);
  if (found === null) panic(`splitPage: frame ${pfn} belongs to no zone's free area`);
  for (let i = 0; i < 1 << order; i++) prepNewPage(k, pfn + i, found.zone);
}

/** `free_bootmem_page`: turns a frame that the boot allocator kept into an ordinary free one. */
function freeBootmemPage(k: Kernel, pfn: number, use: number): void {
  const zone = freeToZone(k, pfn, 0);
  if (zone === null) panic(`freeBootmemPage: frame ${pfn} belongs to no zone's free area`);
  clearPageFlags(k, pfn, k.layout.reserved | k.layout.bootmem);
  writePage(k, pfn, PAGE_REFCOUNT, 0);
  k.uses[use === USE_VMEMMAP ? USE_BOOT_VMEMMAP : use]--;
  if (use === USE_VMEMMAP) k.stat[nrMemmapBootPages]--;
  k.bootReserved--;
  zone.managed++;
  k.phys.release(pfn, 0);
}

/** Frames free in the whole machine. */
export function totalFreePages(k: Kernel): number {
  let free = 0;
  for (const node of k.nodes) for (const zone of node.zones) free += zoneFreePages(zone);
  return free;
}

/** The zone a DRAM frame belongs to, by address and node. */
export function zoneIndexOfDram(k: Kernel, pfn: number): number {
  if (pfn * k.pageBytes < k.arch.dmaEndBytes) return ZONE_DMA;
  return pfn * k.pageBytes < k.arch.dma32EndBytes ? ZONE_DMA32 : ZONE_NORMAL;
}

/** Gives a block to the free area that contains it; returns its zone, or null when there is none. */
function freeToZone(k: Kernel, pfn: number, order: number): Zone | null {
  for (const { zones } of k.nodes) {
    // Most memory is in ZONE_NORMAL or above.
    for (let z = MAX_NR_ZONES - 1; z >= 0; z--) {
      const zone = zones[z];
      if (pfn >= zone.startPfn && pfn < zone.startPfn + zone.spanned && zoneFree(zone, pfn, order)) return zone;
    }
  }
  return null;
}

/** The zone whose free areas contain a frame; null for pmem, holes and offline memory. */
export function findZone(k: Kernel, pfn: number): Zone | null {
  for (const node of k.nodes) {
    for (let z = 0; z < MAX_NR_ZONES; z++) {
      const zone = node.zones[z];
      // Spans may overlap (Movable within Normal): only the areas decide.
      if (pfn < zone.startPfn || pfn >= zone.startPfn + zone.spanned) continue;
      if (zoneArea(zone, pfn) !== null) return zone;
    }
  }
  return null;
}

/** Zone and free area a frame belongs to, or null. */
export function findArea(k: Kernel, pfn: number): { readonly zone: Zone; readonly area: Buddy } | null {
  const zone = findZone(k, pfn);
  return zone === null ? null : { zone, area: zoneArea(zone, pfn)! };
}

function accountAlloc(k: Kernel, order: number, use: number): void {
  k.uses[use] += 2 ** order;
  if (use === USE_VMEMMAP) k.stat[nrMemmapPages] += 2 ** order;
}

/** `prep_new_page`: the first frame's struct page, with one reference. */
function prepNewPage(k: Kernel, pfn: number, zone: Zone): void {
  readySinglePage(k, pfn, zone.index, zone.nid);
}

/**
 * `alloc_contig_pages`: a free aligned run of `2 ** order` frames on a node, or -1. The caller initialises the struct
 * pages.
 */
export const allocContigPages = traced(
  "alloc_contig_pages(order, nid)",
  (k: Kernel, order: number, nid: number, use: number): number => {
    k.stat[C.allocCalls]++;
    if (k.fault.fails(order)) return -1;
    for (let z = MAX_NR_ZONES - 1; z >= 0; z--) {
      if (z === ZONE_DEVICE) continue;
      const pfn = takeAnyRun(k, k.nodes[nid].zones[z], order);
      if (pfn < 0) continue;
      k.uses[use] += 2 ** order;
      return pfn;
    }
    return -1;
  },
);

/** `alloc_contig_range`: exactly this block, of any order; false with nothing changed if any of it is in use. */
export const takeContigPages = traced(
  "alloc_contig_range(pfn, order)",
  (k: Kernel, pfn: number, order: number, use: number): boolean => {
    const zone = findZone(k, pfn);
    k.stat[C.allocCalls]++;
    if (zone === null || k.fault.fails(order) || !takeRun(k, zone, pfn, order)) return false;
    k.uses[use] += 2 ** order;
    return true;
  },
);

/** `free_contig_range`: frees a block of any order. Its frames hold data, so they have no backing bytes to release. */
export const freeContigPages = traced(
  "free_contig_range(pfn, order)",
  (k: Kernel, pfn: number, order: number, use: number): void => {
    const zone = findZone(k, pfn);
    if (zone === null) panic(`freeContigPages: frame ${pfn} belongs to no zone's free area`);
    k.stat[C.freeCalls]++;
    k.uses[use] -= 2 ** order;
    const step = blockOrder(k, order);
    for (let at = pfn; at < pfn + 2 ** order; at += 2 ** step) zoneFree(zone, at, step);
  },
);

function takeAnyRun(k: Kernel, zone: Zone, order: number): number {
  const pages = 2 ** order;
  if (zoneFreePages(zone) < pages) return -1;
  const end = zone.startPfn + zone.spanned;
  for (let pfn = alignUp(zone.startPfn, pages); pfn + pages <= end; pfn += pages) {
    if (takeRun(k, zone, pfn, order)) return pfn;
  }
  return -1;
}

/** Takes every block of a run, or none. The run may lie in several areas of the zone; each block lies in one. */
function takeRun(k: Kernel, zone: Zone, pfn: number, order: number): boolean {
  const end = pfn + 2 ** order;
  const step = blockOrder(k, order);
  for (let at = pfn; at < end; at += 2 ** step) {
    if (zoneArea(zone, at)?.take(at, step)) continue;
    for (let taken = pfn; taken < at; taken += 2 ** step) zoneFree(zone, taken, step);
    return false;
  }
  return true;
}

/** Order of the blocks a run is made of. */
function blockOrder(k: Kernel, order: number): number {
  return Math.min(order, k.arch.maxOrder);
}
