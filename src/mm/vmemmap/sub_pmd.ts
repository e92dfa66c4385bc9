// SPDX-License-Identifier: GPL-2.0-only
// Leaves of the memmap that two sections share, or that one fills in part (arch/x86/mm/init_64.c, vmemmap_use_sub_pmd
// and its kin). It happens when struct pages are not 64 bytes: the memmap of a section then is no whole number of
// leaves. Bytes nobody uses are 0xfd; a leaf of nothing else may go. Addresses are vmemmap page numbers:
//
//   leaf    |fd fd fd fd|00 .. start     end|...............|     a new leaf: marked before start, noted behind end
//                       ^ in use, whatever is written later ^ unusedPmdStart: marked when somebody must look
//
// Most memmap is added section after section, each where the last one ended, so what lies behind is marked only when
// the next one does not come. Left out: without contents there are no bytes to mark, and the section maps are asked.

import type { PfnRange } from "../../include/memremap.ts";
import { PAGE_UNUSED_WORD } from "../../include/mm_types.ts";
import { alignDown, alignUp, isAligned } from "../../lib/align.ts";
import { panic } from "../../lib/bug.ts";
import type { Kernel } from "../kernel.ts";
import { levelPages } from "../pgtable.ts";

/** `vmemmap_use_sub_pmd`: [start, end) of a leaf that is there comes into use. */
export function vmemmapUseSubPmd(k: Kernel, start: number, end: number): void {
  if (!k.contents) return;
  if (k.unusedPmdStart !== start) {
    flushUnusedPmd(k);
    markUsed(k, start);
    return;
  }
  k.unusedPmdStart = isAligned(end, levelPages(k, 1)) ? -1 : end;
}

/** `vmemmap_use_new_sub_pmd`: a leaf was made of which only [start, end) is in use. */
export function vmemmapUseNewSubPmd(k: Kernel, start: number, end: number): void {
  if (!k.contents) return;
  const perLeaf = levelPages(k, 1);
  const leaf = alignDown(start, perLeaf);
  flushUnusedPmd(k);
  // What a leaf removed before left here may look unused.
  markUsed(k, start);
  const from = k.config.mutation === "unusedMarkedAtStart" ? start : leaf;
  fillPages(k, from, from + start - leaf, PAGE_UNUSED_WORD);
  if (!isAligned(end, perLeaf)) k.unusedPmdStart = end;
}

/** `vmemmap_pmd_is_unused`: [start, end) of a leaf goes out of use; whether nothing else in the leaf is in use. */
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

/** `vmemmap_flush_unused_pmd`: what was noted is marked. */
function flushUnusedPmd(k: Kernel): void {
  const start = k.unusedPmdStart;
  if (start < 0) return;
  fillPages(k, start, alignUp(start, levelPages(k, 1)), PAGE_UNUSED_WORD);
  k.unusedPmdStart = -1;
}

/** `__vmemmap_use_sub_pmd`: one struct page is enough to keep a leaf, for what is added together goes together. */
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

/** Whether any populated subsection, but those of a range, has struct pages in vmemmap pages [start, start + count). */
export function sectionsUse(k: Kernel, start: number, count: number, but: PfnRange | null = null): boolean {
  const first = Math.floor(start * k.pageBytes / k.structPageSize);
  const last = Math.ceil((start + count) * k.pageBytes / k.structPageSize) - 1;
  for (let pfn = alignDown(first, k.pagesPerSubsection); pfn <= last; pfn += k.pagesPerSubsection) {
    if (but !== null && pfn >= but.start && pfn < but.end) continue;
    if (k.sections.valid(pfn)) return true;
  }
  return false;
}
