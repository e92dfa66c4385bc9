// SPDX-License-Identifier: GPL-2.0-only
// Closed formulas for a namespace that holds its own memmap (map=dev), for any page size: pages of memmap in the
// namespace, pages in DRAM, and whether the reserve is large enough. From the definitions alone: Linux 6.1
// drivers/nvdimm/pfn_devs.c for the reserve, arch/x86/mm/init_64.c and arch/arm64/mm/mmu.c for the memmap. This file
// imports nothing, so that it shares no code with the emulator. Bytes unless stated otherwise; struct pages of 64
// bytes. Left out: other struct page sizes, neighbours that share a page of memmap.

const MIB = 2 ** 20;
const STRUCT_PAGE = 64;
/** Label and info block. */
const INFO = 8192;

/**
 * Base page, section, the leaf that maps a complete section's memmap (if any), and where partial sections take memmap
 * from.
 */
export interface Granule {
  readonly page: number;
  readonly section: number;
  readonly leaf: number | null;
  readonly partsFrom: "dram" | "pmem";
}

/** x86-64, and arm64 by granule. */
export const GRANULES: Readonly<Record<string, Granule>> = {
  "x86-64": { page: 4096, section: 128 * MIB, leaf: 2 * MIB, partsFrom: "dram" },
  "arm64-4k": { page: 4096, section: 128 * MIB, leaf: 2 * MIB, partsFrom: "pmem" },
  "arm64-16k": { page: 16384, section: 128 * MIB, leaf: null, partsFrom: "pmem" },
  "arm64-64k": { page: 65536, section: 512 * MIB, leaf: null, partsFrom: "pmem" },
};

/** Pages of memmap by location. */
export interface Shares {
  readonly pmem: number;
  readonly dram: number;
}

/** Bytes from the start of a namespace to its data: info block and 64 bytes per page, rounded up to the alignment. */
function dataOffset({ page }: Granule, start: number, size: number, align: number): number {
  const unit = Math.max(align, 2 * MIB);
  const frames = Math.floor((size - INFO) / page);
  return Math.ceil((start + INFO + STRUCT_PAGE * frames) / unit) * unit - start;
}

/** Pages that hold the memmap of [start, end); a partly used page counts. */
export function pagesOf({ page }: Granule, start: number, end: number): number {
  const perPage = page / STRUCT_PAGE * page;
  return Math.ceil(end / perPage) - Math.floor(start / perPage);
}

/**
 * Memory before the first complete section, in complete sections, and after them. Without a complete section, all of it
 * is before.
 */
export function parts({ section }: Granule, start: number, end: number): readonly [number, number, number] {
  const first = Math.ceil(start / section) * section;
  const last = Math.floor(end / section) * section;
  return first >= last ? [end - start, 0, 0] : [first - start, last - first, end - last];
}

/**
 * Where the memmap of a namespace of `size` at `start` is stored; null if its reserve is too small. Pages are taken in
 * order: those before the complete sections, pages skipped to align the first leaf, the leaves, those after. The
 * reserve has room for all of these except the skipped pages.
 */
export function shares(granule: Granule, start: number, size: number, align: number): Shares | null {
  const { page, leaf, partsFrom } = granule;
  const unit = Math.max(align, 2 * MIB);
  const end = Math.floor((start + size) / unit) * unit;
  const all = pagesOf(granule, start, end);
  const [before, whole, behind] = parts(granule, start, end);
  const ofWhole = leaf === null ? 0 : pagesOf(granule, 0, whole);
  const dram = partsFrom === "dram" ? all - ofWhole : 0;
  const room = Math.floor((start + dataOffset(granule, start, size, align)) / page);
  // The next page to take, counted from 0.
  let at = Math.floor(start / page) + Math.ceil(INFO / page);
  if (leaf === null) at += all;
  else {
    if (partsFrom === "pmem") at += pagesOf(granule, 0, before);
    if (whole > 0) at = Math.ceil(at * page / leaf) * leaf / page + ofWhole;
    if (partsFrom === "pmem") at += pagesOf(granule, 0, behind);
  }
  return at > room ? null : { pmem: all - dram, dram };
}
