// SPDX-License-Identifier: GPL-2.0-only
// The memmap of a namespace as its page tables show it, read the way the Linux measurements were: entry by entry, with
// the machine stopped. Counts of entries, frames, tables, and who shares what.

import type { Kernel } from "../../src/mm/kernel.ts";
import { vmemmapPage } from "../../src/mm/page.ts";
import { levelPages, tableEntries, vmemmapVpn } from "../../src/mm/pgtable.ts";
import { walkTables } from "../../src/mm/ptdump.ts";

/** What a walk over the memmap of a range finds. */
export interface Walk {
  readonly ptes: number;
  readonly pmdLeaves: number;
  /** Leaves to blocks of DRAM; the others lie in the namespace itself. */
  readonly pmdLeavesInDram: number;
  /** Frames that page-table entries map, in order of first appearance, and the entries of each. */
  readonly frames: ReadonlyMap<number, number>;
  readonly pteTables: number;
  readonly pmdTables: number;
  /** For each of the first 16 entries, the index of its frame. */
  readonly pattern: readonly number[];
}

/** Walks the kernel table over the memmap of `pages` frames from `start` on. */
export function walkMemmap(k: Kernel, start: number, pages: number): Walk {
  const first = vmemmapVpn(k, vmemmapPage(k, start));
  const end = vmemmapVpn(k, vmemmapPage(k, start + pages));
  const touches = (vpn: number, level: number) => vpn < end && vpn + levelPages(k, level) > first;
  const frames = new Map<number, number>();
  const order = new Map<number, number>();
  const pteTables = new Set<number>();
  const pmdTables = new Set<number>();
  const pattern: number[] = [];
  let ptes = 0;
  let pmdLeaves = 0;
  let pmdLeavesInDram = 0;
  walkTables(k, k.rootPfn, k.arch.vmemmapPgdIndex, tableEntries(k), {
    table: (level, vpn, pfn) => {
      if (!touches(vpn, level)) return;
      if (level === 1) pteTables.add(pfn);
      if (level === 2) pmdTables.add(pfn);
    },
    leaf: (level, vpn, pfn) => {
      if (!touches(vpn, level)) return;
      if (level === 1) {
        pmdLeaves++;
        if (pfn < k.machine.topology.pmemStart) pmdLeavesInDram++;
        return;
      }
      ptes++;
      frames.set(pfn, (frames.get(pfn) ?? 0) + 1);
      if (!order.has(pfn)) order.set(pfn, order.size);
      if (pattern.length < 16) pattern.push(order.get(pfn)!);
    },
  });
  return {
    ptes,
    pmdLeaves,
    pmdLeavesInDram,
    frames,
    pteTables: pteTables.size,
    pmdTables: pmdTables.size,
    pattern,
  };
}
