// SPDX-License-Identifier: GPL-2.0-only
// Slips in the paths that claims measure, each with the claims whose figures must change. If a figure stays the same,
// its check cannot fail.

import type { Edit } from "../mutations/edits.ts";

/** One slip, and what must notice it: claims (any of their rows), or single rows. */
export interface ClaimSlip {
  readonly what: string;
  readonly edits: readonly Edit[];
  readonly claims: readonly string[];
}

function slip(what: string, claims: readonly string[], file: string, text: string, replacement: string): ClaimSlip {
  return { what, claims, edits: [{ file: `src/${file}`, text, replacement }] };
}

export const CLAIM_SLIPS: readonly ClaimSlip[] = [
  slip(
    "a compound keeps three vmemmap pages",
    ["000-04", "000-05", "001-63", "001-71", "002-03/memmap"],
    "mm/vmemmap/sparse_vmemmap.ts",
    '"pte+zone" ? 1 : 2;',
    '"pte+zone" ? 1 : 3;',
  ),
  slip(
    "every struct page of a compound is written",
    ["000-17/init", "001-65", "001-66", "001-67", "001-113/writes"],
    "mm/mm_init.ts",
    "return Math.min(all, vmemmapReserveNr(k) * Math.floor(k.pageBytes / k.structPageSize));",
    "return all;",
  ),
  {
    what: "copying a compound's memmap leaves out its last page",
    claims: ["000-17/init", "001-24/work", "001-26", "001-65", "001-65/before", "001-66", "001-67"],
    edits: [
      {
        file: "src/mm/mm_init.ts",
        text: "for (let p = 0; p < pages; p++) {",
        replacement: "for (let p = 0; p < pages - 1; p++) {",
      },
      { file: "src/mm/mm_init.ts", text: "pages > 1 && mmu.write", replacement: "pages > 2 && mmu.write" },
    ],
  },
  slip(
    "compounds share no memmap",
    ["000-04", "000-05", "002-03", "002-03/memmap", "001-122"],
    "mm/vmemmap/sparse_vmemmap.ts",
    'if (pgmap === null || pgmap.altmap !== null || k.config.dedup === "none") return false;',
    "return false;",
  ),
  slip(
    "__add_pages() takes two sections at a time",
    ["001-57"],
    "mm/hotplug/memory_hotplug.ts",
    "return alignDown(pfn, k.pagesPerSection) + k.pagesPerSection;",
    "return alignDown(pfn, 2 * k.pagesPerSection) + 2 * k.pagesPerSection;",
  ),
  slip(
    "the page-table walk sees one entry too many after each leaf",
    ["000-02", "000-04", "000-05", "001-48", "001-49", "001-51", "001-58"],
    "scenario/layout.ts",
    "for (let p = from; p < to; p++) frame",
    "for (let p = from; p <= to; p++) frame",
  ),
  {
    what: "a tail does not lead to its head, nor does a copy of one",
    claims: ["001-31", "001-38", "001-40", "001-41", "001-70"],
    edits: [
      { file: "src/mm/mm_init.ts", text: "  setCompoundHead(k, tail, head, order);\n", replacement: "" },
      { file: "src/mm/mm_init.ts", text: " image[at + COMPOUND_HEAD] = lo;", replacement: ";" },
    ],
  },
  slip(
    "a block's own memmap is initialised after the rest is online",
    ["003-15/order", "003-15/written"],
    "drivers/base/memory.ts",
    `    if (own > 0) mhpInitMemmapOnMemory(k, start, own, zone);
    const err = onlinePages(k, start + own, end - start - own, zone);
`,
    `    const err = onlinePages(k, start + own, end - start - own, zone);
    if (own > 0) mhpInitMemmapOnMemory(k, start, own, zone);
`,
  ),
  slip(
    "a block's own memmap is never initialised",
    ["003-15/order", "003-15/written"],
    "drivers/base/memory.ts",
    "    if (own > 0) mhpInitMemmapOnMemory(k, start, own, zone);\n    const err",
    "    const err",
  ),
  slip(
    "a block's own memmap is not present",
    ["003-15"],
    "drivers/base/memory.ts",
    "    adjustPresentPageCount(zone, own);\n    block.zone",
    "    block.zone",
  ),
  slip(
    "a device is mapped at any alignment",
    ["001-37"],
    "drivers/dax/device.ts",
    "  if (vpn % unit !== 0 || pages % unit !== 0 || pgoff % unit !== 0) return -EINVAL;\n",
    "",
  ),
  slip(
    "a pgmap takes two references for each compound",
    ["001-34", "001-75"],
    "mm/memremap.ts",
    "pgmap.refs += pfnLen(k, pgmap, i);",
    "pgmap.refs += 2 * pfnLen(k, pgmap, i);",
  ),
  slip(
    "references on the head are added one by one",
    ["001-10", "001-98"],
    "mm/gup/refs.ts",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta)) return false;",
    "for (let i = 0; i < delta; i++) if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, 1)) return false;",
  ),
  slip(
    "the head gets one reference too few",
    ["001-82", "001-83"],
    "mm/gup/refs.ts",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta)) return false;",
    "if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta - 1)) return false;",
  ),
  slip(
    "a run of references continues past its compound",
    ["001-39/clipped"],
    "mm/gup/hold.ts",
    "return Math.min(n, head + (1 << order) - pfn);",
    "return n;",
  ),
  slip(
    "a fault warns about compounds whose order matches their leaf",
    ["001-111", "001-111/meant"],
    "mm/memory.ts",
    "if (compoundOrder(k, compoundHead(k, pfn)) !== order) k.stat",
    "if (compoundOrder(k, compoundHead(k, pfn)) === order) k.stat",
  ),
  slip(
    "a huge page's tail points to the page before it",
    ["001-52", "001-123", "004-03", "004-05", "001-43", "001-44", "001-45", "001-46", "001-47"],
    "mm/hugetlb/huge_page.ts",
    "    stampTails(k, head + 1, pages - 1, tailImage(k, head, zone, nid), head, order);\n    return;\n",
    `    for (let tail = head + 1; tail < head + pages; tail++) {
      initSinglePage(k, tail, zone, nid);
      prepCompoundTail(k, tail, tail - 1, order);
    }
    return;
`,
  ),
  slip(
    "a kernel has a pool of the first size only",
    ["004-02"],
    "mm/hugetlb/hugetlb.ts",
    "for (const { bytes } of k.arch.hugetlbSizes) k.hugetlb",
    "for (const { bytes } of k.arch.hugetlbSizes.slice(0, 1)) k.hugetlb",
  ),
  slip(
    "a huge page keeps one more vmemmap page",
    ["001-53", "001-54", "004-07/base", "004-08", "004-09", "004-09/best", "004-09/worst"],
    "mm/hugetlb/hugetlb.ts",
    "vmemmapPages - k.config.hugetlbKeep : 0",
    "vmemmapPages - k.config.hugetlbKeep - 1 : 0",
  ),
  slip(
    "a split takes two tables",
    ["004-07", "004-09"],
    "mm/hugetlb/vmemmap_split.ts",
    "  const table = allocTable(k, nid, USE_PTE_TABLE);\n",
    "  const table = allocTable(k, nid, USE_PTE_TABLE) && allocTable(k, nid, USE_PTE_TABLE);\n",
  ),
  slip(
    "freeing does not wait for the worker",
    ["004-29", "004-29/worker"],
    "mm/hugetlb/make_and_free.ts",
    'if (k.config.hugetlbFree === "deferred" && vmemmapOptimized(k, head)) k',
    "if (false) k",
  ),
];
