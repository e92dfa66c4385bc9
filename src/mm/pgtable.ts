// SPDX-License-Identifier: GPL-2.0-only
// Page tables in frames that were really allocated (mm/pgalloc-track.h, include/linux/pgtable.h, arch pgtable code).
// An address is a virtual page number (address / page size), split by level:
//
//   level 3 (PGD)   level 2 (PUD)   level 1 (PMD)   level 0 (PTE)
//   vpn / E^3       vpn / E^2 % E   vpn / E % E     vpn % E          E = entries of a table
//
// A leaf is a level-0 entry, or a level-1 or level-2 entry with the huge bit. The p4d level is folded, as it is on
// four-level machines. Left out: five levels, page-table locks.

import { vmemmapStartVpn } from "../arch/arch.ts";
import type { EntryBits } from "../include/pgtable_format.ts";
import { USE_PMD_TABLE, USE_PTE_TABLE, USE_PUD_TABLE } from "../include/frame_use.ts";
import { entryHi, entryLo, entryPfn } from "../machine/mmu.ts";
import type { Kernel } from "./kernel.ts";
import { allocPages } from "./page_alloc.ts";
import { C } from "./vmstat.ts";

const { pgdWrites, pmdWrites, pteWrites, pudWrites, tlbFlushes, tlbIpis } = C;

/** Use of the table an entry at this level points to: a PMD entry (1) points to a PTE table. */
export const TABLE_USE: readonly number[] = [-1, USE_PTE_TABLE, USE_PMD_TABLE, USE_PUD_TABLE];
/** Counter of writes to an entry at each level. */
const WRITES: readonly number[] = [pteWrites, pmdWrites, pudWrites, pgdWrites];

/** Entries of one table. */
export function tableEntries(k: Kernel): number {
  return 1 << k.arch.format.tableShift;
}

/** Pages one entry covers at a level. */
export function levelPages(k: Kernel, level: number): number {
  return k.arch.format.levelPages[level];
}

/** Index of the entry for `vpn` in its table at a level. `&` rounds down and keeps the low bits of any whole number. */
export function tableIndex(k: Kernel, vpn: number, level: number): number {
  return (vpn / k.arch.format.levelPages[level]) & (tableEntries(k) - 1);
}

/** Virtual page number of a vmemmap page in the kernel address space. */
export function vmemmapVpn(k: Kernel, vpage: number): number {
  return vmemmapStartVpn(k.arch) + vpage;
}

/** Word index of an entry in a table frame. */
export function entryAt(k: Kernel, table: number, index: number): number {
  return k.phys.wordBase(table) + 2 * index;
}

/** `pte_none` and its kin: an empty entry. */
export function entryNone(k: Kernel, at: number): boolean {
  return k.phys.words[at] === 0 && k.phys.words[at + 1] === 0;
}

/** Whether a present entry above level 0 is a leaf. */
export function entryHuge(k: Kernel, at: number): boolean {
  return (k.phys.words[at] & k.arch.format.hugeMask) === k.arch.format.hugeValue;
}

/** Frame an entry points to. */
export function entryFrame(k: Kernel, at: number): number {
  return entryPfn(k.arch.format, k.phys.words[at], k.phys.words[at + 1]);
}

/** Writes an entry and counts it. */
export function setEntry(k: Kernel, at: number, level: number, pfn: number, bits: EntryBits): void {
  k.phys.words[at] = entryLo(k.arch.format, pfn, bits.lo);
  k.phys.words[at + 1] = entryHi(k.arch.format, pfn, bits.hi);
  k.stat[WRITES[level]]++;
}

/** Clears an entry and counts it. */
export function clearEntry(k: Kernel, at: number, level: number): void {
  k.phys.words[at] = 0;
  k.phys.words[at + 1] = 0;
  k.stat[WRITES[level]]++;
}

/**
 * Word index of the entry for `vpn` at `level`, or -1 when a table on the way is missing or a huge leaf is in the way.
 */
export function walkTo(k: Kernel, root: number, vpn: number, level: number): number {
  let table = root;
  for (let l = k.arch.format.topLevel; l > level; l--) {
    const at = entryAt(k, table, tableIndex(k, vpn, l));
    if (entryNone(k, at) || entryHuge(k, at)) return -1;
    table = entryFrame(k, at);
  }
  return entryAt(k, table, tableIndex(k, vpn, level));
}

