// SPDX-License-Identifier: GPL-2.0-only
// Splitting PMD leaves of the memmap (split_vmemmap_huge_pmd of mm/hugetlb_vmemmap.c; of mm/sparse-vmemmap.c in 5.14):
// a PTE table that maps the same frames takes the leaf's place. The table comes from the allocator and is counted.
//
//   PMD entry --leaf--> block of 512 frames      PMD entry --> PTE table --> frame, frame, .. of the same block

import { ENOMEM } from "../../include/errno.ts";
import { USE_PTE_TABLE } from "../../include/frame_use.ts";
import { alignDown } from "../../lib/align.ts";
import type { Kernel } from "../kernel.ts";
import { splitPage } from "../page_alloc.ts";
import { readPage } from "../page.ts";
import {
  allocTable,
  entryFrame,
  entryHuge,
  flushVmemmap,
  levelPages,
  setEntry,
  vmemmapVpn,
  walkTo,
} from "../pgtable.ts";
import { C } from "../vmstat.ts";
import { traced } from "../trace.ts";

/**
 * Splits every leaf under vmemmap pages [start, start + count). 0, or -ENOMEM without memory for a table; leaves split
 * before that stay split, which does no harm.
 */
export function splitVmemmapRange(k: Kernel, start: number, count: number, nid: number, flush: boolean): number {
  const perLeaf = levelPages(k, 1);
  for (let at = alignDown(start, perLeaf); at < start + count; at += perLeaf) {
    const pmd = walkTo(k, k.rootPfn, vmemmapVpn(k, at), 1);
    if (pmd < 0 || !entryHuge(k, pmd)) continue;
    if (!splitLeaf(k, pmd, nid)) return -ENOMEM;
    k.stat[C.vmemmapSplits]++;
    if (flush) flushVmemmap(k, at, perLeaf);
  }
  return 0;
}

const splitLeaf = traced("split_vmemmap_huge_pmd()", (k: Kernel, pmd: number, nid: number): boolean => {
  const { format } = k.arch;
  const block = entryFrame(k, pmd);
  const table = allocTable(k, nid, USE_PTE_TABLE);
  if (table < 0) return false;
  const base = k.phys.wordBase(table);
  const perLeaf = levelPages(k, 1);
  for (let i = 0; i < perLeaf; i++) setEntry(k, base + 2 * i, 0, block + i, format.kernelPage);
  // A buddy block has one reference for all its frames, which will now be freed one by one.
  if ((readPage(k, block, 0) & k.layout.reserved) === 0) splitPage(k, block, format.tableShift);
  setEntry(k, pmd, 1, table, format.table);
  return true;
});
