// SPDX-License-Identifier: GPL-2.0-only
// Which kernel runs: one switch per behaviour that differs between the documents, and the named presets. Data only.
// "Patch n" is patch n of document 001 (the v4 series); patches 2, 3, 9, 10 and 11 move code and have no switch.

import type { StructPageGeneration } from "./page_layout.ts";

/** How gup-fast takes references on a devmap huge entry. */
export type GupVariant =
  /** Before the series: one reference and one lookup step per base page. */
  | "per-page"
  /** Patch 8: one reference count update per compound page. */
  | "compound"
  /** Thread, 001:3111: iterate over compound ranges, a pgmap step for each. */
  | "compound-range"
  /** Thread, 001:3477: the common huge-page path, without a pgmap reference. */
  | "no-pgmap"
  /** Thread, 001:4201: grab one reference, look at the head, then take the rest. */
  | "grab-one";

/** How the vmemmap of a compound devmap is populated. */
export type VmemmapDedup =
  /** Not shared: 2 MiB leaves where possible, as for any hot-added memory. */
  | "none"
  /** Patch 12: tail vmemmap pages map one frame. */
  | "pte"
  /** Patch 14 on top: PTE tables that hold only tails are shared too. */
  | "pte+table"
  /** The follow-up announced in the v7 cover letter: tails map the head's frame. */
  | "pte+head"
  /** What if: tails of all compounds of an order and zone map one page, as for HugeTLB in 7.1. */
  | "pte+zone";

/** How memmap_on_memory and the freeing of HugeTLB vmemmap coexist. */
export type SelfHostedVmemmap =
  /** Up to 5.19: with hugetlb_free_vmemmap=on, memmap_on_memory stays off. */
  | "exclusive"
  /** Since 6.0: self-hosted memmap pages carry a mark, and the optimiser leaves the huge pages they describe alone. */
  | "marked"
  /** Neither; shows why one of the two is needed. */
  | "ignored";

/** Defects of the documents, all off except those known of Linux 6.1; each can be switched on for study. */
export interface Errata {
  /** 001:766: ALIGN() rounds up, so page->index is that of the next huge page. */
  readonly pgoffAlignUp: boolean;
  /** 001:633: pfn_next() yields on every step but one in 1024 instead of once in 1024. */
  readonly pfnNextYield: boolean;
  /** 001:2706: references counted with << instead of >>. */
  readonly refShiftLeft: boolean;
  /** 001:4224: the sketch takes the remaining references only when there are more than two pages. */
  readonly grabOneMoreThanTwo: boolean;
  /** 001:4217: the sketch counts the pages of a compound from its head, wherever the range begins. */
  readonly grabOneFromHead: boolean;
  /** 001:3112: the sketch counts the pages of an entry from the first page of the call. */
  readonly rangeFromCall: boolean;
  /** 001:1070: patch 8 assumes that a range lies in one compound, and takes all references on the first head. */
  readonly grabWholeRange: boolean;
  /** 001:4469: the assertion on a PMD fault compares the order of the page, in pages, with PMD_SHIFT, in bytes. */
  readonly compoundOrderPmdShift: boolean;
  /** 004:202: tails share the head's memmap page and compound_head() is not "adjusted slightly". */
  readonly compoundHeadUnadjusted: boolean;
  /** v4 and v5: tails shared although sizeof(struct page) is not a power of two. */
  readonly dedupAnyStructSize: boolean;
  /**
   * The series as merged: the pageblock type is set inside the shortened init loop, so a 1 GiB page types one of 512.
   */
  readonly pageblockInShortLoop: boolean;
  /** Init skips tails by geometry alone, even in a section with boot's memmap, which shares nothing. */
  readonly earlySectionAssumedShared: boolean;
  /** __add_pages() keeps the sections it has added when a later one fails. */
  readonly addPagesNoUnwind: boolean;
  /**
   * Linux 6.1 as captured: a range of compounds larger than a section may begin inside a section. Every later section
   * is then taken for the middle of a compound, and all heads but the first lie in the shared tail page.
   */
  readonly compoundStartUnchecked: boolean;
  /** 6.12.115: restored HugeTLB vmemmap is a plain copy of the head's page, which does not begin with plain tails. */
  readonly restoreWithoutReset: boolean;
  /** Until 2026: when memory block devices cannot be created, self-hosted memmap is removed without its altmap. */
  readonly addMemoryNullAltmap: boolean;
}

