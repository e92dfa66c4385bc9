// SPDX-License-Identifier: GPL-2.0-only
// vmemmap_populate(), vmemmap_free() of x86-64 (arch/x86/mm/init_64.c) and arm64 (arch/arm64/mm/mmu.c). A whole section's
// memmap gets PMD leaves, a part of a section base pages, and so does everything with 16K and 64K pages. Where from:
//
//   altmap    PMD leaves           none left for a leaf     base pages
//   none      DRAM                 base pages from DRAM     DRAM
//   x86-64    the altmap           -ENOMEM                  DRAM
//   arm64     the altmap           base pages from it       the altmap, -ENOMEM when it is used up
//
// Tables are always DRAM. Freeing walks the kernel table and gives what every entry maps back to where it came from, then
// tables that are left empty, then flushes all TLBs. Leaves used in part: vmemmap_sub_pmd.ts (I4).
// Left out: the direct map, page-table locks; that arm64 asks the altmap it is given and not the frame whose it is.

import { ENOMEM } from "../../include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_VMEMMAP } from "../../include/frame_use.ts";
import type { VmemAltmap } from "../../include/memremap.ts";
import { alignDown } from "../../lib/align.ts";
import { altmapFree, altmapHas } from "./altmap.ts";
import type { Kernel } from "../kernel.ts";
import { freePagetable } from "../page_alloc.ts";
import {
  clearEntry,
  entryAt,
  entryFrame,
  entryHuge,
  entryNone,
  flushVmemmap,
  levelPages,
  populateTo,
  setEntry,
  TABLE_USE,
  tableEmpty,
  tableIndex,
  vmemmapVpn,
} from "../pgtable.ts";
import { vmemmapAllocBlock, vmemmapPopulateBasepages } from "./basepages.ts";
import { vmemmapPmdIsUnused, vmemmapUseNewSubPmd, vmemmapUseSubPmd } from "./sub_pmd.ts";

/** `vmemmap_populate`: maps vmemmap pages [start, end). 0 or -ENOMEM, leaving what was mapped. */
export function vmemmapPopulate(
  k: Kernel,
  start: number,
  end: number,
  nid: number,
  altmap: VmemAltmap | null,
): number {
  const wholeSection = (end - start) * k.pageBytes >= k.pagesPerSection * k.structPageSize;
  if (wholeSection && k.arch.hugeVmemmap && !k.vmemmapBasePages) return populateHugepages(k, start, end, nid, altmap);
  return vmemmapPopulateBasepages(k, start, end, nid, altmapOfPages(k, altmap));
}

/** Where base pages are from: the altmap on arm64 only. */
function altmapOfPages(k: Kernel, altmap: VmemAltmap | null): VmemAltmap | null {
  return k.arch.altmapBasePages ? altmap : null;
}

/** `vmemmap_populate_hugepages`: one leaf per PMD; base pages where no block is to be had, but on x86 with an altmap. */
function populateHugepages(k: Kernel, start: number, end: number, nid: number, altmap: VmemAltmap | null): number {
  const pmdPages = levelPages(k, 1);
  for (let at = start; at < end;) {
    const next = Math.min(alignDown(at, pmdPages) + pmdPages, end);
    const pmd = populateTo(k, k.rootPfn, vmemmapVpn(k, at), 1, nid);
    if (pmd < 0) return -ENOMEM;
    if (entryNone(k, pmd)) {
      const block = vmemmapAllocBlock(k, k.arch.format.tableShift, nid, altmap);
      if (block >= 0) {
        setEntry(k, pmd, 1, block, k.arch.format.kernelHuge);
        if (next - at < pmdPages) vmemmapUseNewSubPmd(k, at, next);
        at = next;
        continue;
      }
      if (altmap !== altmapOfPages(k, altmap)) return -ENOMEM;
    } else if (entryHuge(k, pmd)) {
      vmemmapUseSubPmd(k, at, next);
      at = next;
      continue;
    }
    const err = vmemmapPopulateBasepages(k, at, next, nid, altmapOfPages(k, altmap));
    if (err < 0) return err;
    at = next;
  }
  return 0;
}

