// SPDX-License-Identifier: GPL-2.0-only
// Closed formulas of the HugeTLB documents, vmemmap_dedup.rst (001:1480-1656) and the cover letter of document 004, for
// any base page size. This file imports nothing, so that it shares no code with the emulator. Pages are base pages of
// the architecture unless stated otherwise.

/** Bytes of a page-table entry and of a struct page (001:1551). */
export const PTE = 8;
const STRUCT = 64;

/** One row of the document's table (001:1520-1529): base page, huge page, and how it is mapped. Bytes. */
export interface Row {
  readonly arch: string;
  readonly page: number;
  readonly huge: number;
  /** Mapped at PMD or PUD level; null for a run of entries with the contiguous bit. */
  readonly level: "pmd" | "pud" | null;
}

const K = 2 ** 10;
const M = 2 ** 20;
const G = 2 ** 30;

/** The document's table. 2 MiB with 64 KiB pages and similar sizes are runs of contiguous entries. */
export const ROWS: readonly Row[] = [
  { arch: "x86-64", page: 4 * K, huge: 2 * M, level: "pmd" },
  { arch: "x86-64", page: 4 * K, huge: G, level: "pud" },
  { arch: "arm64-4k", page: 4 * K, huge: 64 * K, level: null },
  { arch: "arm64-4k", page: 4 * K, huge: 2 * M, level: "pmd" },
  { arch: "arm64-4k", page: 4 * K, huge: 32 * M, level: null },
  { arch: "arm64-4k", page: 4 * K, huge: G, level: "pud" },
  { arch: "arm64-16k", page: 16 * K, huge: 2 * M, level: null },
  { arch: "arm64-16k", page: 16 * K, huge: 32 * M, level: "pmd" },
  { arch: "arm64-16k", page: 16 * K, huge: G, level: null },
  { arch: "arm64-64k", page: 64 * K, huge: 2 * M, level: null },
  { arch: "arm64-64k", page: 64 * K, huge: 512 * M, level: "pmd" },
  { arch: "arm64-64k", page: 64 * K, huge: 16 * G, level: null },
];

/** Base pages of a huge page. */
export function basePagesOf(huge: number, page: number): number {
  return huge / page;
}

/** struct_size = HugeTLB_Size / PAGE_SIZE * sizeof(struct page) / PAGE_SIZE (001:1534). */
export function structSize(huge: number, page: number): number {
  return huge / page * STRUCT / page;
}

/** struct_size of a page mapped at PMD level = sizeof(struct page) / sizeof(pte_t) (001:1549). */
export function structSizePmd(): number {
  return STRUCT / PTE;
}

/** struct_size of a page mapped at PUD level = PAGE_SIZE / sizeof(pmd_t) * struct_size(pmd) (001:1569). */
export function structSizePud(page: number): number {
  return page / PTE * structSizePmd();
}

/** Vmemmap pages that one huge page frees (001:1612, 1645; 004:200): all but those kept, never negative. */
export function freedPages(huge: number, page: number, keep: number): number {
  return Math.max(0, structSize(huge, page) - keep);
}

/** Memory whose memmap one page table covers: 128 MiB with 4 KiB pages. */
export function windowBytes(page: number): number {
  return page / PTE * page / STRUCT * page;
}

/** PTE tables for `count` adjacent huge pages from the start of a window (004:109: 8 per 1 GiB). */
export function tablesDense(count: number, huge: number, page: number): number {
  return Math.ceil(count * huge / windowBytes(page));
}

/** PTE tables for `count` huge pages, one per window. */
export function tablesSpread(count: number): number {
  return count;
}

/** Pages gained: those freed minus the tables. */
export function netPages(count: number, huge: number, page: number, keep: number, tables: number): number {
  return count * freedPages(huge, page, keep) - tables;
}

/** Struct pages of a huge page with PG_head when all tails map the head's page: one per vmemmap page (004:201). */
export function headsSeen(huge: number, page: number): number {
  return structSize(huge, page);
}

/** Struct pages with their own data: the head, then subpool, cgroup, reserved cgroup, poisoned frame. */
export function usedSubpages(): number {
  return 1 + 4;
}
