// SPDX-License-Identifier: GPL-2.0-only
// Walking a page table entry by entry (mm/ptdump.c, mm/pagewalk.c), for the invariant checker and the layout printer.
// It shares no code with the paths that write tables.
// Left out: printing, effective protections.

import type { Kernel } from "./kernel.ts";
import { entryAt, entryFrame, entryHuge, entryNone, levelPages, tableEntries } from "./pgtable.ts";

/** What a walk reports. Virtual page numbers; levels 0 (PTE) to 3 (PGD). */
export interface TableVisitor {
  /** An entry that points to a table of the level below. */
  readonly table?: (level: number, vpn: number, child: number) => void;
  /** A leaf: the frame it maps, and the index of its first word. */
  readonly leaf?: (level: number, vpn: number, pfn: number, at: number) => void;
}

/** Visits the entries [first, last) of the root table and all below them, ascending. */
export function walkTables(k: Kernel, root: number, first: number, last: number, visitor: TableVisitor): void {
  walkLevel(k, root, k.arch.format.topLevel, 0, first, last, visitor);
}

function walkLevel(
  k: Kernel,
  table: number,
  level: number,
  base: number,
  first: number,
  last: number,
  visitor: TableVisitor,
): void {
  const span = levelPages(k, level);
  const begin = entryAt(k, table, 0);
  for (let i = first; i < last; i++) {
    const at = begin + 2 * i;
    if (entryNone(k, at)) continue;
    const vpn = base + i * span;
    if (level === 0 || entryHuge(k, at)) {
      visitor.leaf?.(level, vpn, entryFrame(k, at), at);
      continue;
    }
    const child = entryFrame(k, at);
    visitor.table?.(level, vpn, child);
    walkLevel(k, child, level - 1, vpn, 0, tableEntries(k), visitor);
  }
}
