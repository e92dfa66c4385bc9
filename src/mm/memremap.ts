// SPDX-License-Identifier: GPL-2.0-only
// ZONE_DEVICE ranges (mm/memremap.c with patches 4 and 9 of document 001): memremap_pages() brings the ranges of a
// pgmap up one by one, memunmap_pages() takes them down again. A pgmap holds one reference per page or compound page
// for as long as it is up. Left out: private and P2PDMA memory, KASAN shadows, protection bits; that get_dev_pagemap()
// of Linux knows a cached pgmap's first range only and searches anew for every page of the others.

import { EINVAL, ENOMEM, ENXIO } from "../include/errno.ts";
import type { DevPagemap, MemoryType, PfnRange, VmemAltmap } from "../include/memremap.ts";
import { PAGE_REFCOUNT } from "../include/mm_types.ts";
import { alignDown, isAligned } from "../lib/align.ts";
import { panic } from "../lib/bug.ts";
import { altmapHas, altmapOffset } from "./vmemmap/altmap.ts";
import { type Kernel, newObject } from "./kernel.ts";
import { overlapsMemoryBlocks } from "./hotplug/memory_block.ts";
import { addMemoryFailed, mapDirect, unmapDirect } from "./direct_map.ts";
import { addPages, moveRangeToDeviceZone, removePages } from "./hotplug/memory_hotplug.ts";
import { memmapInitAltmap, memmapInitZoneDevice } from "./mm_init.ts";
import { pageRefcount, vmemmapPage, writePage } from "./page.ts";
import { pageInitPoison } from "./page_init.ts";
import { vmemmapCanOptimize } from "./vmemmap/sparse_vmemmap.ts";
import { C } from "./vmstat.ts";
import { levelPages, lookupAddress, vmemmapVpn } from "./pgtable.ts";
import { sectionsUse } from "./vmemmap/populate.ts";
import { traced } from "./trace.ts";

const { condResched, pgmapLookups, pgmapRefs } = C;

/** A pgmap for ranges that are not up yet. */
export function newPgmap(
  k: Kernel,
  type: MemoryType,
  ranges: readonly PfnRange[],
  altmap: VmemAltmap | null,
  nid: number,
  geometry: number,
): DevPagemap {
  const pgmap: DevPagemap = {
    type,
    ranges,
    nrRange: 0,
    geometry,
    altmap,
    nid,
    refs: 0,
    dying: false,
    addrLo: 0,
    addrHi: 0,
  };
  const { lo, hi } = newObject(k, pgmap);
  return Object.assign(pgmap, { addrLo: lo, addrHi: hi });
}

/**
 * `memremap_pages`: brings up every range of the pgmap. 0 or a negative errno with every frame, table, section and
 * reference as before: -EINVAL for no range, an altmap with several ranges, misaligned ranges, or a compound cut by the
 * end of a range on kernels that put references page by page; -ENOMEM without memory or if another pgmap overlaps;
 * -ENXIO on System RAM.
 */
export const memremapPages = traced("memremap_pages()", (k: Kernel, pgmap: DevPagemap): number => {
  if (pgmap.ranges.length === 0) return -EINVAL;
  pgmap.nrRange = 0;
  pgmap.dying = false;
  const initial = 1;
  pgmap.refs = initial;
  for (let i = 0; i < pgmap.ranges.length; i++) {
    const err = pagemapRange(k, pgmap, i);
    if (err < 0) {
      memunmapPages(k, pgmap);
      return err;
    }
    pgmap.nrRange++;
  }
  return 0;
});

/** `memunmap_pages`: takes down the ranges that are up. Panics if references on the pgmap remain. */
export const memunmapPages = traced("memunmap_pages()", (k: Kernel, pgmap: DevPagemap): void => {
  devPagemapKill(pgmap);
  for (let i = 0; i < pgmap.nrRange; i++) putRange(k, pgmap, i);
  // The kernel waits until the count is zero. Nothing else runs here, so a remaining reference would stay forever.
  if (pgmap.refs !== 0) panic(`memunmapPages: ${pgmap.refs} references on the pgmap remain`);
  for (let i = 0; i < pgmap.nrRange; i++) pageunmapRange(k, pgmap, i);
  pageunmapDone(k, pgmap);
});

/** `dev_pagemap_kill`: forbids new references and drops the initial one. */
export function devPagemapKill(pgmap: DevPagemap): void {
  pgmap.dying = true;
  pgmap.refs--;
}

