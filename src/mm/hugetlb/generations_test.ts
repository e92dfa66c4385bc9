// SPDX-License-Identifier: GPL-2.0-only
// HVO generation by generation: the frame of each vmemmap page of a 2 MiB page, what is freed and restored, and that
// 6.12.115's restore is noticed.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { TOY_HUGETLB } from "../../arch/toy/toy.ts";
import { boot } from "../../boot.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { USE_PINNED, USE_PTE_TABLE, USE_SHARED_TAILS } from "../../include/frame_use.ts";
import { PAGE_COMPOUND_HEAD } from "../../include/mm_types.ts";
import { KernelPanic } from "../../lib/bug.ts";
import type { Kernel } from "../kernel.ts";
import { allocPages, totalFreePages } from "../page_alloc.ts";
import { compoundHead, readPage, vmemmapPage } from "../page.ts";
import { vmemmapVpn, walkTo } from "../pgtable.ts";
import { mappedFrame } from "../vmemmap/basepages.ts";
import { C } from "../vmstat.ts";
import { allocHugePageAt, setNrHugepages, sizeToHstate } from "./hugetlb.ts";

const SIZE = 2 ** 21;

/** A pool of `count` pages, its heads, and the frames they and their tables took. */
function pool(kernel: string, count: number) {
  const k = boot({ kernel, dram: [2 ** 30], hugetlbFreeVmemmap: true });
  const h = sizeToHstate(k, SIZE)!;
  const free = totalFreePages(k);
  const bootPages = k.stat[C.nrMemmapBootPages];
  setNrHugepages(k, h, count);
  const heads = h.freeLists[0];
  return { k, h, heads, free, taken: free - totalFreePages(k), bootPages };
}

function framesOf(k: Kernel, head: number): number[] {
  return Array.from({ length: 8 }, (_, i) => mappedFrame(k, vmemmapPage(k, head) + i));
}

/** For each vmemmap page of a head, the index of its frame in order of first appearance. */
function pattern(frames: readonly number[]): number[] {
  return frames.map((frame) => [...new Set(frames)].indexOf(frame));
}

Deno.test("6.2 copies the head's vmemmap page: eight boot frames are freed, one is allocated, the gain is still seven", () => {
  for (const [kernel, leave] of [["6.1", 7], ["6.7", 8], ["6.12", 8]] as const) {
    const { k, heads, taken, bootPages } = pool(kernel, 1);
    checkInvariants(k);
    assertEquals(pattern(framesOf(k, heads[0])), [0, 0, 0, 0, 0, 0, 0, 0]);
    assertEquals([taken, k.uses[USE_PTE_TABLE]], [512 - 7 + 1, 1], kernel);
    assertEquals([bootPages - k.stat[C.nrMemmapBootPages], k.stat[C.nrMemmapPages]], [leave, leave - 7], kernel);
  }
});

Deno.test("7.1 maps the tails of all pages of an order in a zone to one frame, which is kept", () => {
  const { k, h, heads, free } = pool("7.3", 3);
  checkInvariants(k);
  const frames = heads.map((head) => framesOf(k, head));
  for (const own of frames) assertEquals(pattern(own), [0, 1, 1, 1, 1, 1, 1, 1]);
  assertEquals([new Set(frames.map((own) => own[0])).size, new Set(frames.map((own) => own[1])).size], [3, 1]);
  // A mask leads every tail to its own head, though all read the same words.
  for (const head of heads) {
    assertEquals(readPage(k, head + 64, PAGE_COMPOUND_HEAD), -(512 * 64) | 1);
    assertEquals([64, 300, 511].map((i) => compoundHead(k, head + i)), [head, head, head]);
  }
  assertEquals(k.fakeHeads, false);
  setNrHugepages(k, h, 0);
  checkInvariants(k);
  assertEquals(free - totalFreePages(k), k.uses[USE_PTE_TABLE] + k.uses[USE_SHARED_TAILS]);
  assertEquals(k.uses[USE_SHARED_TAILS], 1);
});

Deno.test("7.1's masks lead tails that look like heads to their head, if pages keep their own tails", () => {
  const { k, h, heads } = pool("7.3,hugetlbTail=own", 3);
  checkInvariants(k);
  assertEquals(k.fakeHeads, true);
  for (const head of heads) assertEquals([0, 64, 128, 511].map((i) => compoundHead(k, head + i)), Array(4).fill(head));
  setNrHugepages(k, h, 0);
  checkInvariants(k);
});

