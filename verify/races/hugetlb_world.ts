// SPDX-License-Identifier: GPL-2.0-only
// The small world of HugeTLB: a toy machine with two CPUs and 512 pages of DRAM, 64 of which are, or become, one huge
// page whose vmemmap is shared. CPU 0 reads the struct page of one of those frames without a reference, CPU 1 makes the
// page or takes it apart.
//
//   frame     192 .. 199 | 200 .. 207 | ... | 248 .. 255      8 struct pages to a vmemmap page
//   keep 1    kept         shared       ...   shared          frame 200 is a fake head, frame 201 a plain tail

import { TOY_HUGETLB } from "../../src/arch/toy/toy.ts";
import { boot } from "../../src/boot.ts";
import { USE_PINNED } from "../../src/include/frame_use.ts";
import type { Hstate } from "../../src/include/hugetlb.ts";
import { type KernelConfig, PRESETS } from "../../src/include/kernel_config.ts";
import { COMPOUND_PAGE_DTOR, PAGE_REFCOUNT } from "../../src/include/mm_types.ts";
import { allocHugePage, allocHugePageAt, freeHugePage } from "../../src/mm/hugetlb/hugetlb.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { prepCompoundTail } from "../../src/mm/mm_init.ts";
import { findZone, freePages, takePages } from "../../src/mm/page_alloc.ts";
import {
  addPageCount,
  pageRefcount,
  prepCompoundHead,
  readPage,
  setPageFlags,
  vmemmapPage,
  writePage,
} from "../../src/mm/page.ts";
import { initSinglePage } from "../../src/mm/page_init.ts";
import { allocated, holdFlushes, look, memmapFrame, onCpu, setUpFailed, type Stage } from "./stage.ts";

/** Steps done correctly or wrongly when a page's vmemmap is shared and restored. */
export interface HugeSetting {
  /** Vmemmap pages kept, and whether tails become read-only. */
  readonly keep: 1 | 2;
  readonly tailsReadOnly: boolean;
  /** synchronize_rcu() before entries change. */
  readonly grace: boolean;
  readonly flush: "flush, free" | "free, flush" | "no flush";
  readonly restore: "content, entry" | "entry, content" | "entry in between";
  /** The frame that CPU 0 reads: the first of a shared vmemmap page, or the one after it. */
  readonly place: "first" | "second";
  /** Whether the frames are initially a huge page in use, or hold a base page. */
  readonly begins: "huge" | "base";
  /**
   * CPU 0 has read its frame before: its translation is cached, and stale from the remap until the flush arrives.
   */
  readonly cached: boolean;
}

/** A compound page: frames [head, head + pages). */
export interface Compound {
  readonly head: number;
  readonly pages: number;
}

/** The world between steps. */
export interface HugeWorld extends Stage {
  readonly setting: HugeSetting;
  readonly h: Hstate;
  /** Place of the huge page, now or later, and the frame that CPU 0 reads. */
  readonly head: number;
  readonly page: number;
  /** The compound page of that frame, and all it has been part of since CPU 0 began to read. */
  compound: Compound | null;
  since: (Compound | null)[];
  /** Heads and base pages with an owner, which holds one reference each; and all that ever had one. */
  readonly owned: Set<number>;
  readonly everOwned: Set<number>;
  /** References CPU 0 got. */
  held: number;
}

/** 32 KiB pages, and 64 KiB ones that such a page can become part of. */
const ARCH = {
  ...TOY_HUGETLB,
  hugetlbSizes: [{ bytes: 2 ** 15, mappedBy: "pmd" as const }, { bytes: 2 ** 16, mappedBy: "cont-pmd" as const }],
};
const HEAD = 192;

/** A kernel of the world with this configuration. */
export function bootHugeRace(config: Partial<KernelConfig>): Kernel {
  return boot({
    arch: ARCH,
    kernel: { ...PRESETS["6.1"], ...config },
    dram: [2 ** 18],
    hugetlbFreeVmemmap: true,
    vmemmapMap: "base",
    cpus: 2,
    debug: true,
    // Just enough room for the memmap and tables: boot takes time in proportion to the host memory.
    hostMemoryBytes: 3 * 2 ** 14,
  });
}

/** A fresh world. */
export function hugeWorld(setting: HugeSetting): HugeWorld {
  const k = bootHugeRace({ hugetlbKeep: setting.keep, hugetlbTailsReadOnly: setting.tailsReadOnly });
  const w = hugeStage(k, setting);
  if (setting.begins === "huge") ownHugePage(w);
  else ownBasePage(w, w.page);
  settle(w);
  return w;
}

