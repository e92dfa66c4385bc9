// SPDX-License-Identifier: GPL-2.0-only
// Huge pages allocated at boot (hugepagesz=, hugepages=; mm/hugetlb.c, mm/hugetlb_vmemmap.c). Pages larger than any
// buddy block come from the boot allocator; where tails are shared by zone (7.1), their memmap is shared from the
// start, so nothing is split or freed:
//
//   up to 7.0   frames      memmap in leaves, buddy      struct pages, split, tails shared, 7 of 8 pages freed
//   7.1         frames      A Zr Zr Zr .. in PTEs        struct pages of A and Z, tails read-only
//               memblock    sparse_init()                hugetlb_init()
//
// Smaller ones are allocated as at run time, once the buddy allocator is up.
// Left out: counts per node, CMA, and that 6.15 to 7.0 also build a shared memmap, on the head's page.

import { USE_HUGETLB } from "../../include/frame_use.ts";
import type { Hstate } from "../../include/hugetlb.ts";
import {
  SECTION_HAS_MEM_MAP,
  SECTION_HAS_USAGE,
  SECTION_IS_EARLY,
  SECTION_IS_ONLINE,
  SECTION_MARKED_PRESENT,
} from "../../include/mmzone.ts";
import { pageLinksHi } from "../../include/page_flags.ts";
import { panic } from "../../lib/bug.ts";
import type { Kernel } from "../kernel.ts";
import { findArea, zoneIndexOfDram } from "../page_alloc.ts";
import { vmemmapPage } from "../page.ts";
import { flushVmemmap, levelPages, populateTo, setEntry, tableEntries, vmemmapVpn } from "../pgtable.ts";
import { vmemmapPopulateBasepages } from "../vmemmap/basepages.ts";
import { fillTails, findTail, vmemmapGetTail } from "../vmemmap/shared_tails.ts";
import { setNrHugepages, sizeToHstate } from "./hugetlb.ts";
import { prepHugePage } from "./huge_page.ts";
import { countOptimized, markOptimized, pteOf } from "./hugetlb_vmemmap.ts";
import { addToPool, prepNewHugePage, prepNewHugePages } from "./make_and_free.ts";

/** A pool that boot makes. */
export interface BootPool {
  /** Bytes of a huge page: one of the architecture's sizes. */
  readonly bytes: number;
  readonly count: number;
}

/** `huge_bootmem_page`. */
export interface HugeBootmemPage {
  readonly h: Hstate;
  readonly head: number;
  readonly nid: number;
}

/** Vmemmap pages that are not shared: the head's. */
const OWN_PAGES = 1;

/**
 * `hugetlb_bootmem_alloc`: frames for pages larger than the buddy allocator's blocks, from the nodes in turn, as far as
 * memory allows. RangeError for a size that the architecture does not have.
 */
export function hugetlbBootmemAlloc(k: Kernel, pools: readonly BootPool[]): HugeBootmemPage[] {
  return pools.flatMap(({ bytes, count }) => {
    const h = sizeToHstate(k, bytes);
    if (h === null) {
      const known = k.hugetlb.hstates.map((each) => each.bytes).join(", ");
      throw new RangeError(`Cannot boot with huge pages of ${bytes} bytes: expected ${known}`);
    }
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`Cannot boot with ${count} huge pages: expected a whole number from 0`);
    }
    if (h.order <= k.arch.maxOrder) return [];
    const pages: HugeBootmemPage[] = [];
    for (let i = 0; i < count; i++) {
      const head = k.memblock!.alloc(h.pages, h.pages, i % k.nodes.length);
      if (head < 0) break;
      pages.push({ h, head, nid: nodeOfDram(k, head) });
    }
    return pages;
  });
}

function nodeOfDram(k: Kernel, pfn: number): number {
  const range = k.machine.topology.dram.find(({ start, end }) => pfn >= start && pfn < end);
  return range?.nid ?? panic(`hugetlbBootmemAlloc: frame ${pfn} is not DRAM`);
}

/** `hugetlb_vmemmap_init_early`: sections of huge pages get a shared memmap, and sparse_init() skips them. */
export function hugetlbVmemmapInitEarly(k: Kernel, pages: readonly HugeBootmemPage[]): void {
  for (const page of pages) {
    if (!preHvo(k, page)) continue;
    const { h, head, nid } = page;
    const tail = earlyTail(k, page);
    const start = vmemmapPage(k, head);
    const own = vmemmapPopulateBasepages(k, start, start + OWN_PAGES, nid, null);
    if (tail < 0 || own < 0 || !mapTails(k, start + OWN_PAGES, start + h.vmemmapPages, nid, tail)) {
      throw new RangeError(`Cannot boot: no room in DRAM for the memmap of a huge page of ${h.bytes} bytes`);
    }
    const first = k.sections.nr(head);
    k.sections.state.fill(
      SECTION_MARKED_PRESENT | SECTION_HAS_MEM_MAP | SECTION_IS_ONLINE | SECTION_IS_EARLY | SECTION_HAS_USAGE,
      first,
      first + h.pages / k.pagesPerSection,
    );
  }
}

