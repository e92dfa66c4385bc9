// SPDX-License-Identifier: GPL-2.0-only
// Closed formulas for hot-added memory that holds its own memmap (document 003), for any page size, from the
// definitions alone. This file imports nothing, so that it shares no code with the emulator. Bytes unless stated
// otherwise; document 003 is cited by line.

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What the fences depend on (003:55, 003:63): base page, memory a PMD entry maps, a pageblock. */
export interface Geometry {
  readonly page: number;
  readonly pmd: number;
  readonly pageblock: number;
}

/** x86-64, and arm64 by granule; 64K pages have smaller pageblocks without THP (Linux 6.1 headers). */
export const GEOMETRIES: Readonly<Record<string, Geometry>> = {
  "x86-64": { page: 4096, pmd: 2 * MIB, pageblock: 2 * MIB },
  "arm64 4K": { page: 4096, pmd: 2 * MIB, pageblock: 2 * MIB },
  "arm64 4K, before 5.12": { page: 4096, pmd: 2 * MIB, pageblock: 2 * MIB },
  "arm64 16K": { page: 16384, pmd: 32 * MIB, pageblock: 32 * MIB },
  "arm64 64K": { page: 65536, pmd: 512 * MIB, pageblock: 512 * MIB },
  "arm64 64K, no THP": { page: 65536, pmd: 512 * MIB, pageblock: 64 * MIB },
};

/** Size of a memory block on the machines above (003:58-63, 003:109). */
export const BLOCKS: Readonly<Record<string, readonly number[]>> = {
  "x86-64": [128 * MIB, GIB, 2 * GIB],
  "arm64 4K": [128 * MIB],
  "arm64 4K, before 5.12": [GIB],
  "arm64 16K": [128 * MIB],
  "arm64 64K": [512 * MIB],
  "arm64 64K, no THP": [512 * MIB],
};

/** Memmap of `bytes` of memory. */
export function memmapOf(bytes: number, page: number, structPage: number): number {
  return bytes / page * structPage;
}

/** Vmemmap pages of `bytes` of memory with 4 KiB pages and struct pages of 64 bytes (003:109): 1 page in 64. */
export function vmemmapPagesOf(bytes: number): number {
  return memmapOf(bytes, 4096, 64) / 4096;
}

/** The part of a block left for other use when it holds its own memmap. */
export function usableOf(bytes: number): number {
  return bytes - 4096 * vmemmapPagesOf(bytes);
}

/** Fences that refuse a block, as a sum: 1 memmap is not whole PMDs, 2 the rest is not whole pageblocks (003:55). */
export function fence({ page, pmd, pageblock }: Geometry, block: number, structPage: number): number {
  const memmap = memmapOf(block, page, structPage);
  return (memmap % pmd === 0 ? 0 : 1) + ((block - memmap) % pageblock === 0 ? 0 : 2);
}

/** Rules of v2 that refuse a block: the PMD is not a multiple of the struct page, memmap is not whole pageblocks. */
export function rulesOfV2({ page, pmd, pageblock }: Geometry, block: number, structPage: number): number {
  return (pmd % structPage === 0 ? 0 : 1) + ((block - memmapOf(block, page, structPage)) % pageblock === 0 ? 0 : 1);
}

/** Memory whose struct pages one translation covers: through a PMD leaf, or through a page-table entry (003:93). */
export function reach(pmdLeaf: boolean): number {
  return (pmdLeaf ? 512 : 1) * 4096 / 64 * 4096;
}

/** Page tables for the memmap of `bytes` when it is mapped by base pages: one per 512 pages of it. */
export function tablesOf(bytes: number): number {
  return Math.ceil(vmemmapPagesOf(bytes) / 512);
}

/** Change of a zone's present and managed pages when a memory block goes online. */
export function onlineDelta(
  block: number,
  selfHosted: boolean,
): { readonly present: number; readonly managed: number } {
  return { present: block / 4096, managed: (selfHosted ? usableOf(block) : block) / 4096 };
}