/** A world without owners. */
export function hugeStage(k: Kernel, setting: HugeSetting): HugeWorld {
  const perVmemmapPage = k.pageBytes / k.structPageSize;
  const w: HugeWorld = {
    k,
    setting,
    h: k.hugetlb.hstates[0],
    head: HEAD,
    page: HEAD + setting.keep * perVmemmapPage + (setting.place === "first" ? 0 : 1),
    section: 0,
    sections: 0,
    flushes: [],
    hazards: new Set(),
    compound: null,
    since: [],
    owned: new Set(),
    everOwned: new Set(),
    held: 0,
    // Frames waiting for their flush, and the kept page, still hold their old contents.
    keeps: (frame) =>
      k.hugetlb.unmapped.includes(frame) || frame === memmapFrame(k, vmemmapPage(k, HEAD) + setting.keep - 1),
    finish: () => extraReferences(w),
  };
  return w;
}

/** Ends the set-up: records what CPU 0 remembers, and lets flushes take time from now on. */
export function settle(w: HugeWorld): void {
  w.k.machine.cpus[0].mmu.flushAll();
  onCpu(w, 0);
  if (w.setting.cached) pageRefcount(w.k, w.page);
  holdFlushes(w.k, w.flushes);
}

/** A huge page with a user, shared as the setting says. */
export function ownHugePage(w: HugeWorld): void {
  if (!allocHugePageAt(w.k, w.h, w.head)) setUpFailed("no huge page");
  own(w, allocated(allocHugePage(w.k, w.h, 0)));
  becomes(w, { head: w.head, pages: w.h.pages });
}

/** A base page with an owner. */
export function ownBasePage(w: HugeWorld, pfn: number): void {
  if (!takePages(w.k, pfn, 0, USE_PINNED)) setUpFailed(`frame ${pfn} is not free`);
  own(w, pfn);
}

/** Records that the owner of this head or base page has a reference on it. */
export function own(w: HugeWorld, pfn: number): void {
  w.owned.add(pfn);
  w.everOwned.add(pfn);
}

/** From now on the frames are (part of) this compound page, or free or base pages. */
export function becomes(w: HugeWorld, compound: Compound | null): void {
  w.compound = compound;
  w.since.push(compound);
}

/** The head of a frame in a compound page, or the frame. */
export function headIn(compound: Compound | null, pfn: number): number {
  return compound !== null && pfn >= compound.head && pfn < compound.head + compound.pages ? compound.head : pfn;
}

/** `put_page` on a head or base page, `refs` times; frees the page with the last one. True if it was freed. */
export function putReferences(w: HugeWorld, head: number, refs: number): boolean {
  const { k, h } = w;
  look(w, head, "puts");
  const left = pageRefcount(k, head) - refs;
  if (left < 0 || (left === 0 && w.owned.has(head))) w.hazards.add("puts a reference that is not its own");
  if (left > 0 || w.owned.has(head)) {
    addPageCount(k, head, PAGE_REFCOUNT, -refs);
    return false;
  }
  writePage(k, head, PAGE_REFCOUNT, 1);
  if (headIn(w.compound, head) === head && w.compound?.head === head) {
    if (freeHugePage(k, h, head) !== 0) setUpFailed("a huge page that cannot be freed");
  } else {
    writePage(k, head, PAGE_REFCOUNT, 0);
    freePages(k, head, 0, USE_PINNED);
  }
  return true;
}

/** The owner of a page returns it; false if somebody else still holds it. */
export function disown(w: HugeWorld, pfn: number): boolean {
  w.owned.delete(pfn);
  return putReferences(w, pfn, 1);
}

/** Makes an allocated block one compound page (`prep_compound_page`), with an owner. */
export function prepCompound(w: HugeWorld, head: number, order: number): void {
  const { k } = w;
  const zone = findZone(k, head) ?? setUpFailed("no zone");
  for (let pfn = head; pfn < head + 2 ** order; pfn++) {
    initSinglePage(k, pfn, zone.index, zone.nid);
    if (pfn > head) prepCompoundTail(k, pfn, head, order);
  }
  setPageFlags(k, head, k.layout.head);
  prepCompoundHead(k, head, order, COMPOUND_PAGE_DTOR);
  own(w, head);
  becomes(w, { head, pages: 2 ** order });
}

/** References beyond those of owners, on pages that ever had an owner. A huge page in its pool has none. */
function extraReferences(w: HugeWorld): number {
  let extra = 0;
  for (const pfn of w.everOwned) {
    if (headIn(w.compound, pfn) !== pfn) continue;
    extra += readPage(w.k, pfn, PAGE_REFCOUNT) - (w.owned.has(pfn) ? 1 : 0);
  }
  return extra;
}