/** The end of memunmap_pages(): checks the altmap and resets the count of ranges. */
export function pageunmapDone(k: Kernel, pgmap: DevPagemap): void {
  if (pgmap.altmap !== null && pgmap.altmap.alloc !== 0) {
    if (!k.config.errata.addPagesNoUnwind) {
      panic(`memunmapPages: failed to free all reserved pages, ${pgmap.altmap.alloc} left in the altmap`);
    }
    // A WARN(): what __add_pages() left behind stays.
    k.stat[C.warnings]++;
  }
  pgmap.nrRange = 0;
}

/** `get_dev_pagemap`: the live pgmap of a frame with a reference, reusing `cached` when the frame is in it; or null. */
export function getDevPagemap(k: Kernel, pfn: number, cached: DevPagemap | null): DevPagemap | null {
  if (cached !== null) {
    for (let i = 0; i < cached.ranges.length; i++) {
      if (pfn >= cached.ranges[i].start && pfn < cached.ranges[i].end) return cached;
    }
    putDevPagemap(cached);
  }
  k.stat[pgmapLookups]++;
  const pgmap = k.pgmaps.lookup(pfn);
  if (pgmap === null || pgmap.dying) return null;
  k.stat[pgmapRefs]++;
  pgmap.refs++;
  return pgmap;
}

/** `put_dev_pagemap`. */
export function putDevPagemap(pgmap: DevPagemap | null): void {
  if (pgmap !== null) pgmap.refs--;
}

/** `pfn_first`: first data frame of a range; a pgmap's altmap lies at the start of its first range. */
export function pfnFirst(pgmap: DevPagemap, range: number): number {
  const { start } = pgmap.ranges[range];
  return range > 0 ? start : start + altmapOffset(pgmap.altmap);
}

/** `pfn_len`: references a range holds, one per compound page that is wholly in it. */
export function pfnLen(k: Kernel, pgmap: DevPagemap, range: number): number {
  const pages = pgmap.ranges[range].end - pfnFirst(pgmap, range);
  return k.config.errata.refShiftLeft ? pages * pgmap.geometry : Math.floor(pages / pgmap.geometry);
}

/**
 * Whether memunmap_pages() would wait: the pgmap has extra references, a page or compound has more than its initial
 * reference, or the altmap holds a neighbour's memmap.
 */
export function pagesInUse(k: Kernel, pgmap: DevPagemap): boolean {
  if (altmapLent(k, pgmap)) return true;
  let own = 1;
  for (let i = 0; i < pgmap.nrRange; i++) own += pfnLen(k, pgmap, i);
  if (pgmap.refs > own) return true;
  if (k.gupRefs === 0) return false;
  for (let i = 0; i < pgmap.nrRange; i++) {
    for (let pfn = pfnFirst(pgmap, i); pfn < pgmap.ranges[i].end; pfn += pgmap.geometry) {
      if (pageRefcount(k, pfn) > 1) return true;
    }
  }
  return false;
}

/** `pagemap_range`. */
const pagemapRange = traced("pagemap_range(_, range)", (k: Kernel, pgmap: DevPagemap, i: number): number => {
  const { start, end } = pgmap.ranges[i];
  if (pgmap.altmap !== null && i > 0) return -EINVAL;
  if (!compoundsFit(k, pgmap, i)) return -EINVAL;
  if (k.pgmaps.overlaps(start, end)) return -ENOMEM;
  if (overlapsRam(k, start, end)) return -ENXIO;
  k.pgmaps.store(pgmap.ranges[i], pgmap);
  let err = mapDirect(k, pgmap.nid, start, end);
  if (err === 0) {
    err = addPages(k, pgmap.nid, start, end - start, { altmap: pgmap.altmap, pgmap });
    if (err < 0) addMemoryFailed(k, start, end);
  }
  if (err < 0) {
    k.pgmaps.delete(pgmap.ranges[i]);
    return err;
  }
  moveRangeToDeviceZone(k, pgmap.nid, start, end);
  if (pgmap.altmap !== null) memmapInitAltmap(k, pgmap.altmap, pgmap.nid);
  memmapInitZoneDevice(k, i === 0 ? start + altmapOffset(pgmap.altmap) : start, end, pgmap);
  pgmap.refs += pfnLen(k, pgmap, i);
  return 0;
});

/**
 * Patches 4 and 12 assume that ranges are aligned to the geometry. What is really needed: with shared tails, compounds
 * larger than a section begin at a section, smaller ones do not cross its end; if tails hold a mask (7.1), a head is
 * aligned to its compound; if references are put page by page, no compound is cut.
 */
