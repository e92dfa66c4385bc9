// SPDX-License-Identifier: GPL-2.0-only
// Mutants that change nothing observable, by their reason. An entry holds the file and the trimmed line, so that it
// survives changes elsewhere in the file; a test reports entries whose line is gone.

import type { Mutant } from "./operators.ts";

/** A mutant that is no defect: its file, the line without it, the text that it replaces there first, and by what. */
export type Equivalent = readonly [file: string, line: string, text: string, replacement: string];

export const EQUIVALENT: Readonly<Record<string, readonly Equivalent[]>> = {
  "TLB slots are one word longer, and so are their arrays": [
    ["src/machine/mmu.ts", "const STRIDE = 4;", "4", "5"],
  ],
  "only its sign is used": [
    [
      "src/mm/hugetlb/hugetlb_vmemmap.ts",
      'const tail = k.config.hugetlbTail === "zone" ? getTail(k, h.order, head) : -1;',
      "1",
      "2",
    ],
    ["src/mm/page_alloc.ts", "if (zoneFreePages(zone) < pages) return -1;", "1", "2"],
    [
      "src/mm/hugetlb/make_and_free.ts",
      "if (h.surplusHugePagesNode[nid] > h.nrHugePagesNode[nid] && adjustPoolSurplus(h, -1, 1)) {",
      "1",
      "2",
    ],
    [
      "src/mm/hugetlb/hugetlb_vmemmap.ts",
      "remapTails(k, vmemmapPage(k, head) + k.config.hugetlbKeep, h.freeVmemmapPages, -1);",
      "1",
      "2",
    ],
    ["src/mm/gup/refs.ts", "call.pinAt = -1;", "1", "2"],
    ["src/mm/hugetlb/huge_page.ts", "if ((pageFlags(k, head) & k.layout.hwpoison) === 0) return -1;", "1", "2"],
  ],
  "FLAGS is the first word: 0": [
    [
      "src/mm/gup/hold.ts",
      "if (run === 0 || (words[at + FLAGS] & k.layout.head) !== 0) return grabOnePage(k, pfn, compoundHead(k, pfn));",
      "+",
      "-",
    ],
  ],
  "frame 0 stays out of every allocator": [
    ["src/mm/hugetlb/hugetlb.ts", "if (head >= 0) return head;", ">=", ">"],
    ["src/mm/mmzone.ts", "while (i < areas.length && (pfn = areas[i].alloc(order)) < 0) i++;", ") <", ") <="],
    ["src/mm/vmemmap/shared_tails.ts", "if (frame < 0) return -1;", "<", "<="],
    ["src/mm/vmemmap/shared_tails.ts", "if (known >= 0) return known;", "0", "1"],
    [
      "src/mm/hugetlb/hugetlb_vmemmap.ts",
      "setEntry(k, at, 0, tail >= 0 ? tail : entryFrame(k, at - 2), bits);",
      "= 0",
      "= 1",
    ],
    ["src/mm/memory_failure.ts", "if (head < 0) return -ENXIO;", "<", "<="],
    ["src/mm/mmzone.ts", "while (i < areas.length && (pfn = areas[i].alloc(order)) < 0) i++;", "0", "1"],
    [
      "src/mm/hugetlb/bootmem.ts",
      "if (tail < 0 || own < 0 || !mapTails(k, start + OWN_PAGES, start + h.vmemmapPages, nid, tail)) {",
      "0",
      "1",
    ],
  ],
  "without a list, `at` is negative; the rest is for the type checker": [
    ["src/mm/memory_failure.ts", "if (h === undefined || list === undefined || at < 0) return -EBUSY;", "||", "&&"],
  ],
  "runs are copied page by page: same bytes, same places": [
    [
      "src/mm/mm_init.ts",
      "for (let p = 1; at + count < pfn + n && k.cpu.mmu.write(vpage + p) === base + p * k.phys.pageWords; p++) {",
      "base +",
      "base -",
    ],
  ],
  "more entries are checked, but only the tables just zapped are empty": [
    [
      "src/mm/memory.ts",
      "freeEmptyTables(k, child, level - 1, at, Math.min(alignDown(at, span) + span, end));",
      "Math.min",
      "Math.max",
    ],
  ],
  "rounded down to whole pages": [
    ["src/arch/arm64/arm64.ts", "highStartBytes: 0,", "0", "1"],
  ],
  "the first is written before it is read": [
    ["src/mm/gup/loops.ts", "const doubles = new Float64Array([0, 1, 2]);", "0", "1"],
  ],
  "a shortcut: the code after it gives the same result": [
    [
      "src/lib/units.ts",
      "if (least === most || (inside && exact % USUAL_UNIT === 0)) return exact;",
      "least === most || (inside && exact % USUAL_UNIT === 0)",
      "false",
    ],
  ],
  "block by block, a share of 0 pins nothing": [
    ["src/boot.ts", "if (share === 0) return;", "share === 0", "false"],
  ],
  "TAG is the first word: 0": [
    [
      "src/machine/mmu.ts",
      "const slot = this.#tlb[at + TAG] === vpage ? this.#tlb[at + SLOT] : this.#miss(vpage, at);",
      "+",
      "-",
    ],
    ["src/machine/mmu.ts", "const vpage = HELD[at + TAG];", "+", "-"],
  ],
  "fetchAhead() only loads; more calls only take time": [
    [
      "src/mm/gup/loops.ts",
      "if (locked && ((i - out) & (AHEAD - 1)) === 0) fetchAhead(words, page, end - i);",
      "&&",
      "||",
    ],
  ],
  "memremap_pages() sets it before the pgmap can be looked up": [
    ["src/mm/memremap.ts", "dying: false,", "false", "true"],
  ],
  "a run that begins where the range ends closes the last free run, as the end does": [
    ["src/mm/memblock.ts", "if (r.end <= at || r.start >= range.end) continue;", ">=", ">"],
  ],
  "no PMD number is negative: both mean an empty slot": [
    ["src/machine/mmu.ts", "if (this.#pmd[block + TAG] === pmd) this.#pmd[block + TAG] = -1;", "1", "2"],
  ],
  "log2(0) is not an integer": [
    ["src/lib/align.ts", "return x > 0 && Number.isInteger(Math.log2(x));", ">", ">="],
  ],
  "8 high bits of a frame (52-bit addresses) fit into 32 bits one bit further up too": [
    ["src/machine/mmu.ts", "const HIGH_SHIFT = 2;", "2", "3"],
  ],
  "a page that is no head is not followed by a tail, so the next check returns it too": [
    ["src/mm/page.ts", "if ((readPage(k, pfn, PAGE_FLAGS) & k.layout.head) === 0) return pfn;", "0", "1"],
  ],
  "shared tails hold a mask, which is the same for every head": [
    ["src/mm/vmemmap/shared_tails.ts", "words[at + WORD.COMPOUND_HEAD] = compoundInfoLo(k, 0, order);", "0", "1"],
  ],
  "if a section's memmap is whole PMD entries, word 0 belongs to boot's memmap and tables": [
    ["src/mm/vmemmap/sparse_vmemmap.ts", "if (pmd < 0) return -ENOMEM;", "<", "<="],
  ],
  "if a compound spans sections, each section has its own PMD entries, empty until it is added": [
    ["src/mm/vmemmap/sparse_vmemmap.ts", "if (!entryNone(k, pmd)) continue;", "!entryNone(k, pmd)", "false"],
  ],
};

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

/** Whether the entry is about this mutant. */
export function isMutant([file, line, text, replacement]: Equivalent, source: string, mutant: Mutant): boolean {
  if (file !== mutant.file) return false;
  const changed = lines(source, mutant);
  return line === changed.line && line.replace(text, () => replacement) === changed.mutant;
}

/** Why a mutant is equivalent; null when it is a defect. */
export function whyEquivalent(text: string, mutant: Mutant): string | null {
  const found = Object.entries(EQUIVALENT).find(([, rows]) => rows.some((row) => isMutant(row, text, mutant)));
  return found?.[0] ?? null;
}
