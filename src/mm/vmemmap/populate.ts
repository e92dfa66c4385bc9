// SPDX-License-Identifier: GPL-2.0-only
// vmemmap_populate(), vmemmap_free() of x86-64 (arch/x86/mm/init_64.c) and arm64 (arch/arm64/mm/mmu.c). A whole section's
// memmap gets PMD leaves, a part of a section base pages, and so does everything with 16K and 64K pages. Where from:
//
//   altmap    PMD leaves           none left for a leaf     base pages
//   none      DRAM                 base pages from DRAM     DRAM
//   x86-64    the altmap           -ENOMEM                  DRAM
//   arm64     the altmap           base pages from it       the altmap, -ENOMEM when it is used up
//
// Tables always come from DRAM. Freeing walks the kernel table, returns each mapped frame to its source, frees tables
// that are left empty, and flushes all TLBs.
//
// A leaf may be shared by two sections, or filled in part by one (vmemmap_use_sub_pmd and its kin): when struct pages
// are not 64 bytes, the memmap of a section is no whole number of leaves. Unused bytes are 0xfd; a leaf with no others
// may be freed (I4):
//
//   leaf    |fd fd fd fd|00 .. start     end|...............|     a new leaf: marked before start, noted behind end
//                       ^ in use, whatever is written later ^ unusedPmdStart: marked before a leaf is looked at
//
// Most memmap is added section after section, each where the last one ended, so the rest of a leaf is marked only if
// the next section does not follow. Without contents there are no bytes to mark, and the section maps decide.
//
// Left out: page-table locks; that arm64 asks the altmap it is given, not the one the frame came from.

import { ENOMEM } from "../../include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_VMEMMAP } from "../../include/frame_use.ts";
import type { PfnRange, VmemAltmap } from "../../include/memremap.ts";
import { alignDown, alignUp, isAligned } from "../../lib/align.ts";
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
import { PAGE_UNUSED_WORD } from "../../include/mm_types.ts";
import { panic } from "../../lib/bug.ts";
import { traced } from "../trace.ts";

/** `vmemmap_populate`: maps vmemmap pages [start, end). 0 or -ENOMEM, leaving what was mapped. */
export const vmemmapPopulate = traced("vmemmap_populate(start, end, nid)", (
  k: Kernel,
  start: number,
  end: number,
  nid: number,
  altmap: VmemAltmap | null,
): number => {
  const wholeSection = (end - start) * k.pageBytes >= k.pagesPerSection * k.structPageSize;
  if (wholeSection && k.arch.hugeVmemmap && !k.vmemmapBasePages) return populateHugepages(k, start, end, nid, altmap);
  return vmemmapPopulateBasepages(k, start, end, nid, altmapOfPages(k, altmap));
});

/** Where base pages come from: the altmap on arm64 only. */
function altmapOfPages(k: Kernel, altmap: VmemAltmap | null): VmemAltmap | null {
  return k.arch.altmapBasePages ? altmap : null;
}

/** `vmemmap_populate_hugepages`: one leaf per PMD; base pages if no block is free, except on x86 with an altmap. */
const populateHugepages = traced(
  "vmemmap_populate_hugepages(start, end, nid)",
  (k: Kernel, start: number, end: number, nid: number, altmap: VmemAltmap | null): number => {
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
  },
);

/** `vmemmap_free` (remove_pagetable): unmaps vmemmap pages [start, end) and gives back frames and empty tables. */
export const vmemmapFree = traced(
  "vmemmap_free(start, end)",
  (k: Kernel, start: number, end: number, altmap: VmemAltmap | null): void => {
    removeTable(k, k.rootPfn, k.arch.format.topLevel, vmemmapVpn(k, start), vmemmapVpn(k, end), altmap);
    // remove_pagetable() ends with flush_tlb_all(): a removed leaf may reach past [start, end).
    flushVmemmap(k, start, Infinity);
  },
);

/** One level of remove_pagetable above the entries: handles the part of [start, end) below one table. */
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
        if (tableEmpty(k, child, tableIndex(k, next, level - 1))) removeChild(k, entry, level, child);
      }
    }
    at = next;
  }
}

/** remove_pte_table, unmap_hotplug_pte_range: `count` entries from word `at` on. */
function removePtes(k: Kernel, at: number, count: number, altmap: VmemAltmap | null): void {
  for (let i = at; i < at + 2 * count; i += 2) {
    if (entryNone(k, i)) continue;
    const pfn = entryFrame(k, i);
    clearEntry(k, i, 0);
    freeMemmap(k, pfn, 0, altmap);
  }
}

/**
 * free_pagetable, free_hotplug_page_range: returns a page or leaf of memmap to its source. One shared with a neighbour
 * may be the neighbour's, from DRAM.
 */
