// SPDX-License-Identifier: GPL-2.0-only
// NVDIMM regions: pmem ranges that namespaces are cut from (drivers/nvdimm/region_devs.c, and of namespace_devs.c and
// dimm_devs.c what allocates and counts). First fit from the bottom. A region over several DIMMs is allocated on each of
// them alike, in units of its `align` attribute:
//
//   six DIMMs, align 96M     |  0..96M  | 96M..192M |  ..     each unit is 16M of every DIMM
//
// Left out: what labels look like, BTT, blk regions.

import { type Arch, pageBytes } from "../../arch/arch.ts";
import { EINVAL, ENOSPC } from "../../include/errno.ts";
import { alignDown, alignUp, isPowerOf2 } from "../../lib/align.ts";
import type { Kernel } from "../../mm/kernel.ts";

/** A run of bytes of a region in use; `end` exclusive. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** One region. Bytes. */
export interface NdRegion {
  readonly id: number;
  /** Node it is near, where its memmap goes. */
  readonly nid: number;
  /** Node of its memory as System RAM. */
  readonly targetNid: number;
  readonly start: number;
  readonly end: number;
  /** DIMMs it is interleaved over. */
  readonly ways: number;
  /** Whether it has labels. Without, it is a single namespace that takes all of it. */
  readonly labels: boolean;
  /** Start and size of extents are multiples of this, from the region's start: the `align` attribute. */
  align: number;
  /** Extents in use, ascending. */
  readonly used: Extent[];
}

/** The regions of the machine, all free. Call it once: the result keeps track of the extents in use. */
export function ndRegions(k: Kernel): NdRegion[] {
  return k.machine.topology.pmem.map(({ id, nid, start, end, spec }) => {
    const { targetNid = nid, ways = 1, labels = true } = spec;
    const bytes = (end - start) * k.pageBytes;
    const place = { start: start * k.pageBytes, end: end * k.pageBytes };
    return { id, nid, targetNid, ...place, ways, labels, align: defaultAlign(k.arch, bytes, ways), used: [] };
  });
}

/** `default_align`: 16 MiB, or a page in smaller regions, times the ways unless they divide it. */
export function defaultAlign(arch: Arch, bytes: number, ways: number): number {
  const align = bytes < arch.namespaceUnitBytes ? pageBytes(arch) : arch.namespaceUnitBytes;
  return align % ways === 0 ? align : align * ways;
}

/**
 * `align_store`: writes the region's `align` attribute. -EINVAL unless each DIMM's share is a power of two and at least
 * a page, and the region is as large as `align`.
 */
export function setRegionAlign(k: Kernel, region: NdRegion, align: number): number {
  const each = align / region.ways;
  if (!Number.isInteger(each) || !isPowerOf2(each) || each < k.pageBytes) return -EINVAL;
  if (align > region.end - region.start) return -EINVAL;
  region.align = align;
  return 0;
}

/** `nd_region_available_dpa`, `available_size` in sysfs: bytes outside extents, in whole units; 0 without labels. */
export function availableSize({ start, end, align, used, labels }: NdRegion): number {
  if (!labels) return 0;
  let busy = 0;
  for (const extent of used) {
    const last = alignUp(extent.end - start, align);
    // The kernel answers 0 if rounding an extent up exceeds the region.
    if (last > end - start) return 0;
    busy += last - alignDown(extent.start - start, align);
  }
  return Math.max(0, alignDown(end - start - busy, align));
}

/** `nd_region_allocatable_dpa`, `max_available_extent` in sysfs: the largest size of a new namespace. */
export function maxAvailableExtent(region: NdRegion): number {
  return (region.labels ? gaps(region) : []).reduce((most, { start, end }) => Math.max(most, end - start), 0);
}

/**
 * Claims `size` bytes, as writing a namespace's `size` does (`__size_store`, `scan_allocate`). -EINVAL unless it is a
 * multiple of the region's align, -ENOSPC if no gap is large enough. A region without labels can be claimed once, as a
 * whole, whatever the size.
 */
export function claimExtent(region: NdRegion, size: number): Extent | number {
  const { start, end, labels, used } = region;
  // ndctl ignores the size and uses the whole region.
  if (!labels) return used.length > 0 ? -ENOSPC : insert(region, start, end - start);
  if (size <= 0 || size % region.align !== 0) return -EINVAL;
  const gap = gaps(region).find(({ start, end }) => end - start >= size);
  return gap === undefined ? -ENOSPC : insert(region, gap.start, size);
}

/** Frees an extent. */
export function releaseExtent(region: NdRegion, extent: Extent): void {
  region.used.splice(region.used.indexOf(extent), 1);
}

/** The gaps between extents, cut to whole units, from the bottom. */
function gaps({ start, end, align, used }: NdRegion): Extent[] {
  const found: Extent[] = [];
  let at = start;
  for (const next of [...used, { start: end, end }]) {
    const gap = { start: start + alignUp(at - start, align), end: start + alignDown(next.start - start, align) };
    if (gap.start < gap.end) found.push(gap);
    at = next.end;
  }
  return found;
}

function insert(region: NdRegion, start: number, size: number): Extent {
  const extent = { start, end: start + size };
  region.used.push(extent);
  region.used.sort((a, b) => a.start - b.start);
  return extent;
}
