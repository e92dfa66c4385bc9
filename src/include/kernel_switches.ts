// SPDX-License-Identifier: GPL-2.0-only
// The switches of a kernel as a table: values, a line of help, and the source (a kernel release, or a document with its
// line or patch). `--set`, checks of KernelConfig and `lab kernels` read it. The compiler checks that every switch of
// KernelConfig has a row. Data only.

import type { Errata, KernelConfig } from "./kernel_config.ts";

/** The type of a switch's values. */
export type SwitchValue = string | number | boolean;

/** One switch. */
export interface Switch {
  /** Allowed values. */
  readonly values: readonly SwitchValue[];
  /** What it does, in a line. */
  readonly help: string;
  /** The release, commit or document it comes from. */
  readonly source: string;
}

const YES_NO = [false, true] as const;

/** A row for each key of `T`, with values of that key's type. */
type Rows<T> = { readonly [K in keyof T]-?: Switch & { readonly values: readonly T[K][] } };

/** Behaviours that differ between kernels, by their name in KernelConfig. */
export const KERNEL_SWITCHES: Rows<Omit<KernelConfig, "name" | "errata">> = {
  memoryFailureHead: { values: YES_NO, help: "memory_failure() looks at the head page", source: "v4 patch 1" },
  compoundDevmap: { values: YES_NO, help: "device-dax has compound pages of its alignment", source: "v4 patches 4, 7" },
  clearDynamicPgmap: { values: YES_NO, help: "a killed dynamic device forgets its pgmap", source: "v4 patch 6" },
  gup: {
    values: ["per-page", "compound", "compound-range", "no-pgmap", "grab-one"],
    help: "how gup-fast takes references on a devmap huge entry",
    source: "v4 patch 8; 001:3111, 001:3477, 001:4201",
  },
  dedup: {
    values: ["none", "pte", "pte+table", "pte+head", "pte+zone"],
    help: "which vmemmap pages of a compound devmap share frames",
    source: "v4 patches 12, 14; v7 cover letter; pte+zone: no kernel yet",
  },
  dedupOptIn: { values: YES_NO, help: "only architectures that opt in share them", source: "Linux 6.1" },
  initUniqueOnly: {
    values: YES_NO,
    help: "struct pages in shared frames are initialised once",
    source: "v4 patch 13",
  },
  memunmap: {
    values: ["per-page", "bulk"],
    help: "memunmap_pages() puts references one by one or at once",
    source: "Linux 5.18",
  },
  structPage: {
    values: ["5.14", "6.1", "6.12", "7.1"],
    help: "layout of struct page: flags, the first tails, how tails point to their head",
    source: "Linux 5.18: 5232c63f46fd, 6.10: PG_head is bit 6, 7.1: 8c846c879e22",
  },
  hugetlbKeep: {
    values: [1, 2],
    help: "vmemmap pages that an optimised HugeTLB page keeps",
    source: "Linux 5.14: 2, 5.18: 1",
  },
  hugetlbHead: {
    values: ["kept", "copied"],
    help: "the head's vmemmap page stays, or moves to its own frame",
    source: "Linux 6.2: 11aad2631bf7",
  },
  hugetlbTail: {
    values: ["own", "zone"],
    help: "HugeTLB tails map the kept page, or one page per order and zone",
    source: "Linux 7.1: 8c846c879e22 and what followed",
  },
  hugetlbLiveRemap: {
    values: YES_NO,
    help: "no HugeTLB vmemmap is freed where live entries cannot be remapped (arm64)",
    source: "Linux 6.3: 060a2c92d1b6",
  },
  hugetlbRestoreFallback: {
    values: YES_NO,
    help: "restoring HugeTLB vmemmap may take frames of other nodes",
    source: "Linux 6.7",
  },
  hugetlbTailsReadOnly: { values: YES_NO, help: "HugeTLB tails are mapped read-only", source: "Linux 5.14" },
  hugetlbFlush: {
    values: ["page", "batch"],
    help: "TLB flushes of HugeTLB vmemmap: per page and split, or two per batch",
    source: "Linux 6.7",
  },
  hugetlbGrace: {
    values: YES_NO,
    help: "HugeTLB vmemmap changes wait for pfn walkers",
    source: "Linux 6.11",
  },
  hugetlbFree: {
    values: ["sync", "deferred"],
    help: "optimised HugeTLB pages are freed at once or by a worker",
    source: "004 patch 9",
  },
  memmapOnMemory: { values: YES_NO, help: "memory_hotplug.memmap_on_memory exists", source: "Linux 5.14" },
  memmapOnMemoryForce: {
    values: YES_NO,
    help: "memmap_on_memory=force rounds a block's memmap up to whole pageblocks",
    source: "Linux 6.6",
  },
  kmemMemmapOnMemory: { values: YES_NO, help: "kmem uses memmap_on_memory", source: "Linux 6.8" },
  kmemTruncationLog: { values: YES_NO, help: "kmem logs how much alignment cuts off", source: "Linux 6.16" },
  pageStructOverride: {
    values: YES_NO,
    help: "map=dev has room for struct pages of more than 64 bytes",
    source: "Linux 6.3: CONFIG_NVDIMM_KMSAN",
  },
  emptyNamespaces: {
    values: YES_NO,
    help: "a namespace may be left without data when its end is cut to align",
    source: "Linux 5.14; fixed in 6.6 and 6.1 stable",
  },
  memmapOnMemoryUnit: {
    values: ["range", "block"],
    help: "added memory holds its own memmap as a whole or block by block",
    source: "Linux 6.8: 6b8f0798b85a",
  },
  selfHostedVmemmap: {
    values: ["exclusive", "marked", "ignored"],
    help: "how memmap_on_memory coexists with HugeTLB vmemmap freeing",
    source: "Linux 5.14: exclusive, 6.0: marked",
  },
};