function freeMemmap(k: Kernel, pfn: number, order: number, altmap: VmemAltmap | null): void {
  if (altmap === null || !altmapHas(altmap, pfn)) return freePagetable(k, pfn, order, USE_VMEMMAP);
  altmapFree(altmap, 2 ** order);
  k.uses[USE_ALTMAP_VMEMMAP] -= 2 ** order;
  k.phys.release(pfn, order);
}

/** Takes [start, end) of a PMD leaf out of use, and frees the leaf if nothing else in it is used. */
function removeLeaf(k: Kernel, entry: number, start: number, end: number, altmap: VmemAltmap | null): void {
  const perLeaf = levelPages(k, 1);
  if (end - start < perLeaf) {
    const base = vmemmapVpn(k, 0);
    if (!vmemmapPmdIsUnused(k, start - base, end - base)) return;
  }
  const pfn = entryFrame(k, entry);
  clearEntry(k, entry, 1);
  freeMemmap(k, pfn, k.arch.format.tableShift, altmap);
}

/** free_pte_table, free_pmd_table, free_pud_table: frees an empty table, unless the top level points to it. */
function removeChild(k: Kernel, entry: number, level: number, child: number): void {
  if (level === k.arch.format.topLevel) return;
  clearEntry(k, entry, level);
  freePagetable(k, child, 0, TABLE_USE[level]);
}

/** `vmemmap_use_sub_pmd`: takes [start, end) of an existing leaf into use. */
function vmemmapUseSubPmd(k: Kernel, start: number, end: number): void {
  if (!k.contents) return;
  if (k.unusedPmdStart !== start) {
    flushUnusedPmd(k);
    markUsed(k, start);
    return;
  }
  k.unusedPmdStart = isAligned(end, levelPages(k, 1)) ? -1 : end;
}

/** `vmemmap_use_new_sub_pmd`: a new leaf of which only [start, end) is in use. */
export function vmemmapUseNewSubPmd(k: Kernel, start: number, end: number): void {
  if (!k.contents) return;
  const perLeaf = levelPages(k, 1);
  const leaf = alignDown(start, perLeaf);
  flushUnusedPmd(k);
  // Bytes left here by an earlier leaf may look unused.
  markUsed(k, start);
  fillPages(k, leaf, start, PAGE_UNUSED_WORD);
  if (!isAligned(end, perLeaf)) k.unusedPmdStart = end;
}

/** `vmemmap_pmd_is_unused`: takes [start, end) of a leaf out of use; returns whether the rest is unused too. */
export function vmemmapPmdIsUnused(k: Kernel, start: number, end: number): boolean {
  const perLeaf = levelPages(k, 1);
  const leaf = alignDown(start, perLeaf);
  if (!k.contents) return !sectionsUse(k, leaf, perLeaf);
  flushUnusedPmd(k);
  fillPages(k, start, end, PAGE_UNUSED_WORD);
  const { words, pageWords } = k.phys;
  const base = writable(k, leaf);
  for (let at = base; at < base + perLeaf * pageWords; at++) if (words[at] !== PAGE_UNUSED_WORD) return false;
  return true;
}

/** `vmemmap_flush_unused_pmd`: marks the unused part noted earlier. */
function flushUnusedPmd(k: Kernel): void {
  const start = k.unusedPmdStart;
  if (start < 0) return;
  fillPages(k, start, alignUp(start, levelPages(k, 1)), PAGE_UNUSED_WORD);
  k.unusedPmdStart = -1;
}

/** `__vmemmap_use_sub_pmd`: one struct page is enough to keep a leaf, since ranges are removed as they were added. */
function markUsed(k: Kernel, start: number): void {
  const base = writable(k, start);
  k.phys.words.fill(0, base, base + k.structPageSize / 4);
}

function fillPages(k: Kernel, start: number, end: number, word: number): void {
  for (let vpage = start; vpage < end; vpage++) {
    const base = writable(k, vpage);
    k.phys.words.fill(word, base, base + k.phys.pageWords);
  }
}

function writable(k: Kernel, vpage: number): number {
  const base = k.cpu.mmu.write(vpage);
  return base >= 0 ? base : panic(`vmemmapSubPmd: vmemmap page ${vpage} is not mapped for writing`);
}

/** Whether a populated subsection outside a range has struct pages in vmemmap pages [start, start + count). */
export function sectionsUse(k: Kernel, start: number, count: number, but: PfnRange | null = null): boolean {
  const first = Math.floor(start * k.pageBytes / k.structPageSize);
  const last = Math.ceil((start + count) * k.pageBytes / k.structPageSize) - 1;
  for (let pfn = alignDown(first, k.pagesPerSubsection); pfn <= last; pfn += k.pagesPerSubsection) {
    if (but !== null && pfn >= but.start && pfn < but.end) continue;
    if (k.sections.valid(pfn)) return true;
  }
  return false;
}