/** `vmemmap_should_optimize_bootmem_page`: whole sections whose memmap is made of whole leaves. */
function preHvo(k: Kernel, { h }: HugeBootmemPage): boolean {
  return k.config.hugetlbTail === "zone" && k.hugetlb.optimize && h.freeVmemmapPages > 0 &&
    h.pages % k.pagesPerSection === 0 && h.vmemmapPages % levelPages(k, 1) === 0;
}

/** The frame of tails that pages of this order share in the page's zone; -1 without memory. */
function earlyTail(k: Kernel, { h, head, nid }: HugeBootmemPage): number {
  return vmemmapGetTail(k, h.order, pageLinksHi(zoneIndexOfDram(k, head), nid), nid);
}

/**
 * `vmemmap_populate_range` without references: maps vmemmap pages [start, end) to one frame; false if a table cannot be
 * allocated.
 */
function mapTails(k: Kernel, start: number, end: number, nid: number, frame: number): boolean {
  const entries = tableEntries(k);
  for (let at = start; at < end;) {
    const entry = populateTo(k, k.rootPfn, vmemmapVpn(k, at), 0, nid);
    if (entry < 0) return false;
    const count = Math.min(entries - at % entries, end - at);
    for (let i = 0; i < count; i++) setEntry(k, entry + 2 * i, 0, frame, k.arch.format.kernelPage);
    at += count;
  }
  return true;
}

/** `hugetlb_init` with pools: `gather_bootmem_prealloc` for what boot set aside, the buddy allocator for the rest. */
export function hugetlbInitPools(k: Kernel, pools: readonly BootPool[], pages: readonly HugeBootmemPage[]): void {
  if (k.contents) { for (const { order, links, frame } of k.hugetlb.sharedTails) fillTails(k, frame, order, links); }
  const late: HugeBootmemPage[] = [];
  for (const page of pages) {
    takeOver(k, page);
    if (preHvo(k, page)) prepShared(k, page);
    else late.push(page);
  }
  for (const [h, group] of Map.groupBy(late, ({ h }) => h)) {
    const heads = group.map(({ head }) => head);
    if (k.config.hugetlbFlush === "batch") prepNewHugePages(k, h, heads);
    else for (const head of heads) prepNewHugePage(k, h, head);
  }
  for (const { bytes, count } of pools) {
    const h = sizeToHstate(k, bytes)!;
    if (h.order <= k.arch.maxOrder) setNrHugepages(k, h, count);
  }
}

/** Turns frames reserved by boot into managed memory in use (`adjust_managed_page_count`). */
function takeOver(k: Kernel, { h, head }: HugeBootmemPage): void {
  const found = findArea(k, head) ?? panic(`hugetlbInitPools: frame ${head} is in no zone`);
  found.zone.managed += h.pages;
  k.bootReserved -= h.pages;
  k.uses[USE_HUGETLB] += h.pages;
}

/** Prepares a page whose memmap was built shared: writes the head's vmemmap page and makes the rest read-only. */
function prepShared(k: Kernel, { h, head, nid }: HugeBootmemPage): void {
  prepHugePage(k, h, head, zoneIndexOfDram(k, head), nid, OWN_PAGES * k.pageBytes / k.structPageSize);
  countOptimized(k, 1);
  markOptimized(k, head);
  wrprotectTails(k, h, head);
  addToPool(h, head, nid);
}

/** `vmemmap_wrprotect_hvo`. */
function wrprotectTails(k: Kernel, h: Hstate, head: number): void {
  if (!k.config.hugetlbTailsReadOnly) return;
  const frame = findTail(k, h.order, pageLinksHi(zoneIndexOfDram(k, head), nodeOfDram(k, head)));
  const start = vmemmapPage(k, head);
  const entries = tableEntries(k);
  for (let at = start + OWN_PAGES; at < start + h.vmemmapPages;) {
    const entry = pteOf(k, at);
    const count = Math.min(entries - at % entries, start + h.vmemmapPages - at);
    for (let i = 0; i < count; i++) setEntry(k, entry + 2 * i, 0, frame, k.arch.format.kernelPageRo);
    at += count;
  }
  flushVmemmap(k, 0, Infinity);
}
