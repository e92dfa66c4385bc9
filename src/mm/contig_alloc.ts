// SPDX-License-Identifier: GPL-2.0-only
// Blocks larger than the buddy allocator knows (alloc_contig_pages and free_contig_range of mm/page_alloc.c): an
// aligned run of its largest blocks, all of them free and of one zone, in one memory block or in several. Left out:
// migrating what is in the way.

import { MAX_NR_ZONES, ZONE_DEVICE } from "../include/mmzone.ts";
import { alignUp } from "../lib/align.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import { type Zone, zoneArea, zoneFree, zoneFreePages } from "./mmzone.ts";
import { findZone } from "./page_alloc.ts";
import { C } from "./vmstat.ts";

/**
 * `alloc_contig_pages`: the lowest such run of `2 ** order` frames on a node, or -1. Struct pages are left to the
 * caller.
 */
export function allocContigPages(k: Kernel, order: number, nid: number, use: number): number {
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
}

/** `alloc_contig_range`: this very block; false, nothing changed, when any of it is in use. Of any order. */
export function takeContigPages(k: Kernel, pfn: number, order: number, use: number): boolean {
  const zone = findZone(k, pfn);
  k.stat[C.allocCalls]++;
  if (zone === null || k.fault.fails(order) || !takeRun(k, zone, pfn, order)) return false;
  k.uses[use] += 2 ** order;
  return true;
}

/** `free_contig_range`: gives a block of any order back. Data frames: they have no backing bytes to release. */
export function freeContigPages(k: Kernel, pfn: number, order: number, use: number): void {
  const zone = findZone(k, pfn);
  if (zone === null) panic(`freeContigPages: frame ${pfn} belongs to no zone's free area`);
  k.stat[C.freeCalls]++;
  k.uses[use] -= 2 ** order;
  const step = blockOrder(k, order);
  for (let at = pfn; at < pfn + 2 ** order; at += 2 ** step) zoneFree(zone, at, step);
}

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
