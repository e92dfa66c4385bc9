// SPDX-License-Identifier: GPL-2.0-only
// Walks a stopped machine's page tables over a part of the vmemmap or the direct map, as the processor would, through a
// function that reads physical memory. The format holds the differences between x86-64 and arm64 and its page sizes:
//
//   63   52 51                 12 11     7      0        63   48 47               n           2    1   0
//  +-------+---------------------+-------+------+      +-------+------------------+-------+-----+-----+
//  | NX .. |     frame number    | .. PSE| .. P |      | UXN ..|   frame number   | AF .. |table|valid|
//  +-------+---------------------+-------+------+      +-------+------------------+-------+-----+-----+
//   x86-64                                              arm64, pages of 2^n bytes
//
// Left out: 5-level paging; physical addresses above 48 bits on arm64.

/** Bytes of a struct page; the guest's kernels are built with 64. */
export const STRUCT_PAGE_BYTES = 64;

/** Reads whole frames of the machine's physical memory. */
export type ReadFrame = (frame: number) => Promise<Uint8Array>;

/** Format of a kernel's page tables, and the place of the vmemmap and the direct map in them. */
export interface TableFormat {
  /** Bytes of a page, which is a table's size too. */
  readonly pageBytes: number;
  /** Address bits that the tables translate, which determine the number of levels. */
  readonly addressBits: number;
  /** Bits of an entry's high word that belong to the address. */
  readonly addressHigh: number;
  /** Whether a valid entry above level 0, given its low word, maps memory itself. */
  readonly isLeaf: (low: number) => boolean;
  /** Virtual pages, counted from entry 0 of the root: of the struct page of frame 0, of frame 0 itself. */
  readonly vmemmapPage: number;
  readonly directMapPage: number;
}

const PSE = 1 << 7;
const TABLE = 1 << 1;
const VALID = 1;

/** x86-64, four levels, no KASLR: the vmemmap begins entry 468 of the root, 0xffff888000000000 begins entry 273. */
export const X86_64: TableFormat = {
  pageBytes: 4096,
  addressBits: 48,
  addressHigh: 0xfffff,
  isLeaf: (low) => (low & PSE) !== 0,
  vmemmapPage: 468 * 512 ** 3,
  directMapPage: 273 * 512 ** 3,
};

/** arm64. The addresses of the vmemmap and the direct map depend on the machine (arm64_tables.ts). */
export function arm64Format(format: Omit<TableFormat, "addressHigh" | "isLeaf">): TableFormat {
  return { ...format, addressHigh: 0xffff, isLeaf: (low) => (low & TABLE) === 0 };
}

/** Level of the root: 3 of four levels. */
export function topLevelOf({ pageBytes, addressBits }: Pick<TableFormat, "pageBytes" | "addressBits">): number {
  const shift = Math.log2(pageBytes);
  return Math.ceil((addressBits - shift) / (shift - 3)) - 1;
}

/** A leaf: maps one page, or as many as a table has entries, or as many squared. */
export interface Leaf {
  /** Page of the vmemmap or frame of the direct map, counted from their beginning. */
  readonly page: number;
  /** 0 a PTE, 1 a PMD leaf, 2 a PUD leaf. */
  readonly level: number;
  /** Physical frame, of a larger leaf the first. */
  readonly frame: number;
}

/** Everything found in a range. */
export interface Walk {
  readonly pageBytes: number;
  /** In ascending order of pages. */
  readonly leaves: Leaf[];
  /** Frames of the tables on the way, by level: 0 PTE tables, 1 PMD tables, 2 PUD tables. */
  readonly tables: readonly Set<number>[];
}

/** A machine's tables: how to read them, and their root. */
export interface Tables {
  readonly read: ReadFrame;
  /** Frame of the root. */
  readonly root: number;
  readonly format: TableFormat;
}

/** Entries of a table with pages of this size. */
export function entriesOf({ pageBytes }: { readonly pageBytes: number }): number {
  return pageBytes / 8;
}

/** Address of the struct page of frame 0. */
export function vmemmapAddress({ pageBytes, addressBits, vmemmapPage }: TableFormat): bigint {
  return 2n ** 64n - 2n ** BigInt(addressBits) + BigInt(vmemmapPage) * BigInt(pageBytes);
}

/** Walks vmemmap pages [first, first + count). */
export async function walkVmemmap(tables: Tables, first: number, count: number): Promise<Walk> {
  return await walkFrom(tables, tables.format.vmemmapPage, first, count);
}

/** Walks the direct map of frames [first, first + count): the leaves' `page` is the frame they map. */
export async function walkDirectMap(tables: Tables, first: number, count: number): Promise<Walk> {
  return await walkFrom(tables, tables.format.directMapPage, first, count);
}

async function walkFrom(tables: Tables, shift: number, first: number, count: number): Promise<Walk> {
  const { root, format } = tables;
  const walk: Walk = { pageBytes: format.pageBytes, leaves: [], tables: [new Set(), new Set(), new Set()] };
  await walkTable(tables, walk, root, topLevelOf(format), { base: 0, shift, first, end: first + count });
  return walk;
}

/** Physical address of a vmemmap byte, or -1 when it is not mapped. */
export async function translate(tables: Tables, offset: number): Promise<number> {
  const { pageBytes, vmemmapPage } = tables.format;
  const page = Math.floor(offset / pageBytes);
  const { leaves } = await walkVmemmap(tables, page, 1);
  if (leaves.length === 0) return -1;
  const { level, frame } = leaves[0];
  return (frame + (vmemmapPage + page) % entriesOf(tables.format) ** level) * pageBytes + offset % pageBytes;
}

/** The part of a walk below one table: `base` is the table's first page before `shift` is subtracted. */
interface Window {
  readonly base: number;
  readonly shift: number;
  readonly first: number;
  readonly end: number;
}

async function walkTable(tables: Tables, walk: Walk, table: number, level: number, w: Window): Promise<void> {
  const { read, format } = tables;
  const entries = entriesOf(format);
  const words = new DataView((await read(table)).slice().buffer);
  const span = entries ** level;
  const start = Math.max(w.first + w.shift, w.base);
  const end = Math.min(w.end + w.shift, w.base + span * entries);
  for (let i = Math.floor((start - w.base) / span); w.base + i * span < end; i++) {
    const low = words.getUint32(8 * i, true);
    if ((low & VALID) === 0) continue;
    const address = (words.getUint32(8 * i + 4, true) & format.addressHigh) * 2 ** 32 + low;
    const frame = Math.floor(address / format.pageBytes);
    const at = w.base + i * span;
    if (level === 0) walk.leaves.push({ page: at - w.shift, level, frame });
    else if (format.isLeaf(low)) walk.leaves.push({ page: at - w.shift, level, frame: frame - frame % span });
    else {
      walk.tables[level - 1].add(frame);
      await walkTable(tables, walk, frame, level - 1, { ...w, base: at });
    }
  }
}
