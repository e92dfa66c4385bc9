// SPDX-License-Identifier: GPL-2.0-only
// What a change of a machine is: the figures, and what to type.

/** A change. Bytes; what it takes is less than nothing. */
export interface BoxLever {
  /** Which kind of change it is, for totals over many machines. */
  readonly kind:
    | "align"
    | "map"
    | "mode"
    | "kernel"
    | "hugetlb_free_vmemmap"
    | "memmap_on_memory"
    | "block size"
    | "page size";
  /** What to do, in words. */
  readonly what: string;
  /** Which part it changes. */
  readonly of: string;
  /** DRAM given back, tables included. */
  readonly dram: number;
  /** Data the pmem has room for, more or less than now. */
  readonly pmem: number;
  /** System RAM the blocks have, more or less than now. */
  readonly ram: number;
  /** Why it cannot be had, or gives nothing; null when it can. */
  readonly why: string | null;
  /** What to type, or to add to the kernel's command line. */
  readonly commands: readonly string[];
  /** What else it costs; null when nothing. */
  readonly caution: string | null;
  /** Whether programs must use the memory in another way. */
  readonly changesUse: boolean;
}

/** A lever's figures when it gives nothing. */
export const NO_GAIN = { dram: 0, pmem: 0, ram: 0, changesUse: false } as const;