function compoundsFit(k: Kernel, pgmap: DevPagemap, i: number): boolean {
  if (pgmap.geometry === 1) return true;
  const first = pfnFirst(pgmap, i);
  const shared = vmemmapCanOptimize(k, pgmap) ? Math.min(pgmap.geometry, k.pagesPerSection) : 1;
  const fits = isAligned(first, k.headMask ? pgmap.geometry : shared);
  if (!fits && !k.config.errata.compoundStartUnchecked) return false;
  return k.config.memunmap === "bulk" || isAligned(pgmap.ranges[i].end - first, pgmap.geometry);
}

/**
 * Gives back the references of a range: `for_each_device_pfn(..) put_page()` before 5.18, `percpu_ref_put_many` since.
 */
function putRange(k: Kernel, pgmap: DevPagemap, i: number): void {
  if (k.config.memunmap === "bulk") {
    // Since 5.18 a pgmap drops all at once; the pages' own last reference goes with their memmap.
    pgmap.refs -= pfnLen(k, pgmap, i);
    return;
  }
  const { end } = pgmap.ranges[i];
  for (let pfn = pfnFirst(pgmap, i); pfn < end; pfn = pfnNext(k, pgmap, pfn)) putPgmapPage(k, pgmap, pfn);
}

/** The last put_page() of a device page: 1 -> 0 drops the page's reference on the pgmap. */
function putPgmapPage(k: Kernel, pgmap: DevPagemap, pfn: number): void {
  if (k.contents) {
    const count = pageRefcount(k, pfn);
    if (count !== 1) panic(`memunmapPages: frame ${pfn} is still in use, refcount ${count}`);
    writePage(k, pfn, PAGE_REFCOUNT, 0);
  }
  pgmap.refs--;
}

/** `pfn_next` (patch 4): the next head, yielding once in 1024. The patch as posted tests for the opposite. */
function pfnNext(k: Kernel, pgmap: DevPagemap, pfn: number): number {
  const onBoundary = pfn % (1024 * pgmap.geometry) === 0;
  if (onBoundary !== k.config.errata.pfnNextYield) k.stat[condResched]++;
  return pfn + pgmap.geometry;
}

/**
 * `pageunmap_range`, in parts, so that verify/races can run other CPUs between them. The pgmap stays in the tree while
 * there is memmap: without it pfn_to_online_page() would take the frames for RAM. The kernel does not shrink
 * ZONE_DEVICE.
 */
export const PAGEUNMAP_PARTS = [
  {
    name: "remove the memmap",
    run: (k: Kernel, pgmap: DevPagemap, i: number): void => {
      const { start, end } = pgmap.ranges[i];
      // remove_pfn_range_from_zone(), which needs the memmap.
      pageInitPoison(k, start, end - start);
      removePages(k, start, end - start, pgmap.altmap);
      unmapDirect(k, start, end);
    },
  },
  {
    name: "take the pgmap out of the tree",
    run: (k: Kernel, pgmap: DevPagemap, i: number): void => k.pgmaps.delete(pgmap.ranges[i]),
  },
] as const;

const pageunmapRange = traced("pageunmap_range(_, range)", (k: Kernel, pgmap: DevPagemap, i: number): void => {
  for (const { run } of PAGEUNMAP_PARTS) run(k, pgmap, i);
});

function overlapsRam(k: Kernel, start: number, end: number): boolean {
  return k.machine.topology.dram.some((r) => r.start < end && start < r.end) || overlapsMemoryBlocks(k, start, end);
}

/**
 * Whether a neighbour's struct pages lie in this pgmap's altmap, on the first or last page (or leaf) of its memmap. If
 * so, its pmem must stay. Linux does not check: it frees the page when the first of the devices is removed.
 */
function altmapLent(k: Kernel, pgmap: DevPagemap): boolean {
  if (pgmap.altmap === null || pgmap.nrRange === 0) return false;
  const [range] = pgmap.ranges;
  return lent(k, pgmap, vmemmapPage(k, range.start), range) || lent(k, pgmap, vmemmapPage(k, range.end - 1), range);
}

function lent(k: Kernel, { altmap }: DevPagemap, vpage: number, range: PfnRange): boolean {
  const leaf = lookupAddress(k, k.rootPfn, vmemmapVpn(k, vpage));
  if (leaf === null || !altmapHas(altmap!, leaf.pfn)) return false;
  const span = levelPages(k, leaf.level);
  return sectionsUse(k, alignDown(vpage, span), span, range);
}