/**
 * One kernel. Switches can be set one by one: `{...PRESETS["6.1"], gup: "compound"}`, or `"6.1,gup=compound"` as a
 * spec; `boot()` and every report accept both.
 */
export interface KernelConfig {
  /** Name of the preset, or your own name. */
  readonly name: string;
  /** Patch 1: memory_failure() looks at the head page. */
  readonly memoryFailureHead: boolean;
  /** Patches 4 and 7: device-dax uses compound pages of its alignment. */
  readonly compoundDevmap: boolean;
  /** Patch 6: a dynamic device forgets its pgmap when it is killed. */
  readonly clearDynamicPgmap: boolean;
  /** Patch 8 and its alternatives. */
  readonly gup: GupVariant;
  /** Patches 12 and 14. */
  readonly dedup: VmemmapDedup;
  /** Tails are shared only on architectures that opted in (x86-64 in 6.1); the series shares them on all. */
  readonly dedupOptIn: boolean;
  /** Patch 13: only struct pages with storage of their own are initialised. */
  readonly initUniqueOnly: boolean;
  /** How memunmap_pages() returns the references: one put per (compound) page, or all at once (5.18). */
  readonly memunmap: "per-page" | "bulk";
  /**
   * Layout of struct page (page_layout.ts): flags, what a compound keeps in its first tails, how tails lead to its
   * head.
   */
  readonly structPage: StructPageGeneration;
  /** vmemmap pages a HugeTLB page keeps when optimised. */
  readonly hugetlbKeep: 1 | 2;
  /**
   * Whether the head's vmemmap page keeps its frame, or is copied to a new one so that a whole block is freed (6.2).
   */
  readonly hugetlbHead: "kept" | "copied";
  /** What tails map: the last kept page, or one page for all huge pages of an order and zone (7.1). */
  readonly hugetlbTail: "own" | "zone";
  /** No vmemmap is freed on architectures that cannot remap live entries (6.3). */
  readonly hugetlbLiveRemap: boolean;
  /** Restoring takes frames from other nodes if the page's own has none (6.7). */
  readonly hugetlbRestoreFallback: boolean;
  /** HugeTLB tails are mapped read-only. */
  readonly hugetlbTailsReadOnly: boolean;
  /** TLB flushes of HugeTLB vmemmap: for every page and every split (up to 6.6), or two per batch (6.7). */
  readonly hugetlbFlush: "page" | "batch";
  /** HugeTLB waits for pfn walkers before it changes vmemmap, once per batch (6.11). */
  readonly hugetlbGrace: boolean;
  /** Optimised pages are freed at once, or by a worker (document 004 patch 9). */
  readonly hugetlbFree: "sync" | "deferred";
  /** memory_hotplug.memmap_on_memory is available. */
  readonly memmapOnMemory: boolean;
  /** memmap_on_memory may be "force": memmap is rounded up to whole pageblocks (6.6). */
  readonly memmapOnMemoryForce: boolean;
  /** kmem requests memmap on the memory that it adds (6.8). */
  readonly kmemMemmapOnMemory: boolean;
  /** kmem logs how much alignment cuts off (6.16). */
  readonly kmemTruncationLog: boolean;
  /** map=dev reserves room for struct pages of more than 64 bytes instead of failing (CONFIG_NVDIMM_KMSAN, 6.3). */
  readonly pageStructOverride: boolean;
  /** nd_pfn_init() ignores what is cut off the end, so a namespace may have no data (up to 6.5). */
  readonly emptyNamespaces: boolean;
  /** Whether memory added by firmware holds its own memmap as a whole, or block by block (6.8). */
  readonly memmapOnMemoryUnit: "range" | "block";
  /** What keeps HugeTLB from freeing self-hosted memmap. */
  readonly selfHostedVmemmap: SelfHostedVmemmap;
  /** Which defects to reproduce. */
  readonly errata: Errata;
}

export const NO_ERRATA: Errata = {
  pgoffAlignUp: false,
  pfnNextYield: false,
  refShiftLeft: false,
  grabOneMoreThanTwo: false,
  grabOneFromHead: false,
  rangeFromCall: false,
  grabWholeRange: false,
  compoundOrderPmdShift: false,
  compoundHeadUnadjusted: false,
  dedupAnyStructSize: false,
  pageblockInShortLoop: false,
  earlySectionAssumedShared: false,
  addPagesNoUnwind: false,
  compoundStartUnchecked: false,
  restoreWithoutReset: false,
  addMemoryNullAltmap: false,
};

