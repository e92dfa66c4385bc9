// SPDX-License-Identifier: GPL-2.0-only
// System RAM going online and offline (mm/memory_hotplug.c with document 003): which zone it joins, initialising its
// struct pages, handing its frames to the buddy allocator and taking them back. A block that holds its own memmap:
//
//   start               start + nr_vmemmap_pages                                end
//   | memmap, Unmovable | what online_pages() and offline_pages() are given      |     span, present
//   |  (not managed)    | managed                                                |
//
// The memmap part is prepared before online_pages() and taken down after offline_pages(). Left out: migrating pages
// that are in use (a block goes offline only when all of it is free), memory groups, watermarks.

import { EBUSY, EINVAL, ENOMEM } from "../../include/errno.ts";
import type { OnlineType } from "../../include/memory.ts";
import {
  MIGRATE_MOVABLE,
  MIGRATE_UNMOVABLE,
  SECTION_IS_ONLINE,
  ZONE_DMA,
  ZONE_MOVABLE,
  ZONE_NORMAL,
} from "../../include/mmzone.ts";
import { alignDown, isAligned } from "../../lib/align.ts";
import { Buddy } from "../../lib/buddy.ts";
import { panic } from "../../lib/bug.ts";
import type { Kernel } from "../kernel.ts";
import { freeCorePages, memmapInitRange } from "../mm_init.ts";
import { addFreeArea, growZoneSpan, removeFreeArea, shrinkZoneSpan, type Zone, zoneArea } from "../mmzone.ts";
import { setPageFlags } from "../page.ts";
import { pageInitPoison } from "../page_init.ts";
import { traced } from "../trace.ts";

/** `zone_for_pfn_range`: the zone a range joins. */
export function zoneForPfnRange(k: Kernel, type: OnlineType, nid: number, start: number, n: number): Zone {
  const { zones } = k.nodes[nid];
  const kernel = kernelZone(zones, start, n);
  const movable = zones[ZONE_MOVABLE];
  if (type === "online_kernel") return kernel;
  if (type === "online_movable") return movable;
  const inKernel = zoneIntersects(kernel, start, n);
  // The range's own zone, if it lies in exactly one.
  if (inKernel !== zoneIntersects(movable, start, n)) return inKernel ? kernel : movable;
  return k.hotplug.movableNode ? movable : kernel;
}

/** `mhp_init_memmap_on_memory`: the block's first `n` frames, which hold its memmap, join the zone. */
export const mhpInitMemmapOnMemory = traced(
  "mhp_init_memmap_on_memory(pfn, n)",
  (k: Kernel, pfn: number, n: number, zone: Zone): void => {
    growZoneSpan(zone, pfn, pfn + n);
    k.sections.setMigratetype(pfn, pfn + n, MIGRATE_UNMOVABLE);
    if (k.contents) memmapInitRange(k, zone, pfn, n);
    if (k.contents && k.config.selfHostedVmemmap === "marked") {
      for (let i = pfn; i < pfn + n; i++) setPageFlags(k, i, k.layout.selfHosted);
    }
    // online_pages() never gets the sections that the memmap fills.
    setSectionsOnline(k, pfn, alignDown(pfn + n, k.pagesPerSection), true);
  },
);

/** `mhp_deinit_memmap_on_memory`: the reverse, once all memory it describes is offline. */
export const mhpDeinitMemmapOnMemory = traced(
  "mhp_deinit_memmap_on_memory(pfn, n)",
  (k: Kernel, pfn: number, n: number, zone: Zone): void => {
    setSectionsOnline(k, pfn, alignDown(pfn + n, k.pagesPerSection), false);
    removePfnRangeFromZone(k, zone, pfn, n);
  },
);

/**
 * `online_pages`: initialises struct pages of [pfn, pfn + n) and gives the frames to the buddy allocator. -EINVAL
 * unless the range begins at a pageblock and ends at a section; -ENOMEM, nothing changed, if a memory notifier cannot
 * allocate.
 */
