// SPDX-License-Identifier: GPL-2.0-only
// Sharing and restoring the vmemmap of huge pages: which frame every vmemmap page maps, flushes and their order, fake
// heads, read-only tails, and every allocation failing in turn.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { boot } from "../../boot.ts";
import { USE_BOOT_VMEMMAP, USE_PINNED, USE_PTE_TABLE, USE_VMEMMAP } from "../../include/frame_use.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import { EBUSY } from "../../include/errno.ts";
import { PAGE_FLAGS, PAGE_MAPPING, PAGE_PRIVATE, PAGE_REFCOUNT } from "../../include/mm_types.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { conserved } from "../../debug_vm/hugetlb.ts";
import { allocHugePage, freeHugePages, persistentHugePages, setNrHugepages, setOptimizeVmemmap } from "./hugetlb.ts";
import { bootHugetlb, emptyPools, variantName, VARIANTS, withHugetlb } from "./hugetlb_testing.ts";
import { flushFreeHpageWork } from "./make_and_free.ts";
import { hugetlbVmemmapRestore, vmemmapOptimized } from "./hugetlb_vmemmap.ts";
import type { Kernel } from "../kernel.ts";
import { memoryFailureHugetlb } from "../memory_failure.ts";
import { allocPages, freePages, totalFreePages } from "../page_alloc.ts";
import { compoundHead, isPageHead, readPage, setPageFlags, vmemmapPage } from "../page.ts";
import { C } from "../vmstat.ts";
import { mappedFrame } from "../vmemmap/basepages.ts";
import { stepsOf } from "../../trace/trace_testing.ts";
import { PAGE_LAYOUTS } from "../../include/page_layout.ts";

const { head: PG_HEAD, referenced: PG_REFERENCED } = PAGE_LAYOUTS["6.1"];

const KEEP_1 = { ...PRESETS["6.1"] };
const KEEP_2 = { ...PRESETS["6.1"], hugetlbKeep: 2 as const };

/** Frames of a huge page's vmemmap by order of first appearance: [0, 0, 0] is one frame three times. */
function layout(k: Kernel, head: number, pages: number): number[] {
  const order = new Map<number, number>();
  return Array.from({ length: pages }, (_, i) => {
    const frame = mappedFrame(k, vmemmapPage(k, head) + i);
    if (!order.has(frame)) order.set(frame, order.size);
    return order.get(frame)!;
  });
}

