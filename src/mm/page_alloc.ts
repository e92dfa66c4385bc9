// SPDX-License-Identifier: GPL-2.0-only
// The page allocator (mm/page_alloc.c): buddy blocks per zone, zones tried from Normal down, nodes from the wanted one on.
// Every frame taken or given is counted by its use. The struct page of a frame is initialised when the frame is first
// handed out (as with CONFIG_DEFERRED_STRUCT_PAGE_INIT, only later). Left out: per-CPU lists, watermarks, reclaim,
// migrate-type free lists: an allocation fails when no block is free.

import { PAGE_MAPCOUNT, PAGE_REFCOUNT } from "../include/mm_types.ts";
import { MAX_NR_ZONES, ZONE_DMA, ZONE_DMA32, ZONE_MOVABLE, ZONE_NORMAL } from "../include/mmzone.ts";
import { USE_BOOT_VMEMMAP, USE_VMEMMAP } from "../include/frame_use.ts";
import { PG_BOOTMEM, PG_RESERVED } from "../include/page_flags.ts";
import type { Buddy } from "../lib/buddy.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import type { Zone } from "./mmzone.ts";
import { clearPageFlags, initSinglePage, putPageTestzero, readPage, writePage } from "./page.ts";
import { C } from "./vmstat.ts";

/** Zones a kernel allocation may come from, best first; ZONE_MOVABLE is for user data. */
const KERNEL_ZONES = [ZONE_NORMAL, ZONE_DMA32, ZONE_DMA];
const MOVABLE_ZONES = [ZONE_MOVABLE, ...KERNEL_ZONES];

/**
 * `alloc_pages_node`: an aligned block of `1 << order` frames, its first frame with one reference, or -1.
 * Falls back to other nodes unless `thisNode`. The caller owns the frames and frees them with the same use.
 */
export function allocPages(
  k: Kernel,
  order: number,
  nid: number,
  use: number,
  thisNode = false,
  movable = false,
): number {
  k.stat[C.allocCalls]++;
  if (k.fault.fails(order)) return -1;
  const zones = movable ? MOVABLE_ZONES : KERNEL_ZONES;
  for (let n = 0; n < (thisNode ? 1 : k.nodes.length); n++) {
    const node = k.nodes[(nid + n) % k.nodes.length];
    for (const index of zones) {
      const zone = node.zones[index];
      for (const area of zone.areas) {
        const pfn = area.alloc(order);
        if (pfn < 0) continue;
        accountAlloc(k, order, use);
        if (countsReferences(k, order)) prepNewPage(k, pfn, zone);
        return pfn;
      }
    }
  }
  return -1;
}

/** Takes one particular block (alloc_contig_range on free memory); false when any of it is in use. */
export function takePages(k: Kernel, pfn: number, order: number, use: number): boolean {
  const found = findArea(k, pfn);
  if (found === null || k.fault.fails(order) || !found.area.take(pfn, order)) return false;
  accountAlloc(k, order, use);
  prepNewPage(k, pfn, found.zone);
  return true;
}

/** `__free_pages` without the reference count: gives a block back, and its backing bytes with it. */
export function freePages(k: Kernel, pfn: number, order: number, use: number): void {
  const found = findArea(k, pfn);
  if (found === null) panic(`freePages: frame ${pfn} belongs to no zone's free area`);
  k.stat[C.freeCalls]++;
  k.uses[use] -= 2 ** order;
  if (use === USE_VMEMMAP) k.stat[C.nrMemmapPages] -= 2 ** order;
  k.phys.release(pfn, order);
  found.area.free(pfn, order);
}

/**
 * x86 `free_pagetable`: drops a reference on a frame of the memmap or of a kernel table, and frees the block with the
 * last one. A frame from the boot allocator goes through put_page_bootmem and becomes managed memory.
 */
export function freePagetable(k: Kernel, pfn: number, order: number, use: number): void {
  k.stat[C.vmemmapFramePuts]++;
  if ((readPage(k, pfn, 0) & PG_RESERVED) !== 0) {
    for (let i = 0; i < 1 << order; i++) freeBootmemPage(k, pfn + i, use);
    return;
  }
  if (!countsReferences(k, order) || putPageTestzero(k, pfn)) freePages(k, pfn, order, use);
}

/**
 * Whether blocks of this order have a reference count of their own. Without contents only single frames do: they may be
 * shared, while a block has one owner and touching its struct page would commit host memory all over DRAM's memmap.
 */
export function countsReferences(k: Kernel, order: number): boolean {
  return k.contents || order === 0;
}

/** `free_bootmem_page`: a frame the boot allocator kept becomes an ordinary free one. */
export function freeBootmemPage(k: Kernel, pfn: number, use: number): void {
  const found = findArea(k, pfn);
  if (found === null) panic(`freeBootmemPage: frame ${pfn} belongs to no zone's free area`);
  clearPageFlags(k, pfn, PG_RESERVED | PG_BOOTMEM);
  writePage(k, pfn, PAGE_REFCOUNT, 0);
  k.uses[use === USE_VMEMMAP ? USE_BOOT_VMEMMAP : use]--;
  if (use === USE_VMEMMAP) k.stat[C.nrMemmapBootPages]--;
  k.bootReserved--;
  found.zone.managed++;
  k.phys.release(pfn, 0);
  found.area.free(pfn, 0);
}

/** Frames free in the whole machine. */
export function totalFreePages(k: Kernel): number {
  let free = 0;
  for (const node of k.nodes) for (const zone of node.zones) for (const area of zone.areas) free += area.freeUnits;
  return free;
}

/** The zone a DRAM frame belongs to, by address and node. */
export function zoneIndexOfDram(k: Kernel, pfn: number): number {
  if (pfn * k.pageBytes < k.arch.dmaEndBytes) return ZONE_DMA;
  return pfn * k.pageBytes < k.arch.dma32EndBytes ? ZONE_DMA32 : ZONE_NORMAL;
}

/** Zone and free area a frame belongs to, or null for pmem and holes. */
export function findArea(k: Kernel, pfn: number): { readonly zone: Zone; readonly area: Buddy } | null {
  for (const node of k.nodes) {
    for (let z = 0; z < MAX_NR_ZONES; z++) {
      for (const area of node.zones[z].areas) {
        if (pfn >= area.base && pfn < area.base + area.length) return { zone: node.zones[z], area };
      }
    }
  }
  return null;
}

function accountAlloc(k: Kernel, order: number, use: number): void {
  k.uses[use] += 2 ** order;
  if (use === USE_VMEMMAP) k.stat[C.nrMemmapPages] += 2 ** order;
}

/** `prep_new_page`: one reference on the first frame; its struct page is initialised if this is its first use. */
function prepNewPage(k: Kernel, pfn: number, zone: Zone): void {
  if (readPage(k, pfn, PAGE_MAPCOUNT) !== -1) initSinglePage(k, pfn, zone.index, zone.nid);
  writePage(k, pfn, PAGE_REFCOUNT, 1);
}
