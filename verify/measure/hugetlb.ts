// SPDX-License-Identifier: GPL-2.0-only
// Measures huge pages in the emulator: pools on a box, free counts before and after, page-table entries and struct
// pages. Results are cached, kernels are not.

import { makePool } from "../../src/scenario/hugetlb.ts";
import { bootHugetlbBox, hugetlbConfig, type HugetlbOptions } from "../../src/scenario/hugetlb_box.ts";
import { boot } from "../../src/boot.ts";
import { costTable } from "../../src/model/cost_tables.ts";
import { hugetlbMs } from "../../src/model/hugetlb.ts";
import { USE_PTE_TABLE } from "../../src/include/frame_use.ts";
import { PAGE_COMPOUND_HEAD, PAGE_COMPOUND_HEAD_HI, PAGE_FLAGS } from "../../src/include/mm_types.ts";
import {
  allocHugePage,
  allocHugePageAt,
  freeHugePage,
  setNrHugepages,
  sizeToHstate,
} from "../../src/mm/hugetlb/hugetlb.ts";
import { flushFreeHpageWork } from "../../src/mm/hugetlb/make_and_free.ts";
import { setSubpagePrivate } from "../../src/mm/hugetlb/huge_page.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import { compoundHead, readPage, vmemmapPage } from "../../src/mm/page.ts";
import { tableEntries } from "../../src/mm/pgtable.ts";
import { walkTables } from "../../src/mm/ptdump.ts";
import { C, countersSince, readCounters } from "../../src/mm/vmstat.ts";
import { generation } from "./generation.ts";
import { countPages, kept } from "./measure.ts";

/** Result of making a pool of huge pages. Base pages. */
export interface Pool {
  /** Free pages gained over a pool with full memmap, minus the tables. */
  readonly net: number;
  readonly tables: number;
}

const pools = new Map<string, Pool>();

/**
 * `count` optimised huge pages on x86-64, whose leaves are split: side by side from 4 GiB on, or one at the start of
 * each 128 MiB section.
 */
export function poolOf(size: number, count: number, keep: number, placement: "dense" | "spread"): Pool {
  const kernel = keeping(keep);
  return kept(pools, { size, count, kernel, placement }, () => {
    const config = hugetlbConfig({ size, count, ...kernel, placement, giveBack: false });
    return placement === "spread" ? spread(config) : dense(config);
  });
}

/** A kernel that keeps this many vmemmap pages, or the requested generation with its own number. */
function keeping(keep: number): { readonly keep: number } | { readonly kernel: string } {
  const kernel = generation();
  return kernel === null ? { keep } : { kernel };
}

function spread(config: ReturnType<typeof hugetlbConfig>): Pool {
  const { made } = makePool(config);
  return { net: made.netSavedPages, tables: made.pteTables };
}

function dense(config: ReturnType<typeof hugetlbConfig>): Pool {
  const k = bootHugetlbBox(config);
  const h = sizeToHstate(k, config.size)!;
  const free = totalFreePages(k);
  const first = k.arch.highStartBytes / k.pageBytes;
  for (let i = 0; i < config.count; i++) {
    if (!allocHugePageAt(k, h, first + i * h.pages)) throw new Error(`measure_hugetlb: page ${i} is in use`);
  }
  return { net: config.count * h.pages - (free - totalFreePages(k)), tables: k.uses[USE_PTE_TABLE] };
}

/** One huge page on its own box. */
function onePage(options: Omit<HugetlbOptions, "count">): { readonly k: Kernel; readonly head: number } {
  const { kernel, hstate } = makePool(hugetlbConfig({ count: 1, giveBack: false, ...options }));
  return { k: kernel, head: hstate.freeLists[0][0] };
}

/** Free pages gained by one huge page; its memmap is mapped by base pages, so no table is needed. */
export function gainOf(arch: string, size: number, keep: number, more: Partial<HugetlbOptions> = {}): number {
  // The documents also optimise on arm64, which Linux has since disabled.
  const kernel = "6.1,hugetlbLiveRemap=false";
  const config = hugetlbConfig({
    arch,
    size,
    kernel,
    ...keeping(keep),
    count: 1,
    vmemmapMap: "base",
    giveBack: false,
    ...more,
  });
  return makePool(config).made.netSavedPages;
}

/** Frames allocated to restore the memmap of one huge page. */
export function restoredPages(size: number, keep: number): number {
  const { k } = onePage({ size, ...keeping(keep) });
  setNrHugepages(k, sizeToHstate(k, size)!, 0);
  return k.stat[C.vmemmapPagesCopied];
}

/** Frames freed by emptying a pool, and model time on bare metal. */
export interface Part {
  readonly pages: number;
  readonly ms: number;
}

/** Empties a pool of 2 MiB pages: the caller's work until it returns, and the work left to the worker. */
export function givenBack(
  count: number,
  options: Partial<HugetlbOptions>,
): { readonly empty: boolean; readonly caller: Part; readonly worker: Part } {
  const size = 2 ** 21;
  const { kernel: k, hstate } = makePool(hugetlbConfig({ size, count, keep: 2, giveBack: false, ...options }));
  const part = (run: () => unknown): Part => {
    const free = totalFreePages(k);
    const before = readCounters(k.stat);
    run();
    const done = countersSince(before, readCounters(k.stat));
    const { hugetlbPagesDestroyed: freed, vmemmapPagesCopied: vmemmapRestored, tlbIpis } = done;
    const work = { allocated: 0, vmemmapFreed: 0, freed, vmemmapRestored, tlbIpis };
    return { pages: totalFreePages(k) - free, ms: hugetlbMs(work, costTable("optane").hugetlb) };
  };
  const caller = part(() => setNrHugepages(k, hstate, 0));
  const empty = hstate.nrHugePages === 0;
  return { empty, caller, worker: part(() => flushFreeHpageWork(k)) };
}

