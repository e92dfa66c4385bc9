// SPDX-License-Identifier: GPL-2.0-only
// DAX regions and the devices on them (drivers/dax/bus.c with patch 6 of document 001). A static region is one device
// over a pfn namespace, with the pgmap the namespace set up; a dynamic region (hmem) is cut into devices of any size,
// each of which makes its pgmap when it is probed. Left out: sysfs, seed devices, which driver a device is bound to by
// default.

import { EBUSY, EINVAL, ENOSPC } from "../../include/errno.ts";
import type { DevPagemap, PfnRange } from "../../include/memremap.ts";
import { type Arch, levelBytes } from "../../arch/arch.ts";
import { isAligned } from "../../lib/align.ts";
import { type AddressSpace, type Kernel, newObject } from "../../mm/kernel.ts";
import { unmapMapping } from "../../mm/memory.ts";
import { traced } from "../../mm/trace.ts";

/** `struct dax_region`. */
export interface DaxRegion {
  /** Node it is near. */
  readonly nid: number;
  /** Node of its memory as System RAM. */
  readonly targetNid: number;
  readonly range: PfnRange;
  /** Smallest mapping, bytes. */
  readonly align: number;
  /** Whether it has one device, whose pgmap belongs to the namespace. */
  readonly isStatic: boolean;
  readonly devices: DevDax[];
}

/** `struct dev_dax`. */
export interface DevDax extends AddressSpace {
  readonly region: DaxRegion;
  ranges: PfnRange[];
  /** Page size of its mappings, bytes. */
  align: number;
  /** Set by the namespace (static) or by the last probe (dynamic). */
  pgmap: DevPagemap | null;
  /** Whether the device_dax driver is bound and the memmap is up. */
  bound: boolean;
  /** The attribute `memmap_on_memory`: whether kmem puts the memmap of memory blocks on the blocks. */
  memmapOnMemory: boolean;
  /** Ranges that the kmem driver turned into System RAM; null unless that driver is bound. */
  kmem: readonly PfnRange[] | null;
}

/**
 * Page sizes a device may have, `dax_align_valid` and `nd_pfn_supported_alignments`: what an entry of each level maps,
 * if huge pages of that level may be mapped (has_transparent_pud_hugepage()).
 */
export function daxAligns(arch: Arch): number[] {
  return (arch.pudPages === false ? [0, 1] : [0, 1, 2]).map((level) => levelBytes(arch, level));
}

/** `alloc_dax_region`: null unless the range is aligned at both ends; a static one may be empty. */
export function allocDaxRegion(
  k: Kernel,
  nid: number,
  range: PfnRange,
  align: number,
  isStatic: boolean,
  targetNid = nid,
): DaxRegion | null {
  const pages = align / k.pageBytes;
  if (!isAligned(range.start, pages) || !isAligned(range.end, pages) || range.end < range.start) return null;
  if (range.end === range.start && !isStatic) return null;
  return { nid, targetNid, range, align, isStatic, devices: [] };
}

/**
 * `devm_create_dev_dax`: a device of `pages` frames, in as many ranges as the free space requires. -ENOSPC, -EINVAL.
 */
export const createDevDax = traced("devm_create_dev_dax(_, pages, align)", (
  k: Kernel,
  region: DaxRegion,
  pages: number,
  align: number,
  pgmap: DevPagemap | null,
): DevDax | number => {
  // A static region without data gets a device without ranges, like a seed device.
  const ranges = pages === 0 && region.isStatic ? [] : takeRanges(k, region, pages, align);
  if (typeof ranges === "number") return ranges;
  const dev: DevDax = {
    region,
    ranges,
    align,
    pgmap,
    bound: false,
    memmapOnMemory: false,
    kmem: null,
    addrLo: 0,
    addrHi: 0,
  };
  const { lo, hi } = newObject(k, dev);
  Object.assign(dev, { addrLo: lo, addrHi: hi });
  region.devices.push(dev);
  return dev;
});

/**
 * Resizes or realigns an unbound dynamic device (daxctl reconfigure-device). -EBUSY if bound; otherwise errors as for
 * createDevDax().
 */
export function reconfigureDevDax(k: Kernel, dev: DevDax, pages: number, align: number): number {
  if (dev.bound || dev.kmem !== null) return -EBUSY;
  if (dev.region.isStatic) return -EINVAL;
  const before = dev.ranges;
  dev.ranges = [];
  const ranges = takeRanges(k, dev.region, pages, align);
  dev.ranges = typeof ranges === "number" ? before : ranges;
  if (typeof ranges === "number") return ranges;
  dev.align = align;
  return 0;
}

/** `kill_dev_dax`: unmaps the device everywhere; a dynamic one forgets its pgmap (patch 6). */
export const killDevDax = traced("kill_dev_dax()", (k: Kernel, dev: DevDax): void => {
  unmapMapping(k, dev, 0, Infinity);
  if (!dev.region.isStatic && k.config.clearDynamicPgmap) dev.pgmap = null;
});

/** Removes an unbound device from its region. -EBUSY if bound, -EINVAL if it is already gone. */
export function deleteDevDax(dev: DevDax): number {
  if (dev.bound || dev.kmem !== null) return -EBUSY;
  const at = dev.region.devices.indexOf(dev);
  if (at < 0) return -EINVAL;
  dev.region.devices.splice(at, 1);
  return 0;
}

/** `dax_pgoff_to_phys`: first frame of `pages` device pages from `pgoff` on, or -1 if they are not in one range. */
export function daxPgoffToPfn(dev: DevDax, pgoff: number, pages: number): number {
  let offset = pgoff;
  for (const { start, end } of dev.ranges) {
    if (offset < end - start) return start + offset + pages <= end ? start + offset : -1;
    offset -= end - start;
  }
  return -1;
}

/** Pages of a device. */
export function devDaxPages(dev: DevDax): number {
  return dev.ranges.reduce((sum, r) => sum + r.end - r.start, 0);
}

/**
 * Free space of a region, first fit, aligned. -EINVAL for an invalid page size, or a size that is not a multiple of it.
 */
function takeRanges(k: Kernel, region: DaxRegion, pages: number, align: number): PfnRange[] | number {
  const unit = align / k.pageBytes;
  if (!daxAligns(k.arch).includes(align) || pages <= 0 || !isAligned(pages, unit)) return -EINVAL;
  const used = region.devices.flatMap((d) => d.ranges).sort((a, b) => a.start - b.start);
  const ranges: PfnRange[] = [];
  let left = pages;
  let at = region.range.start;
  for (const next of [...used, { start: region.range.end, end: region.range.end }]) {
    const start = Math.ceil(at / unit) * unit;
    const room = Math.floor((next.start - start) / unit) * unit;
    if (room > 0 && left > 0) {
      const take = Math.min(room, left);
      ranges.push({ start, end: start + take });
      left -= take;
    }
    at = Math.max(at, next.end);
  }
  return left > 0 ? -ENOSPC : ranges;
}
