// SPDX-License-Identifier: GPL-2.0-only
// struct zone and pglist_data (include/linux/mmzone.h), and the free areas of the buddy allocator. A zone has one
// free area per run of memory it was given (boot range or hot-added block), since blocks never merge across those.

import type { Buddy } from "../lib/buddy.ts";
import { MAX_NR_ZONES } from "../include/mmzone.ts";

/** `struct zone`. Counts in frames. */
export interface Zone {
  readonly nid: number;
  readonly index: number;
  /** First frame spanned; meaningless while spanned is 0. */
  startPfn: number;
  spanned: number;
  present: number;
  managed: number;
  /** Free areas, ascending by frame. */
  readonly areas: Buddy[];
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

/** Frames free in a zone. */
export function zoneFreePages(zone: Zone): number {
  return zone.areas.reduce((sum, area) => sum + area.freeUnits, 0);
}
