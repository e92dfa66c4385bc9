// SPDX-License-Identifier: GPL-2.0-only
// The state of one running kernel, what Linux keeps in globals: the box and CPU it runs on, its configuration, nodes,
// sections, the kernel page table and the pgmap tree. boot.ts fills it in; every path takes it as `k`.

import type { Arch } from "../arch/arch.ts";
import type { KernelConfig } from "../include/kernel_config.ts";
import type { Cpu, Machine } from "../machine/machine.ts";
import type { PhysMem } from "../machine/phys_mem.ts";
import type { FaultBudget } from "./fault_inject.ts";
import type { HugetlbState } from "./hugetlb/state.ts";
import type { Memblock } from "./memblock.ts";
import type { HotplugState } from "./hotplug/memory_block.ts";
import type { PgmapTree } from "./pgmap_tree.ts";
import type { PgData } from "./mmzone.ts";
import type { SectionTable } from "./section_table.ts";
import type { Mm } from "./mm.ts";
import type { TableWork } from "./vmemmap/basepages.ts";

/** One kernel. */
export interface Kernel {
  readonly machine: Machine;
  readonly phys: PhysMem;
  readonly arch: Arch;
  readonly config: KernelConfig;
  /** The CPU this code runs on. */
  cpu: Cpu;
  /** Counters of struct pages are updated by Atomics: workers share the machine. */
  readonly locked: boolean;
  readonly pageBytes: number;
  readonly structPageSize: number;
  /** log2 of the struct pages in a page; -1 where they do not fill it, or straddle pages. */
  readonly vmemmapShift: number;
  readonly pagesPerSection: number;
  readonly pagesPerSubsection: number;
  /** Work counters, indexed by `C` of vmstat.ts. */
  readonly stat: Float64Array;
  /** Frames in use now, indexed by USE_*. */
  readonly uses: Float64Array;
  readonly fault: FaultBudget;
  readonly nodes: PgData[];
  readonly sections: SectionTable;
  /** Root frame of the kernel page table (init_mm). */
  rootPfn: number;
  /** The boot allocator; null once the buddy allocator has taken over (slab_is_available). */
  memblock: Memblock | null;
  /** Frames the boot allocator kept; they are Reserved for good. */
  bootReserved: number;
  readonly pgmaps: PgmapTree;
  /** Kernel objects that struct pages point to (address_space, dev_pagemap), by number. */
  readonly objects: object[];
  /** User address spaces, for the top-level entries they share. */
  readonly mms: Set<Mm>;
  /** References gup handed out and nobody returned, in units of _refcount; the checker compares refcounts with it. */
  gupRefs: number;
  /** The same for pin counts of compound pages. */
  gupPins: number;
  /** Struct pages are written; false counts frames and tables only (populating without contents). */
  contents: boolean;
  /** Memory blocks and the parameters of memory hotplug. */
  readonly hotplug: HotplugState;
  readonly hugetlb: HugetlbState;
  /** Memmap is mapped by base pages from boot on (seed 004), not by PMD leaves. */
  readonly vmemmapBasePages: boolean;
  readonly tableWork: TableWork;
  /** Where the unused part of the memmap leaf made last begins, not yet marked (unused_pmd_start); -1 for none. */
  unusedPmdStart: number;
  /** Tails may look like heads: the memmap page of some head is mapped for its tails too. */
  fakeHeads: boolean;
}

/** High word of the addresses of kernel objects (the direct map). */
const OBJECT_HI = 0xffff8881 | 0;
const OBJECT_BYTES = 64;

/** Registers an object that struct pages will point to; its address is what they store. */
export function newObject(k: Kernel, object: object): { lo: number; hi: number } {
  k.objects.push(object);
  return { lo: k.objects.length * OBJECT_BYTES, hi: OBJECT_HI };
}

/** The object at an address read from a struct page, or null when nothing lives there. */
export function objectAt(k: Kernel, lo: number, hi: number): object | null {
  if (hi !== OBJECT_HI || lo % OBJECT_BYTES !== 0) return null;
  return k.objects[lo / OBJECT_BYTES - 1] ?? null;
}