const LINUX_5_14: KernelConfig = {
  name: "5.14",
  memoryFailureHead: false,
  compoundDevmap: false,
  clearDynamicPgmap: true,
  gup: "per-page",
  dedup: "none",
  dedupOptIn: false,
  initUniqueOnly: false,
  memunmap: "per-page",
  structPage: "5.14",
  hugetlbKeep: 2,
  hugetlbHead: "kept",
  hugetlbTail: "own",
  hugetlbLiveRemap: false,
  hugetlbRestoreFallback: false,
  hugetlbTailsReadOnly: true,
  hugetlbFlush: "page",
  hugetlbGrace: false,
  hugetlbFree: "sync",
  memmapOnMemory: true,
  memmapOnMemoryForce: false,
  kmemMemmapOnMemory: false,
  kmemTruncationLog: false,
  pageStructOverride: false,
  emptyNamespaces: true,
  memmapOnMemoryUnit: "range",
  selfHostedVmemmap: "exclusive",
  errata: NO_ERRATA,
};

const SEED_V4: KernelConfig = {
  ...LINUX_5_14,
  name: "v4",
  memoryFailureHead: true,
  compoundDevmap: true,
  gup: "compound",
  dedup: "pte+table",
  initUniqueOnly: true,
};

const SEED_V7: KernelConfig = { ...SEED_V4, name: "v7", gup: "per-page", dedup: "pte", memunmap: "bulk" };

/** Compound device-dax; HugeTLB keeps one vmemmap page; tails of device-dax are not shared yet. */
const LINUX_5_18: KernelConfig = {
  ...LINUX_5_14,
  name: "5.18",
  memoryFailureHead: true,
  compoundDevmap: true,
  memunmap: "bulk",
  structPage: "6.1",
  hugetlbKeep: 1,
};

/** What Linux 6.1 does, including the defects found in it. */
const LINUX_6_1: KernelConfig = {
  ...SEED_V7,
  name: "6.1",
  dedupOptIn: true,
  structPage: "6.1",
  hugetlbKeep: 1,
  hugetlbLiveRemap: true,
  // Fixed in 6.6, and in 6.1 by a stable update.
  emptyNamespaces: false,
  selfHostedVmemmap: "marked",
  errata: { ...NO_ERRATA, compoundStartUnchecked: true, addPagesNoUnwind: true },
};

const LINUX_6_7: KernelConfig = {
  ...LINUX_6_1,
  name: "6.7",
  hugetlbHead: "copied",
  hugetlbRestoreFallback: true,
  hugetlbFlush: "batch",
  memmapOnMemoryForce: true,
};

const LINUX_6_12: KernelConfig = {
  ...LINUX_6_7,
  name: "6.12",
  structPage: "6.12",
  hugetlbGrace: true,
  memmapOnMemoryUnit: "block",
  kmemMemmapOnMemory: true,
};

const LINUX_7_3: KernelConfig = {
  ...LINUX_6_12,
  name: "7.3",
  gup: "no-pgmap",
  structPage: "7.1",
  hugetlbTail: "zone",
  hugetlbGrace: false,
  kmemTruncationLog: true,
};

/**
 * The kernels of the documents and of today, by the names that reports accept as `kernel`; README has the table.
 * Frozen.
 */
export const PRESETS: Readonly<Record<string, KernelConfig>> = frozen({
  "5.14": LINUX_5_14,
  "5.18": LINUX_5_18,
  "v4": SEED_V4,
  "v7": SEED_V7,
  "v7+head": { ...SEED_V7, name: "v7+head", dedup: "pte+head", hugetlbKeep: 1 },
  "6.1": LINUX_6_1,
  "6.7": LINUX_6_7,
  "6.12": LINUX_6_12,
  "7.3": LINUX_7_3,
});

/** Freezes the presets, which all callers share. */
function frozen(presets: Record<string, KernelConfig>): Readonly<Record<string, KernelConfig>> {
  for (const preset of Object.values(presets)) {
    Object.freeze(preset.errata);
    Object.freeze(preset);
  }
  return Object.freeze(presets);
}
