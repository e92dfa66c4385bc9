// SPDX-License-Identifier: GPL-2.0-only
// The direct map: every frame of RAM, and of device memory while it has memmap, is mapped a second time at a fixed
// offset (init_memory_mapping() of arch/x86/mm/init.c, __create_pgd_mapping() of arch/arm64/mm/mmu.c). x86-64 takes the
// largest leaf that fits, 1G, 2M or 4K; arm64 maps by base pages alone, since permissions of single pages may change
// (rodata=full): a PTE table for every 512 frames. Tables come from the allocator and go back when they are empty.
//
//   pmem 1 GiB, arm64 with 4K pages:  PUD table (DRAM's)  -->  1 PMD table  -->  512 PTE tables  -->  262144 frames
//
// On for machines booted with it (BootOptions.directMap). Left out: attributes, the contiguous bit, what Linux leaves
// mapped on x86 when memmap cannot be had.

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
  populateTo,
  setEntry,
  tableEmpty,
  tableEntries,
  tableIndex,
} from "./pgtable.ts";

/** Maps frames [start, end). 0, or -ENOMEM with nothing mapped. */
export function mapDirect(k: Kernel, nid: number, start: number, end: number): number {
  if (!k.directMap) return 0;
  for (let at = start; at < end;) {
    const level = leafLevel(k, at, end);
    const entry = populateTo(k, k.rootPfn, directVpn(k, at), level, nid, USE_DIRECT_MAP);
    if (entry < 0) {
      unmapDirect(k, start, at);
      return -ENOMEM;
    }
    if (level > 0) {
      setEntry(k, entry, level, at, k.arch.format.kernelHuge);
      at += levelPages(k, level);
    } else at += fillEntries(k, entry, at, end);
  }
  return 0;
}

/** Takes the mapping of frames [start, end) away, and tables that are empty then. */
export function unmapDirect(k: Kernel, start: number, end: number): void {
  if (!k.directMap || start >= end) return;
  unmapTable(k, k.rootPfn, k.arch.format.topLevel, directVpn(k, start), directVpn(k, end));
}

/** Virtual page of a frame in the direct map, in the part of the address space that the root table covers. */
export function directVpn(k: Kernel, pfn: number): number {
  return (k.arch.directMapPgdIndex ?? 0) * levelPages(k, k.arch.format.topLevel) + pfn;
}

/** The largest leaf that begins at a frame and ends in the range. */
function leafLevel(k: Kernel, at: number, end: number): number {
  for (let level = k.arch.directMapLeaf ?? 0; level > 0; level--) {
    const pages = levelPages(k, level);
    if (at % pages === 0 && at + pages <= end) return level;
  }
  return 0;
}

/** Base pages from `at` on, to the end of their table or of the range; returns how many. */
function fillEntries(k: Kernel, entry: number, at: number, end: number): number {
  const { format } = k.arch;
  const { lo, hi } = format.kernelPage;
  const { words } = k.phys;
  const count = Math.min(tableEntries(k) - tableIndex(k, directVpn(k, at), 0), end - at);
  for (let i = 0; i < count; i++) {
    words[entry + 2 * i] = entryLo(format, at + i, lo);
    words[entry + 2 * i + 1] = entryHi(format, at + i, hi);
  }
  return count;
}

function unmapTable(k: Kernel, table: number, level: number, start: number, end: number): void {
  const pages = levelPages(k, level);
  for (let vpn = start; vpn < end;) {
    const next = Math.min((Math.floor(vpn / pages) + 1) * pages, end);
    const at = entryAt(k, table, tableIndex(k, vpn, level));
    if (!entryNone(k, at)) {
      if (level === 0 || entryHuge(k, at)) clearEntry(k, at, level);
      else {
        const child = entryFrame(k, at);
        unmapTable(k, child, level - 1, vpn, next);
        if (tableEmpty(k, child)) {
          clearEntry(k, at, level);
          freePages(k, child, 0, USE_DIRECT_MAP);
        }
      }
    }
    vpn = next;
  }
}
