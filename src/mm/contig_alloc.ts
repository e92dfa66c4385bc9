// SPDX-License-Identifier: GPL-2.0-only
// Blocks larger than the buddy allocator knows (alloc_contig_pages and free_contig_range of mm/page_alloc.c): an aligned
// run of its largest blocks, all of them free. Left out: migrating what is in the way.

import { MAX_NR_ZONES, ZONE_DEVICE } from "../include/mmzone.ts";
import { alignUp } from "../lib/align.ts";
import type { Buddy } from "../lib/buddy.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import { zoneFree } from "./mmzone.ts";
import { findArea, findZone } from "./page_alloc.ts";
import { C } from "./vmstat.ts";

/**
 * `alloc_contig_pages`: an aligned run of `2 ** order` free frames of a node, or -1. Struct pages are left to the caller.
 */
export function allocContigPages(k: Kernel, order: number, nid: number, use: number): number {
  k.stat[C.allocCalls]++;
  if (k.fault.fails(order)) return -1;
  for (let z = MAX_NR_ZONES - 1; z >= 0; z--) {
    if (z === ZONE_DEVICE) continue;
    for (const area of k.nodes[nid].zones[z].areas) {
      const pfn = takeAnyRun(area, order);
      if (pfn < 0) continue;
      k.uses[use] += 2 ** order;
      return pfn;
    }
  }
  return -1;
}

/** `alloc_contig_range`: this very block; false, nothing changed, when any of it is in use. Of any order. */
export function takeContigPages(k: Kernel, pfn: number, order: number, use: number): boolean {
  const found = findArea(k, pfn);
  k.stat[C.allocCalls]++;
  if (found === null || k.fault.fails(order) || !takeRun(found.area, pfn, order)) return false;
  k.uses[use] += 2 ** order;
  return true;
}

/** `free_contig_range`: gives a block of any order back. Data frames: they have no backing bytes to release. */
export function freeContigPages(k: Kernel, pfn: number, order: number, use: number): void {
  const zone = findZone(k, pfn);
  if (zone === null) panic(`freeContigPages: frame ${pfn} belongs to no zone's free area`);
  k.stat[C.freeCalls]++;
  k.uses[use] -= 2 ** order;
  const step = Math.min(order, k.arch.maxOrder);
  for (let at = pfn; at < pfn + 2 ** order; at += 2 ** step) zoneFree(zone, at, step);
}

function takeAnyRun(area: Buddy, order: number): number {
  const pages = 2 ** order;
  if (area.freeUnits < pages) return -1;
  for (let pfn = alignUp(area.base, pages); pfn + pages <= area.base + area.length; pfn += pages) {
    if (takeRun(area, pfn, order)) return pfn;
  }
  return -1;
}

/** Takes every block of a run, or none. Nothing is free past the area's end. */
function takeRun(area: Buddy, pfn: number, order: number): boolean {
  const end = pfn + 2 ** order;
  const step = Math.min(order, area.maxOrder);
  for (let at = pfn; at < end; at += 2 ** step) {
    if (area.take(at, step)) continue;
    for (let taken = pfn; taken < at; taken += 2 ** step) area.free(taken, step);
    return false;
  }
  return true;
}
