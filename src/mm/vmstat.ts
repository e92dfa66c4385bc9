// SPDX-License-Identifier: GPL-2.0-only
// The work counters (mm/vmstat.c in spirit): declared once, printed from the list, updated on the line that changes
// state. Loops add to them once per batch, so they cost nothing per page. "Dram" and "Pmem" say where the struct page
// lies.
// Left out: counters per zone and node, per-CPU differences.

/** Every counter, in the order it is printed. */
export const COUNTERS = [
  /** struct pages initialised for ZONE_DEVICE, by tier. */
  "structPagesWrittenDram",
  "structPagesWrittenPmem",
  /** struct pages written for the frames of an altmap itself. */
  "altmapStructPagesWritten",
  /** Of those for ZONE_DEVICE: heads and tails of compound pages. */
  "compoundHeadsPrepared",
  "compoundTailsPrepared",
  /** Pageblocks given a migrate type by memmap_init_zone_device(). */
  "pageblocksTyped",
  /** struct pages initialised for hot-added System RAM. */
  "ramStructPagesWritten",
  /** Atomic adds on _refcount by gup and put, by tier. */
  "refcountStoresDram",
  "refcountStoresPmem",
  /** Atomic adds on the pin counts of compound pages, by tier. */
  "pincountStoresDram",
  "pincountStoresPmem",
  /** Atomic bit operations on page->flags (SetPageReferenced), by tier. */
  "pageFlagStoresDram",
  "pageFlagStoresPmem",
  /** Lines of the memmap that gup and put change, by tier: a struct page of its own, or a head and its pin count. */
  "memmapLinesWrittenDram",
  "memmapLinesWrittenPmem",
  /** Lines of tails read in order for their head, by tier; and tails whose line was read just before (aliases). */
  "memmapLinesReadDram",
  "memmapLinesReadPmem",
  "memmapLinesCached",
  /** Heads reached out of order, by tier: no prefetcher helps. */
  "memmapJumpsDram",
  "memmapJumpsPmem",
  /** Updates of a node's statistics (mod_node_page_state for FOLL_PIN). */
  "nodeStatUpdates",
  /** mapping and index written by faults. */
  "mappingStores",
  /** struct page pointers recorded for the caller of gup. */
  "pagesRecorded",
  /** Entries written to page tables, by level; clearing counts too. */
  "pteWrites",
  "pmdWrites",
  "pudWrites",
  "pgdWrites",
  /** Calls of get_user_pages_fast or pin_user_pages_fast. */
  "gupCalls",
  /** Table entries read by gup's software walk. */
  "gupWalkSteps",
  /** Searches of the pgmap tree, and references taken on a pgmap by gup. */
  "pgmapLookups",
  "pgmapRefs",
  /** Calls that allocated and freed frames. */
  "allocCalls",
  "freeCalls",
  /** References on vmemmap frames and tables beyond the first, which comes with the frame: taken, dropped. */
  "vmemmapFrameGets",
  "vmemmapFramePuts",
  /** Kernel-wide TLB flushes, and interrupts sent to other CPUs for them. */
  "tlbFlushes",
  "tlbIpis",
  /** Grace periods waited for before vmemmap of huge pages changed. */
  "gracePeriods",
  /** Voluntary yields while memory is added, removed and put; the init loop has one per pageblock typed. */
  "condResched",
  /** Page faults served, by level. */
  "pteFaults",
  "pmdFaults",
  "pudFaults",
  /** Frames that hold memmap now: from the allocator, and from boot (nr_memmap_pages, nr_memmap_boot_pages). */
  "nrMemmapPages",
  "nrMemmapBootPages",
  /** FOLL_PIN accounting (nr_foll_pin_acquired, nr_foll_pin_released). */
  "follPinAcquired",
  "follPinReleased",
  /** struct pages of huge pages initialised, and reset to those of free frames. */
  "hugetlbPagesPrepared",
  "hugetlbPagesDestroyed",
  /** PMD leaves of the memmap that were split, and vmemmap pages filled with copies when they were restored. */
  "vmemmapSplits",
  "vmemmapPagesCopied",
  /** WARN_ON()s that fired. */
  "warnings",
] as const;

/** Name of a counter. */
export type CounterName = typeof COUNTERS[number];

/**
 * Index of each counter in a kernel's `stat` array. Hot modules destructure it once, `const { gupCalls } = C`: V8 folds
 * a module's own constants into compiled code, but loads an import at every use.
 */
export const C: Readonly<Record<CounterName, number>> = Object.fromEntries(
  COUNTERS.map((name, i) => [name, i]),
) as Record<CounterName, number>;

/** Values of all counters by name. */
export type CounterValues = Record<CounterName, number>;

/** A copy of the counters. */
export function readCounters(stat: Float64Array): CounterValues {
  return Object.fromEntries(COUNTERS.map((name, i) => [name, stat[i]])) as CounterValues;
}

/** What happened between two readings. */
export function countersSince(before: CounterValues, after: CounterValues): CounterValues {
  return Object.fromEntries(COUNTERS.map((name) => [name, after[name] - before[name]])) as CounterValues;
}
