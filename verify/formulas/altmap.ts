// SPDX-License-Identifier: GPL-2.0-only
// Closed formulas for a namespace that holds its own memmap (map=dev), for any page size: how many pages of memmap lie
// in it, how many in DRAM, and whether its reserve holds them. From the definitions alone: Linux 6.1
// drivers/nvdimm/pfn_devs.c for the reserve, arch/x86/mm/init_64.c and arch/arm64/mm/mmu.c for the memmap. This file
// imports nothing, so that nothing the emulator computes can leak into what it is compared with. Bytes unless stated
// otherwise; struct pages of 64 bytes. Left out: other struct pages, neighbours that share a page of memmap.

const MIB = 2 ** 20;
const STRUCT_PAGE = 64;
/** Label and info block. */
const INFO = 8192;

/**
 * What the shares depend on: base page, section, the leaf (if any) of a whole section's memmap, source of partial ones.
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

/** Pages of memmap by where they lie. */
export interface Shares {
  readonly pmem: number;
  readonly dram: number;
}

/** Bytes from the start of a namespace to its data: info block and 64 bytes per page, up to the alignment. */
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
 * Memory before the first whole section, in whole sections, and behind them. Without a whole section, all is before.
 */
export function parts({ section }: Granule, start: number, end: number): readonly [number, number, number] {
  const first = Math.ceil(start / section) * section;
  const last = Math.floor(end / section) * section;
  return first >= last ? [end - start, 0, 0] : [first - start, last - first, end - last];
}

/**
 * Where the memmap of a namespace of `size` at `start` lies; null when its reserve is too small. Pages are handed out
 * in a row: those before the whole sections, pages skipped to align the first leaf, the leaves, those behind. The
 * reserve is sized for all of these except the skipped pages.
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
  // Pages from 0: the next one to be handed out.
  let at = Math.floor(start / page) + Math.ceil(INFO / page);
  if (leaf === null) at += all;
  else {
    if (partsFrom === "pmem") at += pagesOf(granule, 0, before);
    if (whole > 0) at = Math.ceil(at * page / leaf) * leaf / page + ofWhole;
    if (partsFrom === "pmem") at += pagesOf(granule, 0, behind);
  }
  return at > room ? null : { pmem: all - dram, dram };
}
