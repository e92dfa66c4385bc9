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
  /** Node it is near to, where its memmap goes. */
  readonly nid: number;
  /** Node of its memory once that is System RAM. */
  readonly targetNid: number;
  readonly start: number;
  readonly end: number;
  /** DIMMs it is interleaved over. */
  readonly ways: number;
  /** Without labels it is one namespace, of any size, and nothing is allocated. */
  readonly labels: boolean;
  /** What extents are multiples of, counted from the start: the region's `align` attribute. */
  align: number;
  /** Extents in use, ascending. */
  readonly used: Extent[];
}

/** The regions of the box, all free. Call it once: namespaces are kept in what it returns. */
export function ndRegions(k: Kernel): NdRegion[] {
  return k.machine.topology.pmem.map(({ id, nid, start, end, spec }) => {
    const { targetNid = nid, ways = 1, labels = true } = spec;
    const bytes = (end - start) * k.pageBytes;
    const place = { start: start * k.pageBytes, end: end * k.pageBytes };
    return { id, nid, targetNid, ...place, ways, labels, align: defaultAlign(k.arch, bytes, ways), used: [] };
  });
}

/** `default_align`: 16 MiB, or a page if there is less than that, times the ways unless they divide it. */
export function defaultAlign(arch: Arch, bytes: number, ways: number): number {
  const align = bytes < arch.namespaceUnitBytes ? pageBytes(arch) : arch.namespaceUnitBytes;
  return align % ways === 0 ? align : align * ways;
}

/**
 * `align_store`: writes the region's `align` attribute. -EINVAL unless each DIMM has a power of two of it, at least a
 * page, and the region has as much.
 */
export function setRegionAlign(k: Kernel, region: NdRegion, align: number): number {
  const each = align / region.ways;
  if (!Number.isInteger(each) || !isPowerOf2(each) || each < k.pageBytes) return -EINVAL;
  if (align > region.end - region.start) return -EINVAL;
  region.align = align;
  return 0;
}

/**
 * `nd_region_available_dpa`, `available_size` in sysfs: bytes in no extent, as far as they make whole units; none without
 * labels.
 */
export function availableSize({ start, end, align, used, labels }: NdRegion): number {
  if (!labels) return 0;
  let busy = 0;
  for (const extent of used) {
    const last = alignUp(extent.end - start, align);
    // An extent whose unit the region does not have whole makes the kernel answer 0.
    if (last > end - start) return 0;
    busy += last - alignDown(extent.start - start, align);
  }
  return Math.max(0, alignDown(end - start - busy, align));
}

/** `nd_region_allocatable_dpa`, `max_available_extent` in sysfs: the most that one namespace can get. */
export function maxAvailableExtent(region: NdRegion): number {
  return (region.labels ? gaps(region) : []).reduce((most, { start, end }) => Math.max(most, end - start), 0);
}

/**
 * Claims `size` bytes, as writing a namespace's `size` does (`__size_store`, `scan_allocate`). -EINVAL unless it is a
 * multiple of the region's align, -ENOSPC when no gap is large enough. A region without labels gives all of itself,
 * whatever was asked for, once.
 */
export function claimExtent(region: NdRegion, size: number): Extent | number {
  const { start, end, labels, used } = region;
  // ndctl passes over the size and uses the whole.
  if (!labels) return used.length > 0 ? -ENOSPC : insert(region, start, end - start);
  if (size <= 0 || size % region.align !== 0) return -EINVAL;
  const gap = gaps(region).find(({ start, end }) => end - start >= size);
  return gap === undefined ? -ENOSPC : insert(region, gap.start, size);
}

/** Gives an extent back. */
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
