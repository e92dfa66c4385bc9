// SPDX-License-Identifier: GPL-2.0-only
// The state of one running kernel, what Linux keeps in globals: the box and CPU it runs on, its configuration, nodes,
// sections, the kernel page table and the pgmap tree; what memory hotplug and HugeTLB keep; the processes (struct
// mm_struct, vm_area_struct). boot.ts fills it in; every path takes it as `k`. Left out: anonymous memory, mmap address
// search.

import type { Arch, DirectMapGeometry } from "../arch/arch.ts";
import type { KernelConfig } from "../include/kernel_config.ts";
import type { PageLayout } from "../include/page_layout.ts";
import type { Cpu, Machine } from "../machine/machine.ts";
import type { PhysMem } from "../machine/phys_mem.ts";
import type { FaultBudget } from "./fault_inject.ts";
import type { Memblock } from "./memblock.ts";
import type { PgmapTree } from "./pgmap_tree.ts";
import type { PgData } from "./mmzone.ts";
import type { SectionTable } from "./section_table.ts";
import type { MemhpDefaultState, MemoryBlock } from "../include/memory.ts";
import type { Hstate } from "../include/hugetlb.ts";
import type { Log2Histogram } from "../lib/log2_hist.ts";
import type { GupCall } from "../include/gup.ts";

