// SPDX-License-Identifier: GPL-2.0-only
// struct zone and pglist_data (include/linux/mmzone.h), and the free areas of the buddy allocator. A zone has one
// free area per run of memory it was given (boot range or hot-added block), since blocks never merge across those.
//
//   areas    | boot range ........ | block 48 | block 49 |   (hole)   | block 53 |      ascending by frame
//   hints    the first area that may have a free block of an order; areas before it have none
//
// Thousands of blocks are thousands of areas: an area is found by binary search, a free block from the hint on.
// Left out: watermarks, per-CPU lists, LRU lists and all of reclaim.

import type { Buddy } from "../lib/buddy.ts";
import { MAX_NR_ZONES } from "../include/mmzone.ts";
import { panic } from "../lib/bug.ts";

/** Orders a hint is kept for; larger than any architecture's maxOrder. */
const MAX_ORDERS = 16;

/** `struct zone`. Counts in frames. */
export interface Zone {
  readonly nid: number;
  readonly index: number;
  /** First frame spanned; meaningless while spanned is 0. */
  startPfn: number;
  spanned: number;
  present: number;
  managed: number;
  /** Free areas, ascending by frame; changed by addFreeArea() and removeFreeArea() only. */
  readonly areas: Buddy[];
  /** By order: index of the first area worth searching. */
  readonly hints: Int32Array;
  /** No hint is above this. */
  topHint: number;
}

/** `pg_data_t`: one node. */
export interface PgData {
  readonly nid: number;
  readonly zones: readonly Zone[];
}

/** An empty node. */
export function newNode(nid: number): PgData {
  const zones = Array.from({ length: MAX_NR_ZONES }, (_, index) => ({
    nid,
    index,
    startPfn: 0,
    spanned: 0,
    present: 0,
    managed: 0,
    areas: [],
    hints: new Int32Array(MAX_ORDERS),
    topHint: 0,
  }));
  return { nid, zones };
}

/** `resize_zone_range`: stretches a zone's span over a range. */
export function growZoneSpan(zone: Zone, start: number, end: number): void {
  if (zone.spanned === 0) {
    zone.startPfn = start;
    zone.spanned = end - start;
    return;
  }
  const zoneEnd = Math.max(zone.startPfn + zone.spanned, end);
  zone.startPfn = Math.min(zone.startPfn, start);
  zone.spanned = zoneEnd - zone.startPfn;
}

/**
 * `shrink_zone_span`: called after [start, end) left the zone. Only an edge moves, to the nearest memory left in the
 * zone; the kernel searches for it subsection by subsection.
 */
export function shrinkZoneSpan(zone: Zone, start: number, end: number): void {
  const { areas } = zone;
  if (areas.length === 0) {
    zone.startPfn = 0;
    zone.spanned = 0;
    return;
  }
  const zoneEnd = zone.startPfn + zone.spanned;
  const last = areas[areas.length - 1];
  const newStart = zone.startPfn === start ? areas[0].base : zone.startPfn;
  const newEnd = zoneEnd === end ? last.base + last.length : zoneEnd;
  zone.startPfn = newStart;
  zone.spanned = newEnd - newStart;
}

/** Frames free in a zone. */
export function zoneFreePages(zone: Zone): number {
  return zone.areas.reduce((sum, area) => sum + area.freeUnits, 0);
}

/** Adds a free area to a zone. Panics if it overlaps another. */
export function addFreeArea(zone: Zone, area: Buddy): void {
  const i = firstAreaAbove(zone, area.base);
  const before = zone.areas[i - 1];
  const after = zone.areas[i];
  if (
    before !== undefined && before.base + before.length > area.base ||
    after !== undefined && area.base + area.length > after.base
  ) panic(`addFreeArea: frame ${area.base} is in another area`);
  zone.areas.splice(i, 0, area);
  lowerHints(zone, 0);
}

/** Removes a free area from its zone. */
export function removeFreeArea(zone: Zone, area: Buddy): void {
  zone.areas.splice(zone.areas.indexOf(area), 1);
  lowerHints(zone, 0);
}

/** The free area of a frame in this zone, or null. */
export function zoneArea(zone: Zone, pfn: number): Buddy | null {
  const i = areaIndex(zone, pfn);
  return i < 0 ? null : zone.areas[i];
}

/** Takes the lowest free block of a zone; -1 when it has none. */
export function zoneAlloc(zone: Zone, order: number): number {
  const { areas, hints } = zone;
  let i = hints[order];
  let pfn = -1;
  while (i < areas.length && (pfn = areas[i].alloc(order)) < 0) i++;
  hints[order] = i;
  if (i > zone.topHint) zone.topHint = i;
  return pfn;
}

/**
 * Takes `count` single frames of a zone into `out`, the same ones as `count` calls of zoneAlloc(). Returns how many it
 * got.
 */
export function zoneAllocFrames(zone: Zone, out: Float64Array, at: number, count: number): number {
  const { areas, hints } = zone;
  let i = hints[0];
  let got = 0;
  while (i < areas.length && (got += areas[i].allocUnits(out, at + got, count - got)) < count) i++;
  hints[0] = i;
  if (i > zone.topHint) zone.topHint = i;
  return got;
}

/** Gives a block back to the area of this zone that contains it; false when none does. */
export function zoneFree(zone: Zone, pfn: number, order: number): boolean {
  const i = areaIndex(zone, pfn);
  if (i < 0) return false;
  zone.areas[i].free(pfn, order);
  if (zone.topHint > i) lowerHints(zone, i);
  return true;
}

/** Records that an area has free blocks again. */
function lowerHints(zone: Zone, i: number): void {
  const { hints } = zone;
  for (let o = 0; o < MAX_ORDERS; o++) if (hints[o] > i) hints[o] = i;
  zone.topHint = i;
}

/** Index of the area a frame is in, or -1. */
function areaIndex(zone: Zone, pfn: number): number {
  const i = firstAreaAbove(zone, pfn) - 1;
  return i >= 0 && pfn < zone.areas[i].base + zone.areas[i].length ? i : -1;
}

/** Index of the first area that begins above a frame. */
function firstAreaAbove(zone: Zone, pfn: number): number {
  const { areas } = zone;
  let low = 0;
  let high = areas.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (areas[middle].base > pfn) high = middle;
    else low = middle + 1;
  }
  return low;
}
