// SPDX-License-Identifier: GPL-2.0-only
// NVDIMM regions: pmem ranges that namespaces are cut from (drivers/nvdimm/region_devs.c). First fit from the bottom.
// Left out: interleave sets, labels, BTT, blk regions.

import { EINVAL, ENOSPC } from "../../include/errno.ts";
import type { Kernel } from "../../mm/kernel.ts";

/** A run of bytes of a region in use; `end` exclusive. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** One region. Bytes. */
export interface NdRegion {
  readonly id: number;
  readonly nid: number;
  readonly start: number;
  readonly end: number;
  /** Extents in use, ascending. */
  readonly used: Extent[];
}

/** The regions the box has, nothing of them in use: asked for once, since they are where namespaces are kept. */
export function ndRegions(k: Kernel): NdRegion[] {
  return k.machine.topology.pmem.map(({ id, nid, start, end }) => ({
    id,
    nid,
    start: start * k.pageBytes,
    end: end * k.pageBytes,
    used: [],
  }));
}

/** Claims `size` bytes. -EINVAL unless it is a multiple of the region's unit, -ENOSPC when no gap is large enough. */
export function claimExtent(k: Kernel, region: NdRegion, size: number): Extent | number {
  if (size <= 0 || size % k.arch.namespaceUnitBytes !== 0) return -EINVAL;
  let at = region.start;
  for (const [i, extent] of region.used.entries()) {
    if (at + size <= extent.start) return insert(region, i, at, size);
    at = extent.end;
  }
  return at + size <= region.end ? insert(region, region.used.length, at, size) : -ENOSPC;
}

/** Gives an extent back. */
export function releaseExtent(region: NdRegion, extent: Extent): void {
  region.used.splice(region.used.indexOf(extent), 1);
}

function insert(region: NdRegion, i: number, start: number, size: number): Extent {
  const extent = { start, end: start + size };
  region.used.splice(i, 0, extent);
  return extent;
}
