// SPDX-License-Identifier: GPL-2.0-only
// Populating the virtual memmap (mm/sparse-vmemmap.c with patches 9, 10, 12 and 14 of document 001). Addresses are
// vmemmap page numbers. What a 2 MiB compound looks like, one column per vmemmap page (8 of them), letters are frames:
//
//   base pages     a b c d e f g h    or one PMD leaf
//   shared tails   a b b b b b b b    b has refcount 7, one per entry
//   shared head    a a a a a a a a    the follow-up: a has refcount 8
//   by zone        a z z z z z z z    what if: z is a page of tails for all compounds of the order
//
// A 1 GiB compound spans 8 sections; from its second section on everything maps the tail frame of the section before.
// Tables and frames made before a failure stay: section_deactivate() removes them.
// Left out: architectures that populate their own way (powerpc).

import { ENOMEM } from "../../include/errno.ts";
import type { DevPagemap, VmemAltmap } from "../../include/memremap.ts";
import { ZONE_DEVICE } from "../../include/mmzone.ts";
import { pageLinksHi } from "../../include/page_flags.ts";
import { isAligned, isPowerOf2 } from "../../lib/align.ts";
import type { Kernel } from "../kernel.ts";
import { getPage, vmemmapPage } from "../page.ts";
import { entryFrame, entryNone, levelPages, populateTo, setEntry, vmemmapVpn, walkTo } from "../pgtable.ts";
import { mappedFrame, populateCompounds, populateReusing, vmemmapPopulateBasepages } from "./basepages.ts";
import { vmemmapPopulate } from "./populate.ts";
import { vmemmapGetTail } from "./shared_tails.ts";
import { C } from "../vmstat.ts";
import { traced } from "../trace.ts";

/**
 * `__populate_section_memmap`: maps memmap for [pfn, pfn + n), both multiples of a subsection. 0 or -ENOMEM; on failure
 * what was mapped stays for the caller to take down.
 */
export const populateSectionMemmap = traced("__populate_section_memmap(pfn, n, nid)", (
  k: Kernel,
  pfn: number,
  n: number,
  nid: number,
  altmap: VmemAltmap | null,
  pgmap: DevPagemap | null,
): number => {
  const start = vmemmapPage(k, pfn);
  // If struct pages straddle pages, the last page is shared with the neighbour.
  const end = Math.ceil((pfn + n) * k.structPageSize / k.pageBytes);
  if (vmemmapCanOptimize(k, pgmap)) return populateCompoundPages(k, pfn, start, end, nid, pgmap!);
  return vmemmapPopulate(k, start, end, nid, altmap);
});

/** `reuse_compound_section`: whether this part of a range begins inside a compound larger than a subsection. */
function reuseCompoundSection(k: Kernel, pfn: number, pgmap: DevPagemap): boolean {
  // nrRange is the index of the range being brought up: memremap_pages() increments it after each range.
  const offset = pfn - pgmap.ranges[pgmap.nrRange].start;
  return !isAligned(offset, pgmap.geometry) && pgmap.geometry > k.pagesPerSubsection;
}

/** `vmemmap_populate_compound_pages` (patch 12; 14 for the tables). */
const populateCompoundPages = traced("vmemmap_populate_compound_pages(pfn, start, end, nid)", (
  k: Kernel,
  pfn: number,
  start: number,
  end: number,
  nid: number,
  pgmap: DevPagemap,
): number => {
  if (k.config.dedup === "pte+zone") return populateByZone(k, pfn, start, end, nid, pgmap);
  if (reuseCompoundSection(k, pfn, pgmap)) {
    const table = tailTable(k, pfn, start, pgmap);
    if (table >= 0) return shareTable(k, start, end, nid, table);
    const tail = mappedFrame(k, start - 1);
    if (tail < 0) return -ENOMEM;
    return populateReusing(k, start, end, nid, tail);
  }
  const size = Math.min(end - start, pgmap.geometry * k.structPageSize / k.pageBytes);
  return populateCompounds(k, start, end, nid, size, vmemmapReserveNr(k));
});

/** A frame for each head's page; all other pages map the zone's tails, with a reference per entry. */
function populateByZone(
  k: Kernel,
  pfn: number,
  start: number,
  end: number,
  nid: number,
  pgmap: DevPagemap,
): number {
  const tail = vmemmapGetTail(k, Math.log2(pgmap.geometry), pageLinksHi(ZONE_DEVICE, nid), nid);
  if (tail < 0) return -ENOMEM;
  if (reuseCompoundSection(k, pfn, pgmap)) return populateReusing(k, start, end, nid, tail);
  const size = pgmap.geometry * k.structPageSize / k.pageBytes;
  for (let at = start; at < end; at += size) {
    const err = vmemmapPopulateBasepages(k, at, at + 1, nid, null) ||
      populateReusing(k, at + 1, Math.min(at + size, end), nid, tail);
    if (err < 0) return err;
  }
  return 0;
}

/**
 * `compound_section_tail_huge_page` (patch 14): the PTE table of the section before, if it holds nothing but tails. The
 * second section of a compound cannot use the first one's, which maps the head. -1 otherwise.
 */
function tailTable(k: Kernel, pfn: number, start: number, pgmap: DevPagemap): number {
  if (k.config.dedup !== "pte+table") return -1;
  const offset = pfn - pgmap.ranges[pgmap.nrRange].start;
  if (offset % pgmap.geometry <= k.pagesPerSection) return -1;
  const at = walkTo(k, k.rootPfn, vmemmapVpn(k, start - 1), 1);
  return at < 0 || entryNone(k, at) ? -1 : entryFrame(k, at);
}

/** `vmemmap_populate_pmd_range` (patch 14): points PMD entries of [start, end) to an existing table. */
const shareTable = traced(
  "vmemmap_populate_pmd_range(start, end, nid, table)",
  (k: Kernel, start: number, end: number, nid: number, table: number): number => {
    for (let at = start; at < end; at += levelPages(k, 1)) {
      const pmd = populateTo(k, k.rootPfn, vmemmapVpn(k, at), 1, nid);
      if (pmd < 0) return -ENOMEM;
      if (!entryNone(k, pmd)) continue;
      getPage(k, table);
      k.stat[C.vmemmapFrameGets]++;
      setEntry(k, pmd, 1, table, k.arch.format.table);
    }
    return 0;
  },
);

/**
 * `vmemmap_can_optimize`: whether tails of this pgmap share their memmap. Not with an altmap, if struct pages straddle
 * pages, if a compound has only as many memmap pages as are kept, or if the architecture must opt in and did not.
 */
export function vmemmapCanOptimize(k: Kernel, pgmap: DevPagemap | null): boolean {
  if (pgmap === null || pgmap.altmap !== null || k.config.dedup === "none") return false;
  if (k.config.dedupOptIn && !k.arch.wantsDaxDedup) return false;
  // Tails that several compounds share must find their head by arithmetic.
  if (k.config.dedup === "pte+zone" && !k.headMask) return false;
  if (!isPowerOf2(k.structPageSize) && !k.config.errata.dedupAnyStructSize) return false;
  return pgmap.geometry * k.structPageSize > vmemmapReserveNr(k) * k.pageBytes;
}

/** VMEMMAP_RESERVE_NR: memmap pages of a compound that are not shared; the follow-up keeps the head's page only. */
export function vmemmapReserveNr(k: Kernel): number {
  return k.config.dedup === "pte+head" || k.config.dedup === "pte+zone" ? 1 : 2;
}
