// SPDX-License-Identifier: GPL-2.0-only
// struct dev_pagemap and struct vmem_altmap (include/linux/memremap.h), in frames instead of bytes. `geometry` is the
// name of document 001; mainline keeps its order as vmemmap_shift. percpu_ref is a counter with a dying flag.

/** `struct vmem_altmap`: pmem set aside at the start of a namespace for its own memmap. All counts in frames. */
export interface VmemAltmap {
  /** First frame of the range the altmap may hand out from. */
  readonly basePfn: number;
  readonly endPfn: number;
  /** Frames before the free area: info block and padding. */
  readonly reserve: number;
  /** Frames set aside for the memmap. */
  readonly free: number;
  /** Frames skipped for alignment so far. */
  align: number;
  /** Frames handed out and not yet freed. */
  alloc: number;
}

/** Type of a pgmap's memory. */
export type MemoryType = "generic" | "fsdax";

/** A range of frames, end exclusive. */
export interface PfnRange {
  readonly start: number;
  readonly end: number;
}

/** `struct dev_pagemap`. */
export interface DevPagemap {
  readonly type: MemoryType;
  readonly ranges: readonly PfnRange[];
  /** Ranges brought up so far; `memremap_pages` increments it. */
  nrRange: number;
  /** Frames per compound page, 1 for base pages. */
  geometry: number;
  readonly altmap: VmemAltmap | null;
  readonly nid: number;
  /** References held (percpu_ref); 0 after teardown. */
  refs: number;
  /** percpu_ref_kill was called: no new references are given out. */
  dying: boolean;
  /** Kernel address of this object, as page->pgmap holds it. */
  readonly addrLo: number;
  readonly addrHi: number;
}
