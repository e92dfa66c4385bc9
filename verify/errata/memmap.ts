// SPDX-License-Identifier: GPL-2.0-only
// Defects in building the memmap of compounds: what is shared, written and left behind (patches 12 to 14).

import { boot } from "../../src/boot.ts";
import { createNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { USE_VMEMMAP } from "../../src/include/frame_use.ts";
import { allocHugePage, setNrHugepages } from "../../src/mm/hugetlb/hugetlb.ts";
import { hugetlbVmemmapRestore } from "../../src/mm/hugetlb/hugetlb_vmemmap.ts";
import { memremapPages, newPgmap } from "../../src/mm/memremap.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { compoundHead, isPageHead, pageRefcount, vmemmapPage } from "../../src/mm/page.ts";
import { mappedFrame } from "../../src/mm/vmemmap/basepages.ts";
import type { KernelConfig } from "../../mod.ts";
import { freedPages } from "../formulas/hugetlb.ts";
import {
  basePages,
  SECTION,
  SIZE_1G,
  SIZE_2M,
  structsPerPage,
  uniqueStructs,
  vmemmapPages,
} from "../formulas/vmemmap.ts";
import { untyped } from "../claims/v4_init.ts";
import { countPages } from "../measure/measure.ts";
import { type ErratumRow, formulaOf, reasonIn, shownBy } from "./erratum.ts";

export const MEMMAP_ERRATA: readonly ErratumRow[] = [
  {
    name: "restoreWithoutReset",
    source: "Linux 6.12.115",
    wrongly: "every restored page is a plain copy of the head's page, including the head",
    rightly: "ordinary tails are copied over the head and its special tails",
    preset: "6.12",
    what: "heads among the tails of a 2M HugeTLB page whose vmemmap was restored",
    wrong: freedPages(SIZE_2M, 4096, 1),
    observe: headsRestored,
  },
  {
    name: "pageblockInShortLoop",
    ...shownBy("001-68"),
    rightly: "the type is set for every pageblock of the range",
    observe: untyped,
  },
  {
    name: "earlySectionAssumedShared",
    source: "001:2221",
    wrongly: "128 struct pages are written though the memmap is boot's and nothing in it is shared",
    rightly: "populating and writing use the same test, so all 512 are written",
    what: "tails of a 2M page in a section of boot memory that point nowhere",
    wrong: basePages(SIZE_2M) - uniqueStructs(SIZE_2M, "pte"),
    observe: tailsAstray,
  },
  {
    name: "dedupAnyStructSize",
    source: "v4 and v5 of the series (001:2150)",
    wrongly: "struct pages of 56 bytes straddle memmap pages, but tails are shared anyway",
    rightly: "nothing is shared unless sizeof(struct page) is a power of two",
    what: "tails of a 2M page that point to another page, struct pages of 56 bytes",
    wrong: basePages(SIZE_2M) - 2 * structsPerPage(56),
    observe: straddlingTails,
  },
  {
    name: "compoundStartUnchecked",
    source: "001:2569 and 001:2069, still in Linux 6.1",
    wrongly:
      "a range that begins in the midst of a section has compounds that do too, and their heads' memmap is shared away",
    rightly: "such a range is refused: a compound must begin where a populated part begins",
    what: "of four 1G pages half a section off, heads on a memmap page of tails",
    wrong: 3,
    observe: lostHeads,
  },
  {
    name: "compoundHeadUnadjusted",
    ...reasonIn("004-23"),
    rightly: "compound_head() checks whether the struct page after a head is a tail",
    preset: "v7+head",
    what: "heads among the struct pages of a 2M page",
    wrong: formulaOf("004-23"),
    right: 1,
    observe: headsSeen,
  },
  {
    name: "addPagesNoUnwind",
    source: "mm/memory_hotplug.c of the time (001:1130)",
    wrongly: "when a later section fails, the memmap of earlier sections stays",
    rightly: "a failed add leaves nothing behind",
    preset: "5.14",
    what: "memmap frames left by an add that failed in its last section",
    unit: "pages",
    wrong: vmemmapPages(7 * SECTION),
    observe: framesLeft,
  },
];

/** DRAM ends in the middle of a section, and pmem starts there. */
function tailsAstray(kernel: KernelConfig): number {
  const dram = SIZE_1G + SECTION / 2;
  const k = boot({ kernel, dram: [dram], pmem: [{ bytes: SECTION / 2, startBytes: dram }] });
  return tailsElsewhere(k, bringUp(k, SIZE_2M));
}

/** Creates a pgmap for the first region, in compounds of this size; returns its first frame. */
function bringUp(k: Kernel, pageSize: number): number {
  const { start, end } = k.machine.topology.pmem[0];
  memremapPages(k, newPgmap(k, "generic", [{ start, end }], null, 0, basePages(pageSize)));
  return start;
}

/** Tails of the compound at `head` that do not point to it. */
function tailsElsewhere(k: Kernel, head: number): number {
  return countPages(head + 1, basePages(SIZE_2M) - 1, (pfn) => compoundHead(k, pfn) !== head);
}

function straddlingTails(kernel: KernelConfig): number {
  const k = boot({ kernel, structPageSize: 56, pmem: [{ bytes: 2 ** 28 }] });
  const ns = createNamespace(k, ndRegions(k)[0], { size: 2 ** 28, align: SIZE_2M, map: "mem" });
  if (typeof ns === "number") throw new Error("verify: the namespace fails");
  return tailsElsewhere(k, (ns.extent.start + ns.info.dataoff) / k.pageBytes);
}

/** Heads of four 1G pages whose memmap page also holds tails; 0 if the range is refused. */
function lostHeads(kernel: KernelConfig): number {
  const pages = 4;
  const k = boot({ kernel, pmem: [{ bytes: pages * SIZE_1G, startBytes: 2 * SIZE_1G + SECTION / 2 }] });
  const start = bringUp(k, SIZE_1G);
  if (k.pgmaps.lookup(start) === null) return 0;
  let lost = 0;
  for (let i = 0; i < pages; i++) {
    if (pageRefcount(k, mappedFrame(k, vmemmapPage(k, start + i * basePages(SIZE_1G)))) > 1) lost++;
  }
  return lost;
}

function headsSeen(kernel: KernelConfig): number {
  const k = boot({ kernel, pmem: [{ bytes: 2 ** 28 }] });
  return heads(k, bringUp(k, SIZE_2M));
}

/** PG_head flags after the first struct page of a HugeTLB page in use whose vmemmap is restored. */
function headsRestored(kernel: KernelConfig): number {
  const k = boot({ kernel, dram: [2 ** 29], hugetlbFreeVmemmap: true });
  const [h] = k.hugetlb.hstates;
  setNrHugepages(k, h, 1);
  const head = allocHugePage(k, h, 0);
  hugetlbVmemmapRestore(k, h, head, 0);
  return heads(k, head) - 1;
}

/** Struct pages of a 2M page with PG_head. */
function heads(k: Kernel, first: number): number {
  return countPages(first, basePages(SIZE_2M), (pfn) => isPageHead(k, pfn));
}

/** Adds 1 GiB, with memory for all sections but the last. */
function framesLeft(kernel: KernelConfig): number {
  const k = boot({ kernel, pmem: [{ bytes: SIZE_1G }] });
  const before = k.uses[USE_VMEMMAP];
  // One block per section; the tables exist already.
  k.fault.arm(SIZE_1G / SECTION, true);
  bringUp(k, SIZE_2M);
  return k.uses[USE_VMEMMAP] - before;
}
