// SPDX-License-Identifier: GPL-2.0-only
// User address spaces over device memory (mm/memory.c, mm/huge_memory.c): tables in counted frames, faults that insert
// a devmap entry at the level the driver maps, unmapping. Left out: anonymous memory, copy-on-write, THP splitting.

import { ENOMEM } from "../include/errno.ts";
import { USE_USER_TABLE } from "../include/frame_use.ts";
import { alignDown } from "../lib/align.ts";
import { panic } from "../lib/bug.ts";
import type { AddressSpace, FaultResult, Kernel, Mm, VmArea } from "./kernel.ts";
import { freePages } from "./page_alloc.ts";
import { compoundHead, compoundOrder, putPageTestzero } from "./page.ts";
import {
  allocTable,
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
  walkTo,
} from "./pgtable.ts";
import { C } from "./vmstat.ts";
import { traced } from "./trace.ts";

const FAULT_COUNTERS = [C.pteFaults, C.pmdFaults, C.pudFaults];
/** By level: the symbol that calls the area's handler. */
const FAULT_SYMBOLS = ["__do_fault", "create_huge_pmd", "create_huge_pud"];
/** By level: the symbol that inserts the leaf. */
const INSERT_SYMBOLS = ["vmf_insert_mixed", "vmf_insert_pfn_pmd", "vmf_insert_pfn_pud"];

/** `mm_alloc`: an empty address space that shares the kernel's top-level entries, or -ENOMEM. */
export function mmAlloc(k: Kernel): Mm | number {
  const rootPfn = allocTable(k, 0, USE_USER_TABLE);
  if (rootPfn < 0) return -ENOMEM;
  const mm: Mm = { rootPfn, areas: [] };
  k.mms.add(mm);
  // The kernel half: every entry from the vmemmap's on.
  for (let i = k.arch.vmemmapPgdIndex; i < tableEntries(k); i++) {
    const from = entryAt(k, k.rootPfn, i);
    const to = entryAt(k, rootPfn, i);
    k.phys.words[to] = k.phys.words[from];
    k.phys.words[to + 1] = k.phys.words[from + 1];
  }
  return mm;
}

/** `mmput`: unmaps everything and frees the tables. */
export function mmPut(k: Kernel, mm: Mm): void {
  for (const area of [...mm.areas]) munmap(k, area);
  freeTables(k, mm.rootPfn, k.arch.format.topLevel, k.arch.vmemmapPgdIndex);
  freeTable(k, mm.rootPfn);
  k.mms.delete(mm);
}

/** `do_munmap` of a whole area: clears its entries and frees tables that end up empty (free_pgtables). */
export function munmap(k: Kernel, area: VmArea): void {
  const { topLevel } = k.arch.format;
  zap(k, area.mm.rootPfn, topLevel, area.start, area.end);
  freeEmptyTables(k, area.mm.rootPfn, topLevel, area.start, area.end);
  area.mm.areas.splice(area.mm.areas.indexOf(area), 1);
}

/** `unmap_mapping_range`: removes pages [first, end) of this file from every address space. */
export const unmapMapping = traced(
  "unmap_mapping_range(_, first, end)",
  (k: Kernel, mapping: AddressSpace, first: number, end: number): void => {
    for (const mm of k.mms) {
      for (const area of mm.areas) {
        if (area.mapping !== mapping) continue;
        const from = Math.max(area.start, area.start + first - area.pgoff);
        const to = Math.min(area.end, area.start + end - area.pgoff);
        if (from < to) zap(k, mm.rootPfn, k.arch.format.topLevel, from, to);
      }
    }
  },
);

/** `handle_mm_fault`: tries the largest level first, as the kernel does; sigbus outside any mapping. */
export function handleFault(k: Kernel, mm: Mm, vpn: number): FaultResult {
  k.tracer?.enter("handle_mm_fault", { vpn });
  const result = faultIn(k, mm, vpn);
  k.tracer?.leave(result);
  return result;
}

/** `__handle_mm_fault`. */
function faultIn(k: Kernel, mm: Mm, vpn: number): FaultResult {
  const area = mm.areas.find((a) => vpn >= a.start && vpn < a.end);
  if (area === undefined) return "sigbus";
  for (let level = 2; level >= 0; level--) {
    // An existing table, made for smaller pages, rules out a large page.
    if (level > 0 && hasTable(k, mm, vpn, level)) continue;
    k.tracer?.enter(FAULT_SYMBOLS[level], { vpn });
    const result = area.fault(k, area, vpn, level);
    k.tracer?.leave(result);
    if (result === "fallback") continue;
    if (result === "nopage") k.stat[FAULT_COUNTERS[level]]++;
    return result;
  }
  return "sigbus";
}