//  | low: a huge page, the page of tails, then frames that are taken | hole to 4 GiB | high: another huge page |
Deno.test("7.1 maps tails to the page they share below 4 GiB, where their head's memmap is above", () => {
  const arch = { ...TOY_HUGETLB, lowEndBytes: () => 2 ** 21, highStartBytes: 2 ** 32 };
  const k = boot({ arch, kernel: "7.3", dram: [2 ** 22], hugetlbFreeVmemmap: true });
  const border = 2 ** 32 / k.pageBytes;
  const h = sizeToHstate(k, 2 ** 15)!;
  const heads = [2 * h.pages, border + 2 * h.pages];
  assertEquals(allocHugePageAt(k, h, heads[0]), true);
  for (let pfn = 0; pfn < border;) pfn = allocPages(k, 0, 0, USE_PINNED);
  assertEquals(allocHugePageAt(k, h, heads[1]), true);
  checkInvariants(k);
  const frames = heads.map((head) => framesOf(k, head));
  const [{ frame }] = k.hugetlb.sharedTails;
  assertEquals([...frames.map(([own]) => own < border), frame < border], [true, false, true]);
  for (const [, ...tails] of frames) assertEquals(new Set(tails), new Set([frame]));
});

// Bytes are handed out as frames are touched: in this machine the first go to the PTE table that maps the page's memmap.
Deno.test("6.2 moves a head's page whose entry is the first of all memory", () => {
  const arch = { ...TOY_HUGETLB, sectionShift: 15, hugeVmemmap: false };
  const k = boot({ arch, kernel: "6.7", dram: [18 * 2 ** 15], hugetlbFreeVmemmap: true });
  const h = sizeToHstate(k, 2 ** 15)!;
  const head = 8 * h.pages;
  assertEquals(walkTo(k, k.rootPfn, vmemmapVpn(k, vmemmapPage(k, head)), 0), 0);
  assertEquals(allocHugePageAt(k, h, head), true);
  checkInvariants(k);
});

Deno.test("without a frame for the copy 6.12 keeps the head's page, 7.3 leaves the page as it is", () => {
  for (const [kernel, optimized] of [["6.12", 1], ["7.3", 0]] as const) {
    const { k, h } = pool(kernel, 1);
    setNrHugepages(k, h, 0);
    // The leaf is split and the page of tails exists: the huge page's own frames come first, then the copy.
    k.fault.arm(2, true);
    setNrHugepages(k, h, 1);
    k.fault.disarm();
    assertEquals([h.nrHugePages, k.hugetlb.optimized], [1, optimized], kernel);
    checkInvariants(k);
  }
});

Deno.test("erratum restoreWithoutReset: no page of a pool is freed, and each takes seven more frames", () => {
  const { k, h, free } = pool("6.12,restoreWithoutReset=true", 4);
  const before = totalFreePages(k);
  setNrHugepages(k, h, 0);
  assertEquals([h.nrHugePages, totalFreePages(k) - before, k.stat[C.warnings]], [0, -7 * 4, 4]);
  assert(totalFreePages(k) < free);
  assertThrows(() => checkInvariants(k), KernelPanic, "I12");
});

Deno.test("B21: 6.7 restores from another node, where 6.1 leaves the page as surplus", () => {
  for (const [kernel, left] of [["6.1", 1], ["6.7", 0]] as const) {
    const k = boot({ kernel, dram: [2 ** 28, 2 ** 28], hugetlbFreeVmemmap: true });
    const h = sizeToHstate(k, SIZE)!;
    setNrHugepages(k, h, 1, 1);
    fill(k, 1);
    setNrHugepages(k, h, 0, 1);
    assertEquals([h.nrHugePages, h.surplusHugePages, k.hugetlb.optimized], [left, left, left], kernel);
    checkInvariants(k);
  }
});

/** Takes every free frame of a node. */
function fill(k: Kernel, nid: number): void {
  for (let order = k.arch.maxOrder; order >= 0; order--) while (allocPages(k, order, nid, USE_PINNED, true) >= 0);
}