/** The leaf that maps a page. */
export interface Leaf {
  /** Word index of the entry, and its level. */
  readonly at: number;
  readonly level: number;
  /** Frame of the page itself, even inside a larger leaf. */
  readonly pfn: number;
}

/** `lookup_address`: the leaf that maps `vpn`, bypassing every TLB; null when nothing does. */
export function lookupAddress(k: Kernel, root: number, vpn: number): Leaf | null {
  let table = root;
  for (let level = k.arch.format.topLevel; level >= 0; level--) {
    const at = entryAt(k, table, tableIndex(k, vpn, level));
    if (entryNone(k, at)) return null;
    const pfn = entryFrame(k, at);
    if (level === 0 || entryHuge(k, at)) return { at, level, pfn: pfn + vpn % levelPages(k, level) };
    table = pfn;
  }
  return null;
}

/**
 * Word index of the entry for `vpn` at `level`, allocating missing tables; -1 without memory for one (tables made so
 * far stay, empty) or if a huge leaf is in the way. `use` overrides how tables are counted.
 */
export function populateTo(k: Kernel, root: number, vpn: number, level: number, nid: number, use = -1): number {
  let table = root;
  for (let l = k.arch.format.topLevel; l > level; l--) {
    const at = entryAt(k, table, tableIndex(k, vpn, l));
    if (entryNone(k, at)) {
      const child = allocTable(k, nid, use < 0 ? TABLE_USE[l] : use);
      if (child < 0) return -1;
      setEntry(k, at, l, child, use < 0 ? k.arch.format.table : k.arch.format.userTable);
      if (l === k.arch.format.topLevel && use < 0) syncGlobalPgds(k, tableIndex(k, vpn, l));
    } else if (entryHuge(k, at)) {
      return -1;
    }
    table = entryFrame(k, at);
  }
  return entryAt(k, table, tableIndex(k, vpn, level));
}

/** A zeroed table frame with one reference, or -1. During boot it comes from the boot allocator. */
export function allocTable(k: Kernel, nid: number, use: number): number {
  const pfn = k.memblock === null ? allocPages(k, 0, nid, use) : k.memblock.alloc(1, 1, nid);
  if (pfn < 0) return -1;
  if (k.memblock !== null) k.uses[use]++;
  const base = k.phys.touch(pfn, 0);
  k.phys.words.fill(0, base, base + 2 * tableEntries(k));
  return pfn;
}

/**
 * Whether a table is empty. Starts the search at entry `near`: after removals in order, the next entry is found there.
 */
export function tableEmpty(k: Kernel, table: number, near = 0): boolean {
  const { words } = k.phys;
  const base = k.phys.wordBase(table);
  const first = base + 2 * near;
  for (let i = first; i < base + 2 * tableEntries(k); i++) if (words[i] !== 0) return false;
  for (let i = base; i < first; i++) if (words[i] !== 0) return false;
  return true;
}

/** `sync_global_pgds`: copies a top-level entry of the kernel into every address space. */
function syncGlobalPgds(k: Kernel, index: number): void {
  const from = entryAt(k, k.rootPfn, index);
  for (const mm of k.mms) {
    const to = entryAt(k, mm.rootPfn, index);
    k.phys.words[to] = k.phys.words[from];
    k.phys.words[to + 1] = k.phys.words[from + 1];
    k.stat[pgdWrites]++;
  }
}

/** `flush_tlb_all`, `flush_tlb_kernel_range`: every CPU drops its translations of these vmemmap pages. */
export function flushVmemmap(k: Kernel, vpage: number, count: number): void {
  k.tracer?.enter(
    count === Infinity ? "flush_tlb_all" : "flush_tlb_kernel_range",
    count === Infinity ? {} : { vpage, count },
  );
  k.stat[tlbFlushes]++;
  k.stat[tlbIpis] += k.machine.cpus.length - 1;
  for (const cpu of k.machine.cpus) cpu.mmu.flushRange(vpage, count);
  k.tracer?.leave();
}