/** Defects, by their name in Errata. */
export const ERRATA_SWITCHES: Rows<Errata> = {
  pgoffAlignUp: { values: YES_NO, help: "page->index is that of the next huge page", source: "001:766" },
  pfnNextYield: { values: YES_NO, help: "pfn_next() yields on all steps except one in 1024", source: "001:633" },
  refShiftLeft: { values: YES_NO, help: "references counted with << instead of >>", source: "001:2706" },
  grabOneMoreThanTwo: { values: YES_NO, help: "grab-one counts one for two pages", source: "001:4224" },
  grabOneFromHead: { values: YES_NO, help: "grab-one ignores the offset into the compound", source: "001:4217" },
  rangeFromCall: {
    values: YES_NO,
    help: "gup=compound-range counts an entry's pages from the first page of the call",
    source: "001:3112, 3129",
  },
  grabWholeRange: {
    values: YES_NO,
    help: "gup=compound counts an entry's range on the first head, including later compounds",
    source: "001:1070, v4 patch 8 as posted",
  },
  compoundOrderPmdShift: {
    values: YES_NO,
    help: "a PMD fault compares the order with PMD_SHIFT",
    source: "001:4469",
  },
  compoundHeadUnadjusted: {
    values: YES_NO,
    help: "compound_head() does not detect tails in the head's frame",
    source: "004:202",
  },
  dedupAnyStructSize: {
    values: YES_NO,
    help: "tails are shared even if struct page is not a power of two",
    source: "v4 and v5",
  },
  pageblockInShortLoop: {
    values: YES_NO,
    help: "a 1 GiB page gets a pageblock type for one block of 512",
    source: "the series as merged",
  },
  earlySectionAssumedShared: {
    values: YES_NO,
    help: "init skips tails in a section that has boot's memmap",
    source: "001:2221",
  },
  addPagesNoUnwind: {
    values: YES_NO,
    help: "__add_pages() leaves sections added before one failed",
    source: "Linux 5.14",
  },
  compoundStartUnchecked: {
    values: YES_NO,
    help: "compounds larger than a section may begin inside one",
    source: "Linux 6.1",
  },
  restoreWithoutReset: {
    values: YES_NO,
    help: "restored HugeTLB vmemmap is a plain copy of the head's page",
    source: "Linux 6.12.115",
  },
  addMemoryNullAltmap: {
    values: YES_NO,
    help: "a failed add_memory() removes self-hosted memmap without its altmap",
    source: "until 2026",
  },
};

/** Every switch by its name; no name occurs in both tables. */
export const SWITCHES: Readonly<Record<string, Switch>> = { ...KERNEL_SWITCHES, ...ERRATA_SWITCHES };
