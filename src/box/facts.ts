// SPDX-License-Identifier: GPL-2.0-only
// What a machine says about itself, statement by statement, each with the file and line it was read from. Readers add
// to it; src/box/join.ts builds one machine from it. Byte counts throughout. Mirrors no kernel file.

import type { SizeRange } from "../lib/units.ts";
import type { AddressRange } from "../scenario/address_range.ts";
import type { PoolSize } from "../scenario/plan_types.ts";

/** Where a statement was read. */
export interface Place {
  /** Name of the file. */
  readonly file: string;
  /** Line in it, counted from 1; 0 for no line in particular. */
  readonly line: number;
}

/**
 * A remark about the input. `error`: it is damaged or impossible, and left out. `unread`: the line is unknown. `note`:
 * it was read, with a caveat.
 */
export interface Note extends Place {
  /** Severity. */
  readonly kind: "error" | "unread" | "note";
  /** What it is. */
  readonly text: string;
}

/** A region of `ndctl list -R`. */
export interface RegionFact extends Place {
  readonly dev: string;
  readonly size: SizeRange;
  readonly align: number | null;
  readonly available: SizeRange | null;
  readonly maxExtent: SizeRange | null;
  readonly node: number | null;
  readonly start: number | null;
  /** DIMMs the region is interleaved over. */
  readonly ways: number | null;
}

/** A namespace of `ndctl list -N`. */
export interface NamespaceFact extends Place {
  readonly dev: string;
  /** The region it was listed under; by its name otherwise. */
  readonly region: string | null;
  readonly mode: string | null;
  readonly map: string | null;
  /** The size that ndctl prints: the data of fsdax and devdax with an info block, else the whole. */
  readonly size: SizeRange;
  readonly align: number | null;
  readonly node: number | null;
  readonly disabled: boolean;
  readonly start: number | null;
  /** Its device or DAX region, such as `dax0.0` or `0`. */
  readonly dax: string | null;
}

/** A DAX device of `daxctl list -D`, or inside a namespace. */
export interface DaxFact extends Place {
  readonly chardev: string;
  readonly size: SizeRange;
  readonly align: number | null;
  readonly mode: string | null;
  readonly targetNode: number | null;
  readonly onlineBlocks: number | null;
  readonly totalBlocks: number | null;
  readonly movable: boolean | null;
  readonly mappings: readonly AddressRange[];
  /** Which program printed it. */
  readonly source: "ndctl" | "daxctl";
}

/** A row of lsmem: `end` exclusive. */
export interface RangeFact extends Place, AddressRange {
  readonly online: boolean;
  readonly firstBlock: number | null;
  readonly lastBlock: number | null;
  readonly node: number | null;
  readonly zones: string | null;
  readonly memmapOnMemory: boolean | null;
}

/** A line of /proc/iomem, or of the firmware's map in dmesg; `end` exclusive. */
export interface ResourceFact extends Place, AddressRange {
  readonly name: string;
  readonly depth: number;
}

/** A zone of /proc/zoneinfo, in pages; null for lines that grep removed. */
export interface ZoneFact extends Place {
  readonly node: number;
  readonly zone: string;
  readonly spanned: number | null;
  readonly present: number | null;
  readonly managed: number | null;
}

/** A pool of huge pages, of a node or (null) of all nodes. */
export interface PoolFact extends Place, PoolSize {
  readonly node: number | null;
}

/** A number that a program printed, and its meaning. */
export interface FigureFact extends Place {
  readonly value: number;
}

/** `HugeTLB: can free 6 vmemmap pages for hugepages-2048kB`. Bytes. */
export interface FreedFact extends Place {
  readonly size: number;
  readonly freed: number;
  readonly wording: "free" | "optimize" | "KiB";
}

/** What kmem logs about a device: how much alignment cuts off, or that nothing is left. */
export interface KmemFact extends Place {
  readonly dev: string;
  readonly truncated: number | null;
  readonly tooSmall: AddressRange | null;
}

/** A word that a program printed. */
export interface WordFact extends Place {
  readonly word: string;
}

/** All statements. */
export interface Facts {
  readonly regions: RegionFact[];
  readonly namespaces: NamespaceFact[];
  readonly daxes: DaxFact[];
  readonly ranges: RangeFact[];
  /** The same from sysfs, which does not know nodes; used without lsmem. */
  readonly blocks: RangeFact[];
  readonly resources: ResourceFact[];
  /** Ranges by node from SRAT lines. */
  readonly srat: (ResourceFact & { readonly node: number })[];
  readonly zones: ZoneFact[];
  readonly pools: PoolFact[];
  readonly blockBytes: FigureFact[];
  readonly memTotal: FigureFact[];
  readonly onlineTotal: (FigureFact & { readonly slack: number })[];
  readonly mhpParameter: (Place & { readonly on: boolean | "force" })[];
  readonly initialised: FigureFact[];
  readonly freed: FreedFact[];
  readonly kmem: KmemFact[];
  readonly kernels: WordFact[];
  readonly commandLines: WordFact[];
  /** nr_memmap_pages and nr_memmap_boot_pages of one /proc/vmstat, together. */
  readonly memmapPages: FigureFact[];
  readonly notes: Note[];
}

/** No statements yet. */
export function noFacts(): Facts {
  return {
    regions: [],
    namespaces: [],
    daxes: [],
    ranges: [],
    blocks: [],
    resources: [],
    srat: [],
    zones: [],
    pools: [],
    blockBytes: [],
    memTotal: [],
    onlineTotal: [],
    mhpParameter: [],
    initialised: [],
    freed: [],
    kmem: [],
    kernels: [],
    commandLines: [],
    memmapPages: [],
    notes: [],
  };
}

/** Lines of one file. */
export interface Source {
  readonly file: string;
  readonly lines: readonly string[];
}

/**
 * Reads what begins at line index `at`, if that is its format; returns the index of the first line it did not take, or
 * `at` if the line is not in its format.
 */
export type Reader = (source: Source, at: number, facts: Facts) => number;

/** The place of a line index. */
export function place({ file }: Source, at: number): Place {
  return { file, line: at + 1 };
}

/** Notes damage. */
export function damaged(facts: Facts, where: Place, text: string): void {
  facts.notes.push({ file: where.file, line: where.line, kind: "error", text });
}
