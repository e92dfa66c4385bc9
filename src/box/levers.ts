// SPDX-License-Identifier: GPL-2.0-only
// What could be changed, and what each change gives and takes: the changed part is brought up in the emulator and the
// difference to the part as it is now is the answer. A lever that cannot be had says why.

import type { Box } from "./box.ts";
import type { BoxCost } from "./costs.ts";
import type { Emulator } from "./emulate.ts";
import { namespaceLevers } from "./levers_namespace.ts";
import { ramLevers } from "./levers_ram.ts";
import { poolLevers } from "./levers_pool.ts";

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

/**
 * All levers: first those that can be had and change nothing for programs, then those that do, last what cannot be had;
 * within each, most bytes first. DRAM counts twice: it is the dearer, and everybody needs it.
 */
export function leversOf(box: Box, costs: readonly BoxCost[], emulator: Emulator): BoxLever[] {
  const all = [
    ...poolLevers(box, emulator),
    ...box.regions.flatMap((region) => region.namespaces.flatMap((ns) => namespaceLevers(box, region, ns, emulator))),
    ...box.ram.flatMap((ram) => ramLevers(box, ram, costs, emulator)),
  ];
  const rank = (lever: BoxLever) => lever.why !== null ? 2 : lever.changesUse ? 1 : 0;
  const worth = ({ dram, pmem, ram }: BoxLever) => 2 * dram + pmem + ram;
  return all.sort((a, b) => rank(a) - rank(b) || worth(b) - worth(a));
}
