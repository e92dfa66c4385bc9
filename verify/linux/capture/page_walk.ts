// SPDX-License-Identifier: GPL-2.0-only
// Walks a stopped machine's page tables over a part of the vmemmap: x86-64, 4 levels, as the processor would, through a
// function that reads physical memory. Addresses are offsets from the vmemmap's base, 0xffffea0000000000 without KASLR,
// which begins entry 468 of the top-level table and so adds nothing to the lower indices.
//
//   63   52 51                 12 11     7      0
//  +-------+---------------------+-------+------+
//  | NX .. |     frame number    | .. PSE| .. P |
//  +-------+---------------------+-------+------+
//
// The direct map, 0xffff888000000000, begins entry 273 and is walked the same way. Left out: 5-level paging.

/** Reads whole frames of the machine's physical memory. */
export type ReadFrame = (frame: number) => Promise<Uint8Array>;

/** Address of the struct page of frame 0. */
export const VMEMMAP_BASE = 0xffffea0000000000n;
/** Entries of the top-level table that the vmemmap and the direct map begin in. */
export const VMEMMAP_PGD_INDEX = 468;
export const DIRECT_MAP_PGD_INDEX = 273;
export const PAGE_BYTES = 4096;
const ENTRIES = 512;
const PRESENT = 1;
const PSE = 1 << 7;

/** What maps one page or 512 or 512 * 512 of them. */
export interface Leaf {
  /** Vmemmap page, counted from the vmemmap's base. */
  readonly page: number;
  /** 0 a PTE, 1 a PMD leaf, 2 a PUD leaf. */
  readonly level: number;
  /** Physical frame, of a larger leaf the first. */
  readonly frame: number;
}

/** Everything found in a range. */
export interface Walk {
  /** In ascending order of pages. */
  readonly leaves: Leaf[];
  /** Frames of the tables passed on the way, by level: 0 PTE tables, 1 PMD tables, 2 PUD tables. */
  readonly tables: readonly [Set<number>, Set<number>, Set<number>];
}

/** Walks vmemmap pages [first, first + count) from the top-level table at frame `root` on. */
export async function walkVmemmap(read: ReadFrame, root: number, first: number, count: number): Promise<Walk> {
  return await walkFrom(read, root, VMEMMAP_PGD_INDEX, first, count);
}

/** Walks the direct map of frames [first, first + count): the leaves' `page` is the frame they map. */
export async function walkDirectMap(read: ReadFrame, root: number, first: number, count: number): Promise<Walk> {
  return await walkFrom(read, root, DIRECT_MAP_PGD_INDEX, first, count);
}

async function walkFrom(read: ReadFrame, root: number, pgdIndex: number, first: number, count: number): Promise<Walk> {
  const walk: Walk = { leaves: [], tables: [new Set(), new Set(), new Set()] };
  await walkTable(read, walk, root, 3, { base: 0, shift: pgdIndex * ENTRIES ** 3, first, end: first + count });
  return walk;
}

/** Physical address of a vmemmap byte, or -1 when it is not mapped. */
export async function translate(read: ReadFrame, root: number, offset: number): Promise<number> {
  const page = Math.floor(offset / PAGE_BYTES);
  const { leaves } = await walkVmemmap(read, root, page, 1);
  if (leaves.length === 0) return -1;
  const { level, frame } = leaves[0];
  return (frame + (level === 1 ? page % ENTRIES : 0)) * PAGE_BYTES + offset % PAGE_BYTES;
}

/** The part of a walk below one table: `base` is the table's first page, before `shift` is taken off. */
interface Window {
  readonly base: number;
  readonly shift: number;
  readonly first: number;
  readonly end: number;
}

async function walkTable(read: ReadFrame, walk: Walk, table: number, level: number, w: Window): Promise<void> {
  const words = new DataView((await read(table)).slice().buffer);
  const span = ENTRIES ** level;
  const start = Math.max(w.first + w.shift, w.base);
  const end = Math.min(w.end + w.shift, w.base + span * ENTRIES);
  for (let i = Math.floor((start - w.base) / span); w.base + i * span < end; i++) {
    const lo = words.getUint32(8 * i, true);
    if ((lo & PRESENT) === 0) continue;
    const frame = (words.getUint32(8 * i + 4, true) & 0xfffff) * 2 ** 20 + (lo >>> 12);
    const at = w.base + i * span;
    if (level === 0) walk.leaves.push({ page: at - w.shift, level, frame });
    else if ((lo & PSE) !== 0) walk.leaves.push({ page: at - w.shift, level, frame: frame - frame % span });
    else {
      walk.tables[(level - 1) as 0 | 1 | 2].add(frame);
      await walkTable(read, walk, frame, level - 1, { ...w, base: at });
    }
  }
}
