// SPDX-License-Identifier: GPL-2.0-only
// A user address space and its mappings (struct mm_struct, vm_area_struct): a root table of its own, and areas that map
// a file. Tables are made by faults and freed when the space goes. Left out: anonymous memory, mmap address search.

import type { Kernel } from "./kernel.ts";

/** `address_space`: the file that a mapping maps, as struct pages name it. */
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

/** What a fault handler answers (VM_FAULT_NOPAGE, _FALLBACK, _SIGBUS, _OOM). */
export type FaultResult = "nopage" | "fallback" | "sigbus" | "oom";

/** `mm_struct`. */
export interface Mm {
  readonly rootPfn: number;
  readonly areas: VmArea[];
}
