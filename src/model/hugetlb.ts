// SPDX-License-Identifier: GPL-2.0-only
// Model time of growing and shrinking a HugeTLB pool. What the optimisation costs is its own work per vmemmap page that
// it frees or restores, and the flushes, whose interrupts go to every other CPU; unbatched code flushes for every huge
// page, batched code twice for a whole batch:
//
//   time = huge pages x plain + vmemmap pages x work + IPIs x cost of an IPI
//
// A kernel that keeps two vmemmap pages flushes as often as one that keeps one: vmemmap_remap_range() ends with one
// flush for its range. It has an entry less to change, and a frame less to free, allocate and copy.
//
// Left out: gathering fragmented memory, several nodes at work at once, the length of a flushed range.

/** What a page of 2 MiB takes on one host, in nanoseconds. */
export interface HugetlbCost {
  /** One page allocated, without the optimisation. */
  readonly alloc: number;
  /** One page given back, without the optimisation. */
  readonly free: number;
  /** What freeing all but one of its vmemmap pages adds, flushes aside. */
  readonly optimize: number;
  /** What restoring them adds. */
  readonly restore: number;
  /** One interrupt. */
  readonly ipi: number;
}

/** Work done on a pool. */
export interface HugetlbWork {
  readonly allocated: number;
  readonly freed: number;
  /** Vmemmap pages that were freed, and restored. */
  readonly vmemmapFreed: number;
  readonly vmemmapRestored: number;
  /** The counter `tlbIpis`. */
  readonly tlbIpis: number;
}

/** Vmemmap pages of a huge page of 2 MiB that the hosts' kernel (6.7) frees: their times are of so many. */
export const FREED_PER_PAGE = 7;

/** Milliseconds this work takes on that host. */
export function hugetlbMs(work: HugetlbWork, cost: HugetlbCost): number {
  const { allocated, freed, vmemmapFreed, vmemmapRestored, tlbIpis } = work;
  const pages = allocated * cost.alloc + freed * cost.free;
  const vmemmap = (vmemmapFreed * cost.optimize + vmemmapRestored * cost.restore) / FREED_PER_PAGE;
  return (pages + vmemmap + tlbIpis * cost.ipi) / 1e6;
}

/** How the flushes of a pool operation are issued. */
export type FlushPolicy = "unbatched" | "batched";

/**
 * IPIs of optimising or restoring `pages` pages of 2 MiB on `cpus` processors. Unbatched, every page is flushed for; a
 * PMD leaf that is split for optimising is flushed for as well, once for all pages whose struct pages it maps. Batched
 * (Linux 6.7): one flush after all splits, one after all remaps.
 *
 * @param pagesPerSplit huge pages per split PMD leaf, 64 where struct page has 64 bytes; Infinity when nothing is split
 */
export function hugetlbIpis(pages: number, cpus: number, policy: FlushPolicy, pagesPerSplit: number): number {
  const split = Number.isFinite(pagesPerSplit);
  const flushes = policy === "batched"
    ? (pages > 0 ? 1 : 0) + (split && pages > 0 ? 1 : 0)
    : pages + (split ? Math.ceil(pages / pagesPerSplit) : 0);
  return flushes * (cpus - 1);
}
