// SPDX-License-Identifier: GPL-2.0-only
// The direct map: every frame of RAM, and of device memory while it has memmap, is mapped a second time at a fixed
// offset (init_memory_mapping() of arch/x86/mm/init.c, __create_pgd_mapping() of arch/arm64/mm/mmu.c). x86-64 takes the
// largest leaf that fits, 1G, 2M or 4K; arm64 maps by base pages alone, since permissions of single pages may change
// (rodata=full): a PTE table for every 512 frames. Tables come from the allocator and go back when they are empty.
//
//   pmem 1 GiB, arm64 with 4K pages:  PUD table (DRAM's)  -->  1 PMD table  -->  512 PTE tables  -->  262144 frames
//
// Existing mappings are kept. When memory cannot be added, x86-64 leaves its mapping and reuses it the next time. Only
// with BootOptions.directMap. Left out: attributes, the contiguous bit.

import type { DirectMapGeometry } from "../arch/arch.ts";
import { ENOMEM } from "../include/errno.ts";
import { USE_DIRECT_MAP } from "../include/frame_use.ts";
import { entryHi, entryLo } from "../machine/mmu.ts";
import type { Kernel } from "./kernel.ts";
import { freePages } from "./page_alloc.ts";
import {
  clearEntry,
  entryAt,
  entryFrame,
  entryHuge,
  entryNone,
  levelPages,
  lookupAddress,
  populateTo,
  setEntry,
  tableEmpty,
  tableEntries,
  tableIndex,
} from "./pgtable.ts";

/** Maps frames [start, end). 0, or -ENOMEM with nothing mapped. Leaves the counters alone: they are about memmap. */
export function mapDirect(k: Kernel, nid: number, start: number, end: number): number {
  if (k.directMap === null) return 0;
  const counters = Float64Array.from(k.stat);
  const err = mapRange(k, k.directMap, nid, start, end);
  k.stat.set(counters);
  if (err < 0) unmapDirect(k, start, end);
  return err;
}

function mapRange(k: Kernel, direct: DirectMapGeometry, nid: number, start: number, end: number): number {
  const { pgdIndex, largestLeaf } = direct;
  for (let at = start; at < end;) {
    const vpn = directVpn(k, pgdIndex, at);
    const there = lookupAddress(k, k.rootPfn, vpn);
    if (there !== null) {
      const pages = levelPages(k, there.level);
      at += pages - at % pages;
      continue;
    }
    let level = leafLevel(k, largestLeaf, at, end);
    let entry = populateTo(k, k.rootPfn, vpn, level, nid, USE_DIRECT_MAP);
    while (entry >= 0 && level > 0 && !entryNone(k, entry)) {
      // A table is there already: try a smaller leaf.
      entry = populateTo(k, k.rootPfn, vpn, --level, nid, USE_DIRECT_MAP);
    }
    if (entry < 0) return -ENOMEM;
    if (level > 0) {
      setEntry(k, entry, level, at, k.arch.format.kernelHuge);
      at += levelPages(k, level);
    } else {
      const count = Math.min(tableEntries(k) - tableIndex(k, at, 0), end - at);
      fillEntries(k, entry, at, count);
      at += count;
    }
  }
  return 0;
}

/** What arch_add_memory() does if it gets no memmap: arm64 removes the mapping, x86-64 keeps it. */
export function addMemoryFailed(k: Kernel, start: number, end: number): void {
  if (k.directMap?.keptOnFailure === false) unmapDirect(k, start, end);
}

/** Unmaps frames [start, end), except for leaves that reach beyond the range, and frees tables that end up empty. */
export function unmapDirect(k: Kernel, start: number, end: number): void {
  if (k.directMap === null || start >= end) return;
  const { pgdIndex } = k.directMap;
  const counters = Float64Array.from(k.stat);
  unmapTable(k, k.rootPfn, k.arch.format.topLevel, directVpn(k, pgdIndex, start), directVpn(k, pgdIndex, end));
  k.stat.set(counters);
}

/** Virtual page of a frame in a direct map that begins at this entry of the root table. */
export function directVpn(k: Kernel, pgdIndex: number, pfn: number): number {
  return pgdIndex * levelPages(k, k.arch.format.topLevel) + pfn;
}

/** The largest leaf that begins at this frame and ends inside the range. */
function leafLevel(k: Kernel, largest: number, at: number, end: number): number {
  for (let level = largest; level > 0; level--) {
    const pages = levelPages(k, level);
    if (at % pages === 0 && at + pages <= end) return level;
  }
  return 0;
}

/** Maps `count` base pages from `pfn` on in one table: the high words are equal, the low words ascend. */
function fillEntries(k: Kernel, entry: number, pfn: number, count: number): void {
  const { format } = k.arch;
  const words = k.phys.window(entry);
  const hi = entryHi(format, pfn, format.kernelPage.hi);
  const step = 1 << format.pageShift;
  let lo = entryLo(format, pfn, format.kernelPage.lo);
  const from = k.phys.inWindow(entry);
  for (let e = from; e < from + 2 * count; e += 2) {
    words[e] = lo;
    words[e + 1] = hi;
    lo = lo + step | 0;
  }
}

function unmapTable(k: Kernel, table: number, level: number, start: number, end: number): void {
  const pages = levelPages(k, level);
  for (let vpn = start; vpn < end;) {
    const next = Math.min((Math.floor(vpn / pages) + 1) * pages, end);
    const at = entryAt(k, table, tableIndex(k, vpn, level));
    if (!entryNone(k, at)) {
      if (level === 0 || entryHuge(k, at)) {
        if (next - vpn === pages) clearEntry(k, at, level);
      } else {
        const child = entryFrame(k, at);
        if (level === 1) {
          const from = entryAt(k, child, tableIndex(k, vpn, 0));
          k.phys.words.fill(0, from, from + 2 * (next - vpn));
        } else unmapTable(k, child, level - 1, vpn, next);
        if (tableEmpty(k, child)) {
          clearEntry(k, at, level);
          freePages(k, child, 0, USE_DIRECT_MAP);
        }
      }
    }
    vpn = next;
  }
}