/** How many page sizes, of all powers of two, allow a pool of one page. */
export function sizesMade(arch: string): number {
  const k = bootHugetlbBox(hugetlbConfig({ arch, size: 2 ** 30, count: 1 }));
  let made = 0;
  for (let size = k.pageBytes; size <= 2 ** 30; size *= 2) {
    const h = sizeToHstate(k, size);
    if (h === null) continue;
    made += setNrHugepages(k, h, 1);
    setNrHugepages(k, h, 0);
  }
  return made;
}

/** Struct pages that point to one head, the head included, counted one by one. */
export function structsOf(arch: string, size: number): number {
  const { k, head } = onePage({ arch, size, hugetlbFreeVmemmap: false });
  let n = 1;
  while (compoundHead(k, head + n) === head) n++;
  return n;
}

/** Distinct frames that hold the struct pages of a huge page; a fraction of a page if they do not fill one. */
export function vmemmapFramesOf(arch: string, size: number): number {
  const { k, head } = onePage({ arch, size, hugetlbFreeVmemmap: false });
  const frames = new Set<number>();
  let n = 0;
  for (; n === 0 || compoundHead(k, head + n) === head; n++) frames.add(k.cpu.mmu.frame(vmemmapPage(k, head + n)));
  return Math.min(frames.size, n * k.structPageSize / k.pageBytes);
}

/** Struct pages of a 2 MiB page with PG_head. */
export function headsOf(size: number, keep: number): number {
  const { k, head } = onePage({ size, ...keeping(keep) });
  return countPages(head, size / k.pageBytes, (pfn) => (readPage(k, pfn, PAGE_FLAGS) & k.layout.head) !== 0);
}

/** Distinct values of compound_head in the tails of a huge page. */
export function compoundHeadsOf(size: number): number {
  const { k, head } = onePage({ size, keep: 2 });
  const values = new Set<string>();
  for (let i = 1; i < size / k.pageBytes; i++) {
    const words = [PAGE_COMPOUND_HEAD, PAGE_COMPOUND_HEAD_HI].map((offset) => readPage(k, head + i, offset));
    values.add(words.join());
  }
  return values.size;
}

/** Entries written in the memmap's tables to make a pool. */
export function entriesToMake(count: number, structPageSize: number): number {
  const config = hugetlbConfig({ size: 2 ** 21, count, keep: 2, structPageSize, vmemmapMap: "base", giveBack: false });
  const k = bootHugetlbBox(config);
  const written = () => k.stat[C.pteWrites] + k.stat[C.pmdWrites];
  const before = written();
  setNrHugepages(k, sizeToHstate(k, config.size)!, count);
  return written() - before;
}

/** Read-only entries in the memmap's tables. */
export function readOnlyEntries(size: number, keep: number): number {
  const { k } = onePage({ size, keep });
  const { roMask, roValue } = k.arch.format;
  let n = 0;
  walkTables(k, k.rootPfn, k.arch.vmemmapPgdIndex, tableEntries(k), {
    leaf: (_level, _vpn, _pfn, at) => (k.phys.words[at] & roMask) === roValue ? n++ : n,
  });
  return n;
}

/** Leaves of boot's memmap above the last level, per GiB of DRAM. */
export function leavesPerGib(vmemmapMap: "pmd" | "base"): number {
  const k = boot({ dram: [2 ** 30], hugetlbFreeVmemmap: vmemmapMap === "base", vmemmapMap });
  let leaves = 0;
  walkTables(k, k.rootPfn, k.arch.vmemmapPgdIndex, tableEntries(k), { leaf: (level) => level > 0 ? leaves++ : leaves });
  return leaves;
}

/** Entries written, and frames allocated or freed, while `count` huge pages are taken from a pool and returned. */
export function entriesChangedByUse(size: number, count: number): number {
  const { kernel: k, hstate } = makePool(hugetlbConfig({ size, count, keep: 2, giveBack: false }));
  const work = () => [C.pteWrites, C.pmdWrites, C.allocCalls, C.freeCalls].reduce((sum, c) => sum + k.stat[c], 0);
  const before = work();
  const taken = Array.from({ length: count }, () => allocHugePage(k, hstate, 0));
  if (taken.some((head) => head < 0)) throw new Error("measure_hugetlb: the pool has too few pages");
  for (const head of taken) freeHugePage(k, hstate, head);
  return work() - before;
}

/** Bytes of a page-table entry: a table fills one page. */
export function entryBytes(arch: string): number {
  const k = boot({ arch });
  return k.pageBytes / tableEntries(k);
}

/** Struct pages with a word of their own: the head, and every tail that uses one. */
export function subpagesInUse(): number {
  const { k, head } = onePage({ size: 2 ** 21, keep: 2 });
  for (let i = 1;; i++) {
    try {
      setSubpagePrivate(k, head, i, 0);
    } catch (error) {
      if (error instanceof RangeError) return i;
      throw error;
    }
  }
}