/** `vmemmap_free` (remove_pagetable): unmaps vmemmap pages [start, end) and gives back frames and empty tables. */
export function vmemmapFree(k: Kernel, start: number, end: number, altmap: VmemAltmap | null): void {
  removeTable(k, k.rootPfn, k.arch.format.topLevel, vmemmapVpn(k, start), vmemmapVpn(k, end), altmap);
  // flush_tlb_all(), as remove_pagetable() ends: a leaf that went may reach past [start, end).
  flushVmemmap(k, start, Infinity);
}

/** One level of remove_pagetable above the entries: the part of [start, end) below one table. */
function removeTable(
  k: Kernel,
  table: number,
  level: number,
  start: number,
  end: number,
  altmap: VmemAltmap | null,
): void {
  const span = levelPages(k, level);
  for (let at = start; at < end;) {
    const next = Math.min(alignDown(at, span) + span, end);
    const entry = entryAt(k, table, tableIndex(k, at, level));
    if (!entryNone(k, entry)) {
      if (entryHuge(k, entry)) removeLeaf(k, entry, at, next, altmap);
      else {
        const child = entryFrame(k, entry);
        if (level === 1) removePtes(k, entryAt(k, child, tableIndex(k, at, 0)), next - at, altmap);
        else removeTable(k, child, level - 1, at, next, altmap);
        if (tableEmpty(k, child)) removeChild(k, entry, level, child);
      }
    }
    at = next;
  }
}

/** remove_pte_table, unmap_hotplug_pte_range: `count` entries from word `at` on. */
function removePtes(k: Kernel, at: number, count: number, altmap: VmemAltmap | null): void {
  const own = k.config.mutation === "altmapPagesFreed" ? null : altmap;
  for (let i = at; i < at + 2 * count; i += 2) {
    if (entryNone(k, i)) continue;
    const pfn = entryFrame(k, i);
    clearEntry(k, i, 0);
    freeMemmap(k, pfn, 0, own);
  }
}

/**
 * free_pagetable, free_hotplug_page_range: a page or leaf of memmap goes back to where it came from. Shared with a
 * neighbour, it may be the neighbour's, from DRAM.
 */
function freeMemmap(k: Kernel, pfn: number, order: number, altmap: VmemAltmap | null): void {
  if (altmap === null || !altmapHas(altmap, pfn)) return freePagetable(k, pfn, order, USE_VMEMMAP);
  if (k.config.mutation !== "altmapFreeLost") altmapFree(altmap, 2 ** order);
  k.uses[USE_ALTMAP_VMEMMAP] -= 2 ** order;
  k.phys.release(pfn, order);
}

/** The part [start, end) of a PMD leaf is not used any more; the leaf goes when nothing else in it is. */
function removeLeaf(k: Kernel, entry: number, start: number, end: number, altmap: VmemAltmap | null): void {
  const { mutation } = k.config;
  const perLeaf = levelPages(k, 1);
  if (mutation === "leafNotCleared") return;
  if (end - start < perLeaf && mutation !== "leafFreedInUse") {
    const base = vmemmapVpn(k, 0);
    if (!vmemmapPmdIsUnused(k, start - base, end - base)) return;
  }
  const pfn = entryFrame(k, entry);
  clearEntry(k, entry, 1);
  freeMemmap(k, pfn, mutation === "leafFreedAsPage" ? 0 : k.arch.format.tableShift, altmap);
}

/** free_pte_table, free_pmd_table, free_pud_table: an empty table goes; the top level's children stay. */
function removeChild(k: Kernel, entry: number, level: number, child: number): void {
  if (level === k.arch.format.topLevel) return;
  clearEntry(k, entry, level);
  freePagetable(k, child, 0, TABLE_USE[level]);
}
