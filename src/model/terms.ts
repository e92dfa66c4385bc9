// SPDX-License-Identifier: GPL-2.0-only
// What costs time on the modelled machine, and which work counters count it. The model is linear: model time = sum over
// terms of count x cost. A term is something the machine does, never a row of a document.
//
// Left out: page faults and mapping stores (no document times them), caches beyond "touched just before", contention.

import type { CounterName, CounterValues } from "../mm/vmstat.ts";

/** Name of a term. */
export type TermName =
  | "gupCall"
  | "walkStep"
  | "pgmapLookup"
  | "recordPage"
  | "atomicAdd"
  | "nodeStat"
  | "lineWritten"
  | "lineWrittenPmem"
  | "lineReadDram"
  | "lineReadPmem"
  | "lineCached"
  | "jumpDram"
  | "jumpPmem"
  | "structPage"
  | "compoundTail"
  | "compoundHead"
  | "pageblock"
  | "tableEntry"
  | "frameAlloc"
  | "tlbFlush"
  | "tlbIpi";

/** Every term, with the counters whose sum is its count. Costs are nanoseconds per count. */
export const TERMS: Readonly<Record<TermName, readonly CounterName[]>> = {
  /** One call of gup-fast. */
  gupCall: ["gupCalls"],
  /** One entry read by gup's page-table walk. */
  walkStep: ["gupWalkSteps"],
  /** One search for a pgmap. */
  pgmapLookup: ["pgmapLookups"],
  /** One page recorded for the caller, with its share of the call. */
  recordPage: ["pagesRecorded"],
  /** One locked operation on a line that is in the cache. */
  atomicAdd: [
    "refcountStoresDram",
    "refcountStoresPmem",
    "pincountStoresDram",
    "pincountStoresPmem",
    "pageFlagStoresDram",
    "pageFlagStoresPmem",
  ],
  /** One update of a node's statistics. */
  nodeStat: ["nodeStatUpdates"],
  /** One struct page visited to change it: the loop around it, its line read and written back in order. */
  lineWritten: ["memmapLinesWrittenDram", "memmapLinesWrittenPmem"],
  /** Surcharge of a changed line in pmem over one in DRAM. */
  lineWrittenPmem: [
    "memmapLinesWrittenPmem",
    "structPagesWrittenPmem",
    "altmapStructPagesWritten",
  ],
  /** One tail read in order, from DRAM. */
  lineReadDram: ["memmapLinesReadDram"],
  /** One tail read in order, from pmem. */
  lineReadPmem: ["memmapLinesReadPmem"],
  /** One tail read whose line is in the cache. */
  lineCached: ["memmapLinesCached"],
  /** One line fetched from DRAM that was not prefetched. */
  jumpDram: ["memmapJumpsDram"],
  /** One line fetched from pmem that was not prefetched. */
  jumpPmem: ["memmapJumpsPmem"],
  /** One struct page initialised. */
  structPage: [
    "structPagesWrittenDram",
    "structPagesWrittenPmem",
    "altmapStructPagesWritten",
    "ramStructPagesWritten",
  ],
  /** Surcharge of a tail over its initialisation. */
  compoundTail: ["compoundTailsPrepared"],
  /** Surcharge of a head over its initialisation. */
  compoundHead: ["compoundHeadsPrepared"],
  /** One pageblock given a migrate type. */
  pageblock: ["pageblocksTyped"],
  /** One page-table entry written, with its walk. */
  tableEntry: ["pteWrites", "pmdWrites", "pudWrites", "pgdWrites"],
  /** One call of the page allocator. */
  frameAlloc: ["allocCalls", "freeCalls"],
  /** One kernel-wide TLB flush, without its interrupts. */
  tlbFlush: ["tlbFlushes"],
  /** One interrupt sent to another CPU for a flush, with its acknowledgement. */
  tlbIpi: ["tlbIpis"],
};

/** Every term's name, in the order they are printed. */
export const TERM_NAMES: readonly TermName[] = Object.keys(TERMS) as TermName[];

/** The terms memmap_init_zone_device() consists of; its time is what dmesg prints. */
export const INIT_TERMS: readonly TermName[] = ["structPage", "compoundTail", "compoundHead", "pageblock"];

/** How often each term occurred. */
export function termCounts(counters: CounterValues): Record<TermName, number> {
  const counts = {} as Record<TermName, number>;
  for (const term of TERM_NAMES) {
    let n = 0;
    for (const counter of TERMS[term]) n += counters[counter];
    counts[term] = n;
  }
  return counts;
}
