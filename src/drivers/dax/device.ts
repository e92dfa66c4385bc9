// SPDX-License-Identifier: GPL-2.0-only
// The device-dax driver (drivers/dax/device.c with patches 5, 6 and 7 of document 001): probing a device brings its
// memmap up with the device's page size as geometry; faults map exactly that size and record mapping and index in
// struct pages, in every base page, or in the head of a compound.
// Left out: the character device, checks of permissions and of MAP_SHARED.

import { EBUSY, EINVAL } from "../../include/errno.ts";
import { PAGE_MAPPING, PAGE_MAPPING_HI } from "../../include/mm_types.ts";
import { levelBytes } from "../../arch/arch.ts";
import { alignDown, alignUp, isAligned, pfnDown } from "../../lib/align.ts";
import type { FaultResult, Kernel, Mm, VmArea } from "../../mm/kernel.ts";
import { insertPfn } from "../../mm/memory.ts";
import { memremapPages, memunmapPages, newPgmap, pagesInUse } from "../../mm/memremap.ts";
import { compoundHead, readPage, setPageIndex, writePage } from "../../mm/page.ts";
import { levelPages } from "../../mm/pgtable.ts";
import { C } from "../../mm/vmstat.ts";
import { rangeTaken } from "../base/memory_hotplug.ts";
import { daxPgoffToPfn, type DevDax, devDaxPages, killDevDax } from "./bus.ts";
import { traced } from "../../mm/trace.ts";

/**
 * `dev_dax_probe`: binds the driver. 0; -EBUSY if one is bound or the memory is taken, -EINVAL for a static pgmap with
 * several ranges; otherwise the error of memremap_pages(), with nothing changed.
 */
export const devDaxProbe = traced("dev_dax_probe()", (k: Kernel, dev: DevDax): number => {
  if (dev.bound || dev.kmem !== null) return -EBUSY;
  const geometry = k.config.compoundDevmap ? pfnDown(dev.align, k.pageBytes) : 1;
  let pgmap = dev.pgmap;
  if (pgmap !== null && dev.ranges.length > 1) return -EINVAL;
  if (dev.ranges.some(({ start, end }) => rangeTaken(k, start, end))) return -EBUSY;
  if (pgmap === null) pgmap = newPgmap(k, "generic", dev.ranges, null, dev.region.nid, geometry);
  else pgmap.geometry = geometry;
  dev.pgmap = pgmap;
  const err = memremapPages(k, pgmap);
  if (err < 0) {
    // devm frees the pgmap that probe allocated.
    if (!dev.region.isStatic && k.config.clearDynamicPgmap) dev.pgmap = null;
    return err;
  }
  dev.bound = true;
  return 0;
});

/**
 * Unbinds the driver: removes mappings, then the memmap. -EBUSY while a page is held (the kernel would wait) or the
 * altmap holds a neighbour's memmap.
 */
export function devDaxRemove(k: Kernel, dev: DevDax): number {
  if (!dev.bound || dev.pgmap === null) return -EINVAL;
  if (pagesInUse(k, dev.pgmap)) return -EBUSY;
  const pgmap = dev.pgmap;
  killDevDax(k, dev);
  memunmapPages(k, pgmap);
  dev.bound = false;
  return 0;
}

/**
 * `dax_mmap`: maps `pages` device pages from `pgoff` on at a user address. -EINVAL unless aligned to the page size and
 * inside the device (the kernel checks addresses only; the rest fails when a page is touched).
 */
export function daxMmap(k: Kernel, dev: DevDax, mm: Mm, vpn: number, pages: number, pgoff: number): VmArea | number {
  const unit = dev.align / k.pageBytes;
  if (!dev.bound || pages <= 0) return -EINVAL;
  if (vpn % unit !== 0 || pages % unit !== 0 || pgoff % unit !== 0) return -EINVAL;
  if (mm.areas.some((a) => a.start < vpn + pages && vpn < a.end)) return -EINVAL;
  if (pgoff + pages > devDaxPages(dev)) return -EINVAL;
  const area = { mm, start: vpn, end: vpn + pages, pgoff, mapping: dev, fault: devDaxHugeFault };
  mm.areas.push(area);
  return area;
}

/** `dev_dax_huge_fault` for one level, with `__dev_dax_{pte,pmd,pud}_fault`. */
export function devDaxHugeFault(k: Kernel, area: VmArea, vpn: number, level: number): FaultResult {
  const dev = area.mapping as DevDax;
  if (!checkVma(k, dev, area)) return "sigbus";
  const faultSize = levelBytes(k.arch, level);
  if (dev.align > faultSize) return "sigbus";
  if (dev.align < faultSize) return "fallback";
  const pages = levelPages(k, level);
  const first = alignDown(vpn, pages);
  if (first < area.start || first + pages > area.end) return "sigbus";
  const pfn = daxPgoffToPfn(dev, linearPageIndex(area, first), pages);
  if (pfn < 0) return "sigbus";
  const result = insertPfn(k, area, first, level, pfn);
  if (result === "nopage" && k.contents) setMapping(k, area, vpn, pfn, pages, dev);
  return result;
}

/** `check_vma`: the device may have been unbound since it was mapped, or bound again with another page size. */
function checkVma(k: Kernel, dev: DevDax, area: VmArea): boolean {
  const unit = dev.align / k.pageBytes;
  return dev.bound && isAligned(area.start, unit) && isAligned(area.end, unit);
}

/** set_page_mapping() or set_compound_mapping() (patch 7), with the index rounding of patch 5. */
function setMapping(k: Kernel, area: VmArea, vpn: number, pfn: number, pages: number, dev: DevDax): void {
  // Patch 5 uses ALIGN(), which rounds up; the code it replaced rounded down.
  const first = k.config.errata.pgoffAlignUp ? alignUp(vpn, pages) : alignDown(vpn, pages);
  const pgoff = linearPageIndex(area, first);
  if (dev.pgmap !== null && dev.pgmap.geometry > 1) {
    const head = compoundHead(k, pfn);
    setPageMapping(k, head, dev, pgoff - (k.config.errata.pgoffAlignUp ? 0 : pfn - head));
    return;
  }
  for (let i = 0; i < pages; i++) setPageMapping(k, pfn + i, dev, pgoff + i);
}

/** Records mapping and index in one struct page unless it has a mapping. */
function setPageMapping(k: Kernel, pfn: number, dev: DevDax, index: number): void {
  if (readPage(k, pfn, PAGE_MAPPING) !== 0 || readPage(k, pfn, PAGE_MAPPING_HI) !== 0) return;
  writePage(k, pfn, PAGE_MAPPING, dev.addrLo);
  writePage(k, pfn, PAGE_MAPPING_HI, dev.addrHi);
  setPageIndex(k, pfn, index);
  k.stat[C.mappingStores]++;
}

/** `linear_page_index`. */
function linearPageIndex(area: VmArea, vpn: number): number {
  return vpn - area.start + area.pgoff;
}