/** Whether the entry for `vpn` at a level leads to a table. */
function hasTable(k: Kernel, mm: Mm, vpn: number, level: number): boolean {
  const at = walkTo(k, mm.rootPfn, vpn, level);
  return at >= 0 && !entryNone(k, at) && !entryHuge(k, at);
}

/** `dev_pagemap_mapping_shift`: pages that the entry for `vpn` maps; 0 when none does. */
export function mappedPages(k: Kernel, mm: Mm, vpn: number): number {
  const leaf = lookupAddress(k, mm.rootPfn, vpn);
  return leaf === null ? 0 : levelPages(k, leaf.level);
}

/** Touches every page of an area, as a program that writes to its mapping does. The first failure, or "nopage". */
export function populateArea(k: Kernel, area: VmArea, stepPages: number): FaultResult {
  for (let vpn = area.start; vpn < area.end; vpn += stepPages) {
    const result = handleFault(k, area.mm, vpn);
    if (result !== "nopage") return result;
  }
  return "nopage";
}

/** `vmf_insert_pfn_{pte,pmd,pud}`: inserts a devmap leaf unless there is one; "oom" when no table can be allocated. */
export function insertPfn(k: Kernel, area: VmArea, vpn: number, level: number, pfn: number): FaultResult {
  k.tracer?.enter(INSERT_SYMBOLS[level], { vpn, pfn });
  const result = insertLeaf(k, area, vpn, level, pfn);
  k.tracer?.leave(result);
  return result;
}

function insertLeaf(k: Kernel, area: VmArea, vpn: number, level: number, pfn: number): FaultResult {
  const at = populateTo(k, area.mm.rootPfn, vpn, level, 0, USE_USER_TABLE);
  if (at < 0) return "oom";
  if (entryNone(k, at)) setEntry(k, at, level, pfn, level === 0 ? k.arch.format.userPage : k.arch.format.userHuge);
  if (level === 1 && k.contents && k.config.compoundDevmap) warnUnlessCompound(k, pfn);
  return "nopage";
}

/** The assertion in insert_pfn_pmd() that the thread proposes (001:4466): a PMD maps one compound page of its size. */
function warnUnlessCompound(k: Kernel, pfn: number): void {
  const pages = levelPages(k, 1);
  // An order is log2 of pages, PMD_SHIFT is log2 of bytes.
  const order = Math.log2(k.config.errata.compoundOrderPmdShift ? pages * k.pageBytes : pages);
  if (compoundOrder(k, compoundHead(k, pfn)) !== order) k.stat[C.warnings]++;
}

/** Clears the entries of [start, end). A huge leaf is cleared whole. */
function zap(k: Kernel, table: number, level: number, start: number, end: number): void {
  const span = levelPages(k, level);
  for (let at = start; at < end; at = alignDown(at, span) + span) {
    const entry = entryAt(k, table, tableIndex(k, at, level));
    if (entryNone(k, entry)) continue;
    if (level === 0 || entryHuge(k, entry)) clearEntry(k, entry, level);
    else zap(k, entryFrame(k, entry), level - 1, at, Math.min(alignDown(at, span) + span, end));
  }
}

/** Frees empty tables below one table that cover part of [start, end). */
function freeEmptyTables(k: Kernel, table: number, level: number, start: number, end: number): void {
  const span = levelPages(k, level);
  for (let at = start; level > 0 && at < end; at = alignDown(at, span) + span) {
    const entry = entryAt(k, table, tableIndex(k, at, level));
    if (entryNone(k, entry) || entryHuge(k, entry)) continue;
    const child = entryFrame(k, entry);
    freeEmptyTables(k, child, level - 1, at, Math.min(alignDown(at, span) + span, end));
    if (!tableEmpty(k, child)) continue;
    clearEntry(k, entry, level);
    freeTable(k, child);
  }
}

/** Frees every table below one table; no leaf may be left. */
function freeTables(k: Kernel, table: number, level: number, entries: number): void {
  for (let i = 0; i < entries; i++) {
    const entry = entryAt(k, table, i);
    if (entryNone(k, entry)) continue;
    if (level === 0 || entryHuge(k, entry)) panic(`freeTables: level ${level} entry ${i} is still mapped`);
    const child = entryFrame(k, entry);
    freeTables(k, child, level - 1, tableEntries(k));
    clearEntry(k, entry, level);
    freeTable(k, child);
  }
}

function freeTable(k: Kernel, pfn: number): void {
  if (!putPageTestzero(k, pfn)) panic(`freeTable: user table ${pfn} is shared`);
  freePages(k, pfn, 0, USE_USER_TABLE);
}
