// SPDX-License-Identifier: GPL-2.0-only
// What differs by architecture (arch/*/include/asm): sizes, the page-table format, where the vmemmap lies, what may be
// done to it. Data only: vmemmap_populate(), which is per architecture in the kernel, is mm/vmemmap/populate.ts for all
// of them; `hugeVmemmap` says whether it uses PMD leaves, `altmapBasePages` where base pages come from.

import type { PgtableFormat } from "../include/pgtable_format.ts";
import { powerOf2 } from "../lib/align.ts";

/** One HugeTLB page size and the entry, or run of entries with the contiguous bit, that maps it. */
export interface HugetlbSize {
  readonly bytes: number;
  readonly mappedBy: "cont-pte" | "pmd" | "cont-pmd" | "pud";
}

/** The direct map of all memory. */
export interface DirectMapGeometry {
  /** Entry of the top-level table where it begins. */
  readonly pgdIndex: number;
  /** Highest level whose leaves map it; 0 for base pages only. */
  readonly largestLeaf: number;
  /** Whether arch_add_memory() keeps the mapping if it gets no memmap. */
  readonly keptOnFailure: boolean;
}

/** One architecture with one base page size. Shifts are log2 of bytes, orders log2 of base pages. */
export interface Arch {
  readonly name: string;
  readonly format: PgtableFormat;
  /** log2 of the bytes of a memory section. */
  readonly sectionShift: number;
  /** log2 of the bytes of a subsection, the unit of ZONE_DEVICE ranges. */
  readonly subsectionShift: number;
  /** Order of a pageblock (one migrate type). */
  readonly pageblockOrder: number;
  /** Largest buddy order, inclusive. */
  readonly maxOrder: number;
  /** High 32 bits of the address of the struct page of frame 0; the low ones are zero. */
  readonly vmemmapHi: number;
  /** Entry of the top-level table where the vmemmap begins. */
  readonly vmemmapPgdIndex: number;
  /** Vmemmap pages between the start of that entry and the vmemmap; default 0. */
  readonly vmemmapOffsetPages?: number;
  /** Where the direct map begins and how it is mapped; null for none. */
  readonly directMap: DirectMapGeometry | null;
  /** HugeTLB page sizes, ascending. */
  readonly hugetlbSizes: readonly HugetlbSize[];
  /** Whether a live kernel entry may be pointed at another frame without clearing and flushing it first. */
  readonly remapsLiveEntries: boolean;
  /** Frames below these bytes are ZONE_DMA and ZONE_DMA32. */
  readonly dmaEndBytes: number;
  readonly dma32EndBytes: number;
  /**
   * DRAM layout around the 32-bit hole: where the lower part ends, given the DRAM of all nodes, and where the rest
   * continues.
   */
  readonly lowEndBytes: (dramBytes: number) => number;
  readonly highStartBytes: number;
  /** Alignment of a pmem region's start, as for QEMU's device memory. */
  readonly regionAlignBytes: number;
  /** Whole sections of memmap are mapped by PMD leaves. */
  readonly hugeVmemmap: boolean;
  /** Whether base pages of memmap come from the altmap if there is one; otherwise they always come from DRAM. */
  readonly altmapBasePages: boolean;
  /** Whether PUD entries may map pages (CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD); default yes. */
  readonly pudPages?: boolean;
  /** Opted in to sharing the tails of device-dax (ARCH_WANT_OPTIMIZE_VMEMMAP as of 6.1). */
  readonly wantsDaxDedup: boolean;
  /** Namespace granularity the nvdimm core enforces (memremap_compat_align). */
  readonly compatAlignBytes: number;
  /** Start and size of a namespace are multiples of this (region align, 16 MiB). */
  readonly namespaceUnitBytes: number;
  /** Bytes reserved at the start of a pfn device for its label and info block; an altmap begins at the next page. */
  readonly infoBlockBytes: number;
  /** ARCH_MHP_MEMMAP_ON_MEMORY_ENABLE: hot-added memory may hold its own memmap; default no. */
  readonly memmapOnMemory?: boolean;
  /** Memory blocks larger than a section, on machines whose boot memory ends at `fromBytes` or above; default none. */
  readonly largeMemoryBlocks?: { readonly fromBytes: number; readonly maxBytes: number };
}

/** Bytes of a base page. */
export function pageBytes(arch: Arch): number {
  return powerOf2(arch.format.pageShift);
}

/** Bytes one entry maps at a level: 0 PTE, 1 PMD, 2 PUD. */
export function levelBytes(arch: Arch, level: number): number {
  return 2 ** (arch.format.pageShift + level * arch.format.tableShift);
}

/** Virtual page number where the vmemmap begins, in the address space that the root table covers. */
export function vmemmapStartVpn(arch: Arch): number {
  return arch.vmemmapPgdIndex * arch.format.levelPages[arch.format.topLevel] + (arch.vmemmapOffsetPages ?? 0);
}

/** How many pages of vmemmap fit between its start and the end of the root table's range. */
export function vmemmapPages(arch: Arch): number {
  const { levelPages, tableShift, topLevel } = arch.format;
  return 2 ** tableShift * levelPages[topLevel] - vmemmapStartVpn(arch);
}

/** The entry at each level, 0 (PTE) upwards, where the vmemmap begins. */
export function vmemmapStartIndex(arch: Arch): number[] {
  const { levelPages, tableShift } = arch.format;
  return levelPages.map((pages) => Math.floor(vmemmapStartVpn(arch) / pages) % 2 ** tableShift);
}
