// SPDX-License-Identifier: GPL-2.0-only
// Mutants that change nothing observable, each with the reason. An entry holds the file and the trimmed line, so that
// it survives changes elsewhere in the file; a test reports entries whose line is gone.

import type { Mutant } from "./operators.ts";

/** A mutant that is no defect. */
export interface Equivalent {
  readonly file: string;
  /** The line before and after. */
  readonly line: string;
  readonly mutant: string;
  readonly why: string;
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    file: "src/machine/mmu.ts",
    line: "const STRIDE = 4;",
    mutant: "const STRIDE = 5;",
    why: "slots of the TLB lie a word further apart, in arrays that much longer",
  },
  {
    file: "src/mm/hugetlb/hugetlb_vmemmap.ts",
    line: 'const tail = k.config.hugetlbTail === "zone" ? getTail(k, h.order, head) : -1;',
    mutant: 'const tail = k.config.hugetlbTail === "zone" ? getTail(k, h.order, head) : -2;',
    why: "all that is asked of it is whether it is below 0",
  },
  {
    file: "src/mm/gup/hold.ts",
    line:
      "if (run === 0 || (words[at + FLAGS] & k.layout.head) !== 0) return grabOnePage(k, pfn, compoundHead(k, pfn));",
    mutant:
      "if (run === 0 || (words[at - FLAGS] & k.layout.head) !== 0) return grabOnePage(k, pfn, compoundHead(k, pfn));",
    why: "FLAGS is the first word: 0",
  },
  {
    file: "src/mm/hugetlb/hugetlb.ts",
    line: "if (head >= 0) return head;",
    mutant: "if (head > 0) return head;",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/mm/mmzone.ts",
    line: "while (i < areas.length && (pfn = areas[i].alloc(order)) < 0) i++;",
    mutant: "while (i < areas.length && (pfn = areas[i].alloc(order)) <= 0) i++;",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/mm/memory_failure.ts",
    line: "if (h === undefined || list === undefined || at < 0) return -EBUSY;",
    mutant: "if (h === undefined && list === undefined || at < 0) return -EBUSY;",
    why: "without a list `at` is below 0; the rest is for the compiler",
  },
  {
    file: "src/mm/mm_init.ts",
    line: "for (let p = 1; at + count < pfn + n && k.cpu.mmu.write(vpage + p) === base + p * k.phys.pageWords; p++) {",
    mutant:
      "for (let p = 1; at + count < pfn + n && k.cpu.mmu.write(vpage + p) === base - p * k.phys.pageWords; p++) {",
    why: "runs are copied page by page then, the same bytes to the same places",
  },
  {
    file: "src/mm/memory.ts",
    line: "freeEmptyTables(k, child, level - 1, at, Math.min(alignDown(at, span) + span, end));",
    mutant: "freeEmptyTables(k, child, level - 1, at, Math.max(alignDown(at, span) + span, end));",
    why: "entries are looked at again, or more of them: no table but those just zapped is empty",
  },
  {
    file: "src/arch/arm64/arm64.ts",
    line: "highStartBytes: 0,",
    mutant: "highStartBytes: 1,",
    why: "rounded down to whole pages",
  },
  {
    file: "src/mm/vmemmap/shared_tails.ts",
    line: "if (frame < 0) return -1;",
    mutant: "if (frame <= 0) return -1;",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/mm/gup/loops.ts",
    line: "const doubles = new Float64Array([0, 1, 2]);",
    mutant: "const doubles = new Float64Array([1, 1, 2]);",
    why: "the first is written before it is read",
  },
  {
    file: "src/lib/units.ts",
    line: "if (least === most || (inside && exact % USUAL_UNIT === 0)) return exact;",
    mutant: "if (false) return exact;",
    why: "a way round what follows, which comes to the same",
  },
  {
    file: "src/mm/vmemmap/shared_tails.ts",
    line: "if (known >= 0) return known;",
    mutant: "if (known >= 1) return known;",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/boot.ts",
    line: "if (share === 0) return;",
    mutant: "if (false) return;",
    why: "a share of 0 pins nothing, block by block",
  },
  {
    file: "src/machine/mmu.ts",
    line: "const slot = this.#tlb[at + TAG] === vpage ? this.#tlb[at + SLOT] : this.#miss(vpage, at);",
    mutant: "const slot = this.#tlb[at - TAG] === vpage ? this.#tlb[at + SLOT] : this.#miss(vpage, at);",
    why: "TAG is the first word: 0",
  },
  {
    file: "src/mm/hugetlb/hugetlb_vmemmap.ts",
    line: "setEntry(k, at, 0, tail >= 0 ? tail : entryFrame(k, at - 2), bits);",
    mutant: "setEntry(k, at, 0, tail >= 1 ? tail : entryFrame(k, at - 2), bits);",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/mm/gup/loops.ts",
    line: "if (locked && ((i - out) & (AHEAD - 1)) === 0) fetchAhead(words, page, end - i);",
    mutant: "if (locked || ((i - out) & (AHEAD - 1)) === 0) fetchAhead(words, page, end - i);",
    why: "fetchAhead() only loads: more often is slower, no more",
  },
  {
    file: "src/mm/memory_failure.ts",
    line: "if (head < 0) return -ENXIO;",
    mutant: "if (head <= 0) return -ENXIO;",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/mm/memremap.ts",
    line: "dying: false,",
    mutant: "dying: true,",
    why: "memremap_pages() sets it before the pgmap can be looked up",
  },
  {
    file: "src/mm/memblock.ts",
    line: "if (r.end <= at || r.start >= range.end) continue;",
    mutant: "if (r.end <= at || r.start > range.end) continue;",
    why: "a run that begins where the range ends closes the last free one there, as the end does",
  },
  {
    file: "src/mm/mmzone.ts",
    line: "while (i < areas.length && (pfn = areas[i].alloc(order)) < 0) i++;",
    mutant: "while (i < areas.length && (pfn = areas[i].alloc(order)) < 1) i++;",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/mm/page_alloc.ts",
    line: "if (zoneFreePages(zone) < pages) return -1;",
    mutant: "if (zoneFreePages(zone) < pages) return -2;",
    why: "all that is asked of it is whether it is below 0",
  },
  {
    file: "src/machine/mmu.ts",
    line: "if (this.#pmd[block + TAG] === pmd) this.#pmd[block + TAG] = -1;",
    mutant: "if (this.#pmd[block + TAG] === pmd) this.#pmd[block + TAG] = -2;",
    why: "no PMD has a number below 0: both are an empty slot",
  },
  {
    file: "src/machine/mmu.ts",
    line: "const vpage = HELD[at + TAG];",
    mutant: "const vpage = HELD[at - TAG];",
    why: "TAG is the first word: 0",
  },
  {
    file: "src/mm/hugetlb/make_and_free.ts",
    line: "if (h.surplusHugePagesNode[nid] > h.nrHugePagesNode[nid] && adjustPoolSurplus(h, -1, 1)) {",
    mutant: "if (h.surplusHugePagesNode[nid] > h.nrHugePagesNode[nid] && adjustPoolSurplus(h, -2, 1)) {",
    why: "all that is asked of it is whether it is below 0",
  },
  {
    file: "src/mm/hugetlb/hugetlb_vmemmap.ts",
    line: "remapTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, h.freeVmemmapPages, -1);",
    mutant: "remapTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, h.freeVmemmapPages, -2);",
    why: "all that is asked of it is whether it is below 0",
  },
  {
    file: "src/lib/align.ts",
    line: "return x > 0 && Number.isInteger(Math.log2(x));",
    mutant: "return x >= 0 && Number.isInteger(Math.log2(x));",
    why: "the logarithm of 0 is no integer",
  },
  {
    file: "src/mm/hugetlb/bootmem.ts",
    line: "if (tail < 0 || own < 0 || !mapTails(k, start + OWN_PAGES, start + h.vmemmapPages, nid, tail)) {",
    mutant: "if (tail < 1 || own < 0 || !mapTails(k, start + OWN_PAGES, start + h.vmemmapPages, nid, tail)) {",
    why: "frame 0 stays out of every allocator",
  },
  {
    file: "src/mm/gup/refs.ts",
    line: "call.pinAt = -1;",
    mutant: "call.pinAt = -2;",
    why: "all that is asked of it is whether it is below 0",
  },
  {
    file: "src/mm/hugetlb/huge_page.ts",
    line: "if ((pageFlags(k, head) & k.layout.hwpoison) === 0) return -1;",
    mutant: "if ((pageFlags(k, head) & k.layout.hwpoison) === 0) return -2;",
    why: "all that is asked of it is whether it is below 0",
  },
  {
    file: "src/machine/mmu.ts",
    line: "const HIGH_SHIFT = 2;",
    mutant: "const HIGH_SHIFT = 3;",
    why: "a frame's 8 high bits (52-bit addresses) lie one bit further up in a word of 32",
  },
  {
    file: "src/mm/page.ts",
    line: "if ((readPage(k, pfn, PAGE_FLAGS) & k.layout.head) === 0) return pfn;",
    mutant: "if ((readPage(k, pfn, PAGE_FLAGS) & k.layout.head) === 1) return pfn;",
    why: "no tail, nor a copy of a head: the struct page after it is no tail either, which is asked next",
  },
  {
    file: "src/mm/vmemmap/shared_tails.ts",
    line: "words[at + WORD.COMPOUND_HEAD] = compoundInfoLo(k, 0, order);",
    mutant: "words[at + WORD.COMPOUND_HEAD] = compoundInfoLo(k, 1, order);",
    why: "tails are shared where they hold a mask, and the mask is the same for every head",
  },
  {
    file: "src/mm/vmemmap/sparse_vmemmap.ts",
    line: "if (pmd < 0) return -ENOMEM;",
    mutant: "if (pmd <= 0) return -ENOMEM;",
    why: "where a section's memmap is whole PMD entries, boot's memmap and tables have word 0",
  },
  {
    file: "src/mm/vmemmap/sparse_vmemmap.ts",
    line: "if (!entryNone(k, pmd)) continue;",
    mutant: "if (false) continue;",
    why: "where a compound spans sections, each section has PMD entries of its own, empty until it is brought up",
  },
];

/** A mutant's line, before and after. */
export function lines(text: string, { at, text: old, replacement }: Mutant): { line: string; mutant: string } {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const stop = text.indexOf("\n", at + old.length);
  const end = stop < 0 ? text.length : stop;
  return {
    line: text.slice(start, end).trim(),
    mutant: (text.slice(start, at) + replacement + text.slice(at + old.length, end)).trim(),
  };
}

/** Why a mutant is equivalent; null when it is a defect. */
export function whyEquivalent(text: string, mutant: Mutant): string | null {
  const changed = lines(text, mutant);
  const same = (e: Equivalent) => e.file === mutant.file && e.line === changed.line && e.mutant === changed.mutant;
  return EQUIVALENT.find(same)?.why ?? null;
}
