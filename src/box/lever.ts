// SPDX-License-Identifier: GPL-2.0-only
// A possible change to a machine: what it gains or costs, and the commands that make it.

/** What a change gains. Bytes; negative for losses. */
export interface Gains {
  /** DRAM freed, including tables and those of the direct map. */
  readonly dramBytes: number;
  /** Change of the pmem's room for data. */
  readonly pmemBytes: number;
  /** Change of the System RAM in the blocks. */
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
  /** Why it is impossible, or gains nothing; null if it is worthwhile. */
  readonly why: string | null;
  /** What to type, or to add to the kernel's command line. */
  readonly commands: readonly string[];
  /** What else it costs; null if nothing. */
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
export function sumOfGains(a: Gains, { dramBytes, pmemBytes, ramBytes }: Gains): Gains {
  return { dramBytes: a.dramBytes + dramBytes, pmemBytes: a.pmemBytes + pmemBytes, ramBytes: a.ramBytes + ramBytes };
}

/** A lever's figures if it gains nothing. */
export const NO_GAIN = { dramBytes: 0, pmemBytes: 0, ramBytes: 0, changesUse: false } as const;