Deno.test("hugetlbVmemmapOptimize() maps the tails to the last page kept, and restoring undoes it", () => {
  //   keep 1: a a a a a a a a       keep 2: a b b b b b b b
  for (const [kernel, expected] of [[KEEP_1, [0, 0, 0, 0, 0, 0, 0, 0]], [KEEP_2, [0, 1, 1, 1, 1, 1, 1, 1]]] as const) {
    withHugetlb({ kernel }, (k, h) => {
      setNrHugepages(k, h, 1);
      const head = h.freeLists[0][0];
      assertEquals(layout(k, head, 8), [...expected]);
      checkInvariants(k);
      setNrHugepages(k, h, 0);
      assertEquals(layout(k, head, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
    });
  }
});

Deno.test("a page whose vmemmap has many tables is shared and restored wherever their bytes lie", () => {
  // 2 MiB: 512 vmemmap pages, 8 tables of 64. Every other slot and frame is taken, so no table follows another.
  for (const kernel of [KEEP_1, KEEP_2]) {
    withHugetlb({ kernel }, (k) => {
      const h = k.hugetlb.hstates[1];
      const frames = Array.from({ length: 40 }, () => allocPages(k, 0, 0, USE_PINNED));
      for (const pfn of frames) k.phys.touch(pfn, 0);
      for (let i = 0; i < 40; i += 2) freePages(k, frames[i], 0, USE_PINNED);
      assertEquals(setNrHugepages(k, h, 1), 1);
      const head = h.freeLists[0][0];
      assertEquals(layout(k, head, 512), Array.from({ length: 512 }, (_, i) => Math.min(i, kernel.hugetlbKeep - 1)));
      checkInvariants(k);
      setNrHugepages(k, h, 0);
      assertEquals(layout(k, head, 512), Array.from({ length: 512 }, (_, i) => i));
      for (let i = 1; i < 40; i += 2) freePages(k, frames[i], 0, USE_PINNED);
    });
  }
});

Deno.test("hugetlbVmemmapRestore() takes frames of the page's own node or none", () => {
  for (const variant of VARIANTS) {
    withHugetlb({ ...variant, dram: [2 ** 22, 2 ** 22] }, (k, h) => {
      assertEquals(setNrHugepages(k, h, 1, 0), 1);
      const held: number[] = [];
      for (let pfn; (pfn = allocPages(k, 0, 0, USE_PINNED, true)) >= 0;) held.push(pfn);
      const free = totalFreePages(k);
      assertEquals(setNrHugepages(k, h, 0), 0);
      flushFreeHpageWork(k);
      assertEquals([h.nrHugePages, h.surplusHugePagesNode, totalFreePages(k)], [1, [1, 0], free], variantName(variant));
      checkInvariants(k);
      for (const pfn of held) freePages(k, pfn, 0, USE_PINNED);
    });
  }
});

Deno.test("hugetlbVmemmapOptimize() frees the pages it should, less a table per split leaf", () => {
  for (const variant of VARIANTS) {
    withHugetlb(variant, (k, h) => {
      const saved = 8 - variant.kernel.hugetlbKeep;
      const free = totalFreePages(k);
      assertEquals(setNrHugepages(k, h, 20), 20);
      const tables = variant.vmemmapMap === "pmd" ? sectionsTouched(k, h.freeLists[0]) : 0;
      assertEquals(free - totalFreePages(k), 20 * 64 - 20 * saved + tables, variantName(variant));
      assertEquals(k.stat[C.vmemmapSplits], tables);
      checkInvariants(k);
    });
  }
});

/** Sections of 512 frames these huge pages lie in; the memmap of each is one leaf. */
function sectionsTouched(k: Kernel, heads: readonly number[]): number {
  return new Set(heads.map((head) => Math.floor(head / k.pagesPerSection))).size;
}

Deno.test("hugetlbVmemmapOptimize() frees boot's memmap as managed memory; restored memmap is the allocator's", () => {
  withHugetlb({ kernel: KEEP_1 }, (k, h) => {
    const zone = k.nodes[0].zones[2];
    const managed = zone.managed;
    const bootVmemmap = k.uses[USE_BOOT_VMEMMAP];
    setNrHugepages(k, h, 4);
    assertEquals([zone.managed - managed, bootVmemmap - k.uses[USE_BOOT_VMEMMAP], k.uses[USE_VMEMMAP]], [28, 28, 0]);
    setNrHugepages(k, h, 0);
    assertEquals([zone.managed - managed, k.uses[USE_VMEMMAP]], [28, 28]);
    setNrHugepages(k, h, 4);
    assertEquals([zone.managed - managed, k.uses[USE_VMEMMAP]], [28, 0]);
  });
});

Deno.test("compoundHead() recognises shared tails that look like heads", () => {
  withHugetlb({ kernel: KEEP_1 }, (k, h) => {
    setNrHugepages(k, h, 1);
    const head = h.freeLists[0][0];
    // 8 struct pages to a vmemmap page: every eighth is the head again.
    const looksLikeHead = Array.from({ length: 64 }, (_, i) => i)
      .filter((i) => (readPage(k, head + i, PAGE_FLAGS) & PG_HEAD) !== 0);
    assertEquals(looksLikeHead, [0, 8, 16, 24, 32, 40, 48, 56]);
    for (let i = 0; i < 64; i++) {
      assertEquals([compoundHead(k, head + i), isPageHead(k, head + i)], [head, i === 0]);
    }
    k.fakeHeads = false;
    assertEquals(compoundHead(k, head + 8), head + 8);
    k.fakeHeads = true;
    setNrHugepages(k, h, 0);
    assertEquals(k.fakeHeads, false);
  });
});

Deno.test("pageWordForWrite() catches a store to a shared tail, not to a kept page", () => {
  for (const [kernel, kept] of [[KEEP_1, 8], [KEEP_2, 16]] as const) {
    withHugetlb({ kernel }, (k, h) => {
      setNrHugepages(k, h, 1);
      const head = h.freeLists[0][0];
      setPageFlags(k, head + kept - 1, PG_REFERENCED);
      const error = assertThrows(() => setPageFlags(k, head + kept, PG_REFERENCED), KernelPanic);
      assert(error.message.includes("read-only"));
    });
  }
  withHugetlb({ kernel: { ...KEEP_1, hugetlbTailsReadOnly: false } }, (k, h) => {
    setNrHugepages(k, h, 1);
    const head = h.freeLists[0][0];
    setPageFlags(k, head + 8 + 7, PG_REFERENCED);
    assertEquals(readPage(k, head + 7, PAGE_FLAGS) & PG_REFERENCED, PG_REFERENCED);
  });
});

Deno.test("hugetlbVmemmapRestore() restores plain tails, whatever the head's page holds", () => {
  withHugetlb({ kernel: KEEP_1 }, (k, h) => {
    setNrHugepages(k, h, 2);
    const head = h.freeLists[0][1];
    setNrHugepages(k, h, 1);
    for (let i = 1; i < 64; i++) {
      assertEquals(readPage(k, head + i, PAGE_FLAGS) & PG_HEAD, 0);
      assertEquals([readPage(k, head + i, PAGE_MAPPING), readPage(k, head + i, PAGE_REFCOUNT)], [0, 0]);
      assertEquals(compoundHead(k, head + i), head + i);
    }
  });
});

// Entries, then the flush, then the frames; on the way back frames first, then content and entry, then the flush.
Deno.test("hugetlbVmemmapOptimize() and hugetlbVmemmapRestore() flush between entries and frames, per page or per batch", () => {
  const k = bootHugetlb({ kernel: KEEP_1 });
  const h = k.hugetlb.hstates[0];
  assertEquals(stepsOf(k, () => setNrHugepages(k, h, 8), { filter: "prep_new_huge_page" }), [
    "prep_new_huge_page x 2",
    "  split_vmemmap_huge_pmd",
    "    alloc_pages_node",
    "  flush_tlb_kernel_range",
    ...PREPARED,
    "prep_new_huge_page x 6",
    ...PREPARED,
  ]);
  assertEquals(stepsOf(k, () => setNrHugepages(k, h, 0), { filter: "update_and_free_page" }), [
    "update_and_free_page x 8",
    "  hugetlb_vmemmap_restore",
    "    alloc_vmemmap_page_list",
    "      alloc_pages_bulk_array_node",
    "    vmemmap_remap_range",
    "    flush_tlb_kernel_range",
    "  __update_and_free_page",
    "    free_contig_range",
  ]);
  const batch = bootHugetlb({ kernel: { ...KEEP_1, hugetlbFlush: "batch" } });
  const pool = batch.hugetlb.hstates[0];
  assertEquals(stepsOf(batch, () => setNrHugepages(batch, pool, 8), { filter: "prep_and_add_allocated_folios" }), [
    "prep_and_add_allocated_folios",
    "  split_vmemmap_huge_pmd x 2",
    "    alloc_pages_node",
    "  flush_tlb_all",
    "  8 times:",
    "    prep_compound_page",
    "    hugetlb_vmemmap_optimize",
    "      vmemmap_remap_range",
    "  flush_tlb_all",
    "  free_vmemmap_page_list",
  ]);
  assertEquals(stepsOf(batch, () => setNrHugepages(batch, pool, 0), { filter: "flush_tlb_all" }), ["flush_tlb_all"]);
  assertEquals([batch.stat[C.tlbFlushes], batch.stat[C.tlbIpis]], [3, 3]);
});

/** What a page goes through once its leaf is split. */
const PREPARED = [
  "  prep_compound_page",
  "  hugetlb_vmemmap_optimize",
  "    vmemmap_remap_range",
  "    flush_tlb_kernel_range",
  "    free_vmemmap_page_list",
];

Deno.test("setOptimizeVmemmap() affects later pages only, and existing ones are still restored", () => {
  withHugetlb({ hugetlbFreeVmemmap: false, kernel: KEEP_1 }, (k, h) => {
    setNrHugepages(k, h, 2);
    setOptimizeVmemmap(k, true);
    setNrHugepages(k, h, 5);
    setOptimizeVmemmap(k, false);
    setNrHugepages(k, h, 6);
    assertEquals(h.freeLists[0].map((head) => vmemmapOptimized(k, head)), [false, false, true, true, true, false]);
    assertEquals(k.hugetlb.optimized, 3);
    checkInvariants(k);
  });
});

Deno.test("notOptimizable() says why: struct page size, too few vmemmap pages, no room for the private words", () => {
  const why = (options: Parameters<typeof boot>[0]) => boot(options).hugetlb.hstates.map((h) => h.notOptimizable);
  assertEquals(why({ arch: "toy", kernel: "5.14", dram: [2 ** 20] }), [null, null]);
  // 4 struct pages to a page: five cannot be kept in one.
  assertEquals(why({ arch: "toy", kernel: "6.1", dram: [2 ** 20] }), ["used-subpages", "used-subpages"]);
  assertEquals(why({ structPageSize: 56 }), ["struct-page-size", "struct-page-size"]);
  assertEquals(why({ arch: "arm64-4k", kernel: "5.18" }), ["too-small", null, null, null]);
  assertEquals(why({ arch: "arm64-4k" }), ["too-small", "arch", "arch", "arch"]);
  assertEquals(why({ kernel: "6.12,hugetlbTail=zone" }), ["tail-links", "tail-links"]);
  assertEquals(why({ arch: "arm64-64k", kernel: "5.14" }), ["too-small", null, null]);
});

Deno.test("a struct page size that is not a power of two switches the optimisation off, and pools work", () => {
  for (const structPageSize of [56, 72, 80]) {
    withHugetlb({ kernel: KEEP_1, structPageSize }, (k, h) => {
      const free = totalFreePages(k);
      assertEquals(setNrHugepages(k, h, 6), 6);
      assertEquals([free - totalFreePages(k), k.hugetlb.optimized], [6 * 64, 0]);
      checkInvariants(k);
    });
  }
});

/** Half the memory, for tests that boot once for each allocation that fails. */
const SMALL = { dram: [2 ** 22], hostMemoryBytes: 2 ** 20 };

Deno.test("hugetlbVmemmapOptimize() fails softly at every allocation: the page stays whole and in the pool", () => {
  for (const variant of VARIANTS) {
    for (let nth = 1;; nth++) {
      const k = bootHugetlb({ ...variant, ...SMALL });
      const before = conserved(k);
      const h = k.hugetlb.hstates[0];
      k.fault.arm(nth);
      const got = setNrHugepages(k, h, 9);
      const seen = k.fault.seen;
      k.fault.disarm();
      checkInvariants(k);
      emptyPools(k);
      checkInvariants(k);
      assertEquals(conserved(k), before, `${variantName(variant)}, allocation ${nth}`);
      if (seen < nth) break;
      assert(got <= 9);
    }
  }
});

Deno.test("hugetlbVmemmapRestore() fails softly at every allocation: the page is surplus, whole, and can be retried", () => {
  for (const variant of VARIANTS) {
    for (let nth = 1; nth <= 22; nth++) {
      const k = bootHugetlb({ ...variant, ...SMALL });
      const before = conserved(k);
      const h = k.hugetlb.hstates[0];
      setNrHugepages(k, h, 3);
      k.fault.arm(nth, true);
      setNrHugepages(k, h, 0);
      emptyWorker(k);
      const saved = 8 - variant.kernel.hugetlbKeep;
      const stuck = Math.max(0, 3 - Math.floor((nth - 1) / saved));
      assertEquals([h.nrHugePages, h.surplusHugePages, persistentHugePages(h), freeHugePages(h)], [
        stuck,
        stuck,
        0,
        stuck,
      ]);
      assertEquals(k.hugetlb.optimized, stuck);
      checkInvariants(k);
      k.fault.disarm();
      emptyPools(k);
      checkInvariants(k);
      assertEquals(conserved(k), before, `${variantName(variant)}, allocation ${nth}`);
    }
  }
});

function emptyWorker(k: Kernel): void {
  const queued = k.hugetlb.work.length;
  assertEquals(queued > 0, k.config.hugetlbFree === "deferred");
  checkInvariants(k);
  flushFreeHpageWork(k);
}

Deno.test("splitVmemmapRange() of a 2 MiB page on the toy makes a table for each of its 8 leaves", () => {
  withHugetlb({ kernel: KEEP_1 }, (k) => {
    const [, gigantic] = k.hugetlb.hstates;
    const free = totalFreePages(k);
    assertEquals(setNrHugepages(k, gigantic, 1), 1);
    assertEquals(free - totalFreePages(k), 4096 - 511 + 8);
    assertEquals(k.uses[USE_PTE_TABLE], 8);
    const head = gigantic.freeLists[0][0];
    assertEquals(new Set(layout(k, head, 512)).size, 1);
    checkInvariants(k);
  });
});

//  struct pages of the head's page     [H][t1][t2][t3][t4: the bad frame][t5] ... [t63]
//  and of each page that is restored   [t3][t4][t5][t3][t4][t5] ...
Deno.test("hugetlbVmemmapRestore() of a copy of the head's page puts its struct pages 3 to 5 over its first three", () => {
  const k = boot({ arch: "x86-64", kernel: PRESETS["6.1"], dram: [2 ** 29], hugetlbFreeVmemmap: true });
  const [h] = k.hugetlb.hstates;
  setNrHugepages(k, h, 1);
  const head = allocHugePage(k, h, 0);
  assert(vmemmapOptimized(k, head));
  // In use: it stays, and its fifth struct page says which frame is bad.
  assertEquals(memoryFailureHugetlb(k, head + 100), -EBUSY);
  assertEquals(hugetlbVmemmapRestore(k, h, head, 0), 0);
  const read = (pfn: number) => Array.from({ length: 16 }, (_, word) => readPage(k, pfn, word));
  for (let pfn = head + 64; pfn < head + 512; pfn++) {
    const i = pfn % 64;
    assertEquals(read(pfn), read(head + (i < 3 ? i + 3 : i)), `struct page ${pfn - head}`);
  }
  assertEquals([65, 66, 68].map((i) => readPage(k, head + i, PAGE_PRIVATE)), [100, 0, 100]);
});

Deno.test("sharing and restoring a 2M page's vmemmap writes an entry for each page that is not kept", () => {
  const k = boot({
    arch: "x86-64",
    kernel: PRESETS["6.1"],
    dram: [2 ** 29],
    hugetlbFreeVmemmap: true,
    vmemmapMap: "base",
  });
  const [h] = k.hugetlb.hstates;
  const written = (count: number) => {
    const before = k.stat[C.pteWrites];
    setNrHugepages(k, h, count);
    return k.stat[C.pteWrites] - before;
  };
  assertEquals([written(1), written(4), written(0)], [7, 3 * 7, 4 * 7]);
});
