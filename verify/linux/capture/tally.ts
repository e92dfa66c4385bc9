// SPDX-License-Identifier: GPL-2.0-only
// Turns the result of a walk into the counts of the fixtures. Pure: from leaves and tables to numbers.

import { formatSize } from "../../../src/lib/units.ts";
import { entriesOf, type Walk } from "./page_walk.ts";

/** Frames of pmem, `end` exclusive. All others are DRAM. */
export interface PmemFrames {
  readonly start: number;
  readonly end: number;
}

/** The `walk` and `vmemmapEntries` of a namespace's row: `4k` stands for a page, `2m` for a leaf of a PMD table. */
export interface NamespaceWalk {
  readonly walk: {
    readonly vmemmap4kFrames: number;
    readonly vmemmap2mBlocks: number;
    readonly pteTables: number;
    readonly pmdTables: number;
    readonly dramPages: number;
  };
  readonly vmemmapEntries: { readonly ptes: number; readonly pmdLeaves: number };
}

const PATTERN_PAGES = 16;

/** Additions by the namespace: DRAM frames and tables seen only after, entries seen after. */
export function tallyNamespace(before: Walk, after: Walk, pmem: PmemFrames): NamespaceWalk {
  const old = new Set(before.leaves.map((l) => l.frame));
  const fresh = dramLeaves(after, pmem).filter((l) => !old.has(l.frame));
  const vmemmap4kFrames = distinct(fresh, 0).size;
  const vmemmap2mBlocks = distinct(fresh, 1).size;
  const [pteTables, pmdTables, pudTables] = newTables(before, after);
  return {
    walk: {
      vmemmap4kFrames,
      vmemmap2mBlocks,
      pteTables,
      pmdTables,
      dramPages: vmemmap4kFrames + entriesOf(after) * vmemmap2mBlocks + pteTables + pmdTables + pudTables,
    },
    vmemmapEntries: entriesByLevel(after),
  };
}

/** Entries that map memmap: PTEs, and leaves of PMD tables. */
export function entriesByLevel(walk: Walk): NamespaceWalk["vmemmapEntries"] {
  const [ptes, pmdLeaves] = leavesByLevel(walk);
  return { ptes, pmdLeaves };
}

/** The counts of a vmemmap map: tables are those above the range, old and new. */
export function tallyMap(walk: Walk, pmem: PmemFrames) {
  const ptes = atLevel(walk, 0);
  return {
    ptes: ptes.length,
    pmdLeaves: atLevel(walk, 1).length,
    distinct4kFrames: distinct(ptes, 0).size,
    pteTables: walk.tables[0].size,
    pmdTables: walk.tables[1].size,
    tailFrameRefcounts: refcounts(ptes.map((l) => l.frame)),
    pmdLeavesInDram: dramLeaves(walk, pmem).filter((l) => l.level === 1).length,
    sharingPatternFirst16: sharingPattern(ptes.slice(0, PATTERN_PAGES).map((l) => l.frame)),
  };
}

/** How many tables `after` has that `before` has not: PTE, PMD, PUD tables. */
export function newTables(before: Pick<Walk, "tables">, after: Pick<Walk, "tables">): number[] {
  return after.tables.map((tables, level) => tables.difference(before.tables[level]).size);
}

/** How many leaves of each level. */
export function leavesByLevel({ leaves }: Walk): number[] {
  const counts = [0, 0, 0];
  for (const { level } of leaves) counts[level]++;
  return counts;
}

/** How many leaves of each size, `{ "4K": 0, "2M": 512, "1G": 1 }`. */
export function leavesBySize(pageBytes: number, byLevel: readonly number[]): Record<string, number> {
  const entries = entriesOf({ pageBytes });
  return Object.fromEntries(byLevel.map((leaves, level) => [formatSize(pageBytes * entries ** level), leaves]));
}

/** How many frames are mapped once, twice, ..: number of PTEs -> number of frames. */
export function refcounts(frames: readonly number[]): Record<string, number> {
  const perFrame = new Map<number, number>();
  for (const frame of frames) perFrame.set(frame, (perFrame.get(frame) ?? 0) + 1);
  const counts: Record<string, number> = {};
  for (const ptes of [...perFrame.values()].sort((a, b) => a - b)) counts[ptes] = (counts[ptes] ?? 0) + 1;
  return counts;
}

/** For each page the index of its frame in order of first appearance. */
export function sharingPattern(frames: readonly number[]): number[] {
  const order = [...new Set(frames)];
  return frames.map((frame) => order.indexOf(frame));
}

function atLevel(walk: Walk, level: number) {
  return walk.leaves.filter((l) => l.level === level);
}

function dramLeaves(walk: Walk, pmem: PmemFrames) {
  return walk.leaves.filter(({ frame }) => frame < pmem.start || frame >= pmem.end);
}

function distinct(leaves: Walk["leaves"], level: number): Set<number> {
  return new Set(leaves.filter((l) => l.level === level).map((l) => l.frame));
}