/** One kernel. */
export interface Kernel {
  readonly machine: Machine;
  readonly phys: PhysMem;
  readonly arch: Arch;
  readonly config: KernelConfig;
  /** The CPU this code runs on. */
  cpu: Cpu;
  /** Whether struct pages are updated with Atomics, because workers share the machine. */
  readonly locked: boolean;
  readonly pageBytes: number;
  readonly structPageSize: number;
  /** Layout of this kernel's struct page. */
  readonly layout: PageLayout;
  /** Where the direct map lies (direct_map.ts); null without one. */
  readonly directMap: DirectMapGeometry | null;
  /** Whether tails hold a mask instead of the address of their head. */
  readonly headMask: boolean;
  /** log2 of the struct pages in a page; -1 if they do not fill it. */
  readonly vmemmapShift: number;
  readonly pagesPerSection: number;
  readonly pagesPerSubsection: number;
  /** Work counters, indexed by `C` of vmstat.ts. */
  readonly stat: Float64Array;
  /** Frames in use now, indexed by USE_*. */
  readonly uses: Float64Array;
  readonly fault: FaultBudget;
  /** The function tracer; null while nothing is traced. */
  tracer: Tracer | null;
  readonly nodes: PgData[];
  readonly sections: SectionTable;
  /** Root frame of the kernel page table (init_mm). */
  rootPfn: number;
  /** The boot allocator; null once the buddy allocator has taken over (slab_is_available). */
  memblock: Memblock | null;
  /** Frames that the boot allocator kept: Reserved. */
  bootReserved: number;
  readonly pgmaps: PgmapTree;
  /** Kernel objects that struct pages point to (address_space, dev_pagemap), by number. */
  readonly objects: object[];
  /** User address spaces, for the top-level entries they share. */
  readonly mms: Set<Mm>;
  /** The current call of gup, or of a function that returns its pages. */
  readonly gup: GupCall;
  /** References taken by gup and not yet returned, in units of _refcount; the checker compares refcounts with it. */
  gupRefs: number;
  /** The same for pin counts of compound pages. */
  gupPins: number;
  /** Whether struct pages are written; if not, only frames and tables are counted. */
  contents: boolean;
  /** Memory blocks and the parameters of memory hotplug. */
  readonly hotplug: HotplugState;
  readonly hugetlb: HugetlbState;
  /** Whether memmap is mapped by base pages from boot on (document 004), not by PMD leaves. */
  readonly vmemmapBasePages: boolean;
  readonly tableWork: TableWork;
  /** Start of the unmarked unused part of the newest memmap leaf (unused_pmd_start); -1 for none. */
  unusedPmdStart: number;
  /** Whether tails may look like heads, because the memmap page of some head is mapped for its tails too. */
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

/** The object at an address read from a struct page, or null if there is none. */
export function objectAt(k: Kernel, lo: number, hi: number): object | null {
  if (hi !== OBJECT_HI || lo % OBJECT_BYTES !== 0) return null;
  return k.objects[lo / OBJECT_BYTES - 1] ?? null;
}

/** `address_space`: a mapped file, as struct pages refer to it. */
export interface AddressSpace {
  /** Kernel address that page->mapping holds. */
  readonly addrLo: number;
  readonly addrHi: number;
}

/** `vm_area_struct`: user pages [start, end), in virtual page numbers, of a file from `pgoff` on. */
export interface VmArea {
  readonly mm: Mm;
  readonly start: number;
  readonly end: number;
  readonly pgoff: number;
  readonly mapping: AddressSpace;
  /** Handles a fault at a page for a level (0 PTE, 1 PMD, 2 PUD). */
  readonly fault: (k: Kernel, area: VmArea, vpn: number, level: number) => FaultResult;
}

/** What a fault handler returns (VM_FAULT_NOPAGE, _FALLBACK, _SIGBUS, _OOM). */
export type FaultResult = "nopage" | "fallback" | "sigbus" | "oom";

/** `mm_struct`. */
export interface Mm {
  readonly rootPfn: number;
  readonly areas: VmArea[];
}

/** Scratch arrays for filling one table: new frames, and the frames that several entries map, with their counts. */
export interface TableWork {
  readonly frames: Float64Array;
  readonly tails: Float64Array;
  readonly gets: Int32Array;
}

/** Memory hotplug's part of a kernel. */
export interface HotplugState {
  /** Frames of a memory block. */
  readonly blockPages: number;
  /** Hot-added blocks by number. */
  readonly blocks: Map<number, MemoryBlock>;
  /** memory_hotplug.memmap_on_memory. */
  readonly memmapOnMemory: boolean | "force";
  readonly memhpDefaultState: MemhpDefaultState;
  readonly movableNode: boolean;
  /** hugetlb_free_vmemmap, as it was at boot. */
  readonly hugetlbFreeVmemmap: boolean;
}

/** HugeTLB of one kernel. */
export interface HugetlbState {
  readonly hstates: Hstate[];
  /** hugetlb_free_vmemmap=on, vm.hugetlb_optimize_vmemmap=1. Pages already in a pool stay as they are. */
  optimize: boolean;
  /** Pages whose vmemmap is shared now (the static key hugetlb_optimize_vmemmap_key). */
  optimized: number;
  /** Pages that the worker has yet to free (hpage_freelist). */
  readonly work: { readonly h: Hstate; readonly head: number }[];
  /** One vmemmap page of tails, and the flags word (node and zone) it was made for. */
  tailImage: Int32Array | null;
  tailImageLinks: number;
  /** The pages of tails that huge pages of an order share in a zone (zone->vmemmap_tails); never freed. */
  readonly sharedTails: { readonly order: number; readonly links: number; readonly frame: number }[];
  /** Frames removed from the memmap, to be freed after the flush. */
  readonly unmapped: number[];
  /** Latency of allocating (alloc_fresh_huge_page) and freeing (__free_hugepage) each page, in nanoseconds. */
  allocProbe: Log2Histogram | null;
  freeProbe: Log2Histogram | null;
}

/** What a trace may show as an argument or a result. */
export type TraceValue = number | string | boolean;

/** The function tracer. Calls of enter() and leave() are nested as the functions are. */
export interface Tracer {
  /** Records that a function, named by its kernel symbol, is entered. */
  enter(symbol: string, args: Readonly<Record<string, TraceValue>>): void;
  /** Records that the function entered last returns. */
  leave(result?: TraceValue): void;
}
