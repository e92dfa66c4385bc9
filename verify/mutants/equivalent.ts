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
    why: "TLB slots are one word longer, and so are their arrays",
  },
  {
    file: "src/mm/hugetlb/hugetlb_vmemmap.ts",
    line: 'const tail = k.config.hugetlbTail === "zone" ? getTail(k, h.order, head) : -1;',
    mutant: 'const tail = k.config.hugetlbTail === "zone" ? getTail(k, h.order, head) : -2;',
    why: "only its sign is used",
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
    why: "without a list, `at` is negative; the rest is for the type checker",
  },
  {
    file: "src/mm/mm_init.ts",
    line: "for (let p = 1; at + count < pfn + n && k.cpu.mmu.write(vpage + p) === base + p * k.phys.pageWords; p++) {",
    mutant:
      "for (let p = 1; at + count < pfn + n && k.cpu.mmu.write(vpage + p) === base - p * k.phys.pageWords; p++) {",
    why: "runs are copied page by page: same bytes, same places",
  },
  {
    file: "src/mm/memory.ts",
    line: "freeEmptyTables(k, child, level - 1, at, Math.min(alignDown(at, span) + span, end));",
    mutant: "freeEmptyTables(k, child, level - 1, at, Math.max(alignDown(at, span) + span, end));",
    why: "more entries are checked, but only the tables just zapped are empty",
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
    why: "a shortcut: the code after it gives the same result",
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
    why: "block by block, a share of 0 pins nothing",
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
    why: "fetchAhead() only loads; more calls only take time",
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
    why: "a run that begins where the range ends closes the last free run, as the end does",
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
    why: "only its sign is used",
  },
  {
    file: "src/machine/mmu.ts",
    line: "if (this.#pmd[block + TAG] === pmd) this.#pmd[block + TAG] = -1;",
    mutant: "if (this.#pmd[block + TAG] === pmd) this.#pmd[block + TAG] = -2;",
    why: "no PMD number is negative: both mean an empty slot",
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
    why: "only its sign is used",
  },
  {
    file: "src/mm/hugetlb/hugetlb_vmemmap.ts",
    line: "remapTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, h.freeVmemmapPages, -1);",
    mutant: "remapTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, h.freeVmemmapPages, -2);",
    why: "only its sign is used",
  },
  {
    file: "src/lib/align.ts",
    line: "return x > 0 && Number.isInteger(Math.log2(x));",
    mutant: "return x >= 0 && Number.isInteger(Math.log2(x));",
    why: "log2(0) is not an integer",
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
    why: "only its sign is used",
  },
  {
    file: "src/mm/hugetlb/huge_page.ts",
    line: "if ((pageFlags(k, head) & k.layout.hwpoison) === 0) return -1;",
    mutant: "if ((pageFlags(k, head) & k.layout.hwpoison) === 0) return -2;",
    why: "only its sign is used",
  },
  {
    file: "src/machine/mmu.ts",
    line: "const HIGH_SHIFT = 2;",
    mutant: "const HIGH_SHIFT = 3;",
    why: "8 high bits of a frame (52-bit addresses) fit into 32 bits one bit further up too",
  },
  {
    file: "src/mm/page.ts",
    line: "if ((readPage(k, pfn, PAGE_FLAGS) & k.layout.head) === 0) return pfn;",
    mutant: "if ((readPage(k, pfn, PAGE_FLAGS) & k.layout.head) === 1) return pfn;",
    why: "a page that is no head is not followed by a tail, so the next check returns it too",
  },
  {
    file: "src/mm/vmemmap/shared_tails.ts",
    line: "words[at + WORD.COMPOUND_HEAD] = compoundInfoLo(k, 0, order);",
    mutant: "words[at + WORD.COMPOUND_HEAD] = compoundInfoLo(k, 1, order);",
    why: "shared tails hold a mask, which is the same for every head",
  },
  {
    file: "src/mm/vmemmap/sparse_vmemmap.ts",
    line: "if (pmd < 0) return -ENOMEM;",
    mutant: "if (pmd <= 0) return -ENOMEM;",
    why: "if a section's memmap is whole PMD entries, word 0 belongs to boot's memmap and tables",
  },
  {
    file: "src/mm/vmemmap/sparse_vmemmap.ts",
    line: "if (!entryNone(k, pmd)) continue;",
    mutant: "if (false) continue;",
    why: "if a compound spans sections, each section has its own PMD entries, empty until it is added",
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
