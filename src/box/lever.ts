// SPDX-License-Identifier: GPL-2.0-only
// A possible change to a machine: what it gains or costs, and the commands that make it.

/** What a change gives. Bytes; negative for what it takes. */
export interface Gains {
  /** DRAM given back, tables included, those of the direct map too. */
  readonly dramBytes: number;
  /** Data the pmem has room for, more or less than now. */
  readonly pmemBytes: number;
  /** System RAM the blocks have, more or less than now. */
  readonly ramBytes: number;
}

/** A change. */
export interface BoxLever extends Gains {
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
  /** Why it cannot be had, or gives nothing; null when it can. */
  readonly why: string | null;
  /** What to type, or to add to the kernel's command line. */
  readonly commands: readonly string[];
  /** What else it costs; null when nothing. */
  readonly caution: string | null;
  /** Whether programs must use the memory in another way. */
  readonly changesUse: boolean;
}

/** Sorts by gain: DRAM counts twice, since it costs more and every machine needs it. */
export function byWorth(a: Gains, b: Gains): number {
  const worth = ({ dramBytes, pmemBytes, ramBytes }: Gains) => 2 * dramBytes + pmemBytes + ramBytes;
  return worth(b) - worth(a);
}

/** The sum of two gains. */
export function sumOfGains(a: Gains, b: Gains): Gains {
  return {
    dramBytes: a.dramBytes + b.dramBytes,
    pmemBytes: a.pmemBytes + b.pmemBytes,
    ramBytes: a.ramBytes + b.ramBytes,
  };
}

/** A lever's figures when it gives nothing. */
export const NO_GAIN = { dramBytes: 0, pmemBytes: 0, ramBytes: 0, changesUse: false } as const;