export const onlinePages = traced("online_pages(pfn, n)", (k: Kernel, pfn: number, n: number, zone: Zone): number => {
  if (!spanIsValid(k, pfn, n)) return -EINVAL;
  growZoneSpan(zone, pfn, pfn + n);
  if (k.contents) memmapInitRange(k, zone, pfn, n);
  // memory_notify(MEM_GOING_ONLINE): page_ext, kasan and others allocate what they need.
  if (k.fault.fails(0)) {
    removePfnRangeFromZone(k, zone, pfn, n);
    return -ENOMEM;
  }
  k.sections.setMigratetype(pfn, pfn + n, MIGRATE_MOVABLE);
  setSectionsOnline(k, pfn, pfn + n, true);
  if (k.contents) freeCorePages(k, pfn, n);
  // The area covers the whole block, its memmap included, so that no other area overlaps it.
  const base = alignDown(pfn, k.hotplug.blockPages);
  const area = new Buddy(base, pfn + n - base, k.arch.maxOrder);
  area.freeRange(pfn, pfn + n);
  addFreeArea(zone, area);
  zone.managed += n;
  adjustPresentPageCount(zone, n);
  return 0;
});

/**
 * `offline_pages`: takes the frames of [pfn, pfn + n) back. -EINVAL as for onlinePages(), -EBUSY if any frame is in
 * use.
 */
export const offlinePages = traced("offline_pages(pfn, n)", (k: Kernel, pfn: number, n: number, zone: Zone): number => {
  if (!spanIsValid(k, pfn, n)) return -EINVAL;
  const area = zoneArea(zone, pfn);
  if (area === null) panic(`offlinePages: frame ${pfn} is not online`);
  if (area.freeUnits !== n) return -EBUSY;
  removeFreeArea(zone, area);
  zone.managed -= n;
  adjustPresentPageCount(zone, -n);
  setSectionsOnline(k, pfn, pfn + n, false);
  removePfnRangeFromZone(k, zone, pfn, n);
  return 0;
});

/** `adjust_present_page_count`. */
export function adjustPresentPageCount(zone: Zone, n: number): void {
  zone.present += n;
}

/** `remove_pfn_range_from_zone`: poisons the struct pages and shrinks the span. */
const removePfnRangeFromZone = traced(
  "remove_pfn_range_from_zone(_, pfn, n)",
  (k: Kernel, zone: Zone, pfn: number, n: number): void => {
    pageInitPoison(k, pfn, n);
    shrinkZoneSpan(zone, pfn, pfn + n);
  },
);

/** A range begins at a pageblock, because the memmap before it may fill part of a section, and ends at a section. */
function spanIsValid(k: Kernel, pfn: number, n: number): boolean {
  return n > 0 && isAligned(pfn, 2 ** k.arch.pageblockOrder) && isAligned(pfn + n, k.pagesPerSection);
}

/** `default_kernel_zone_for_pfn`. */
function kernelZone(zones: readonly Zone[], start: number, n: number): Zone {
  for (let z = ZONE_DMA; z < ZONE_NORMAL; z++) if (zoneIntersects(zones[z], start, n)) return zones[z];
  return zones[ZONE_NORMAL];
}

/** `zone_intersects`. */
function zoneIntersects(zone: Zone, start: number, n: number): boolean {
  return zone.spanned > 0 && start < zone.startPfn + zone.spanned && zone.startPfn < start + n;
}

/** `online_mem_sections`, `offline_mem_sections`: every section that [start, end) touches. */
function setSectionsOnline(k: Kernel, start: number, end: number, online: boolean): void {
  const { sections } = k;
  for (let pfn = start; pfn < end; pfn = alignDown(pfn, k.pagesPerSection) + k.pagesPerSection) {
    if (online) sections.state[sections.nr(pfn)] |= SECTION_IS_ONLINE;
    else sections.state[sections.nr(pfn)] &= ~SECTION_IS_ONLINE;
  }
}
