// SPDX-License-Identifier: GPL-2.0-only
// Model time of growing and shrinking a HugeTLB pool. What the optimisation costs is its own work per page and the
// flushes, whose interrupts go to every other CPU; unbatched code flushes for every page, batched code twice for a
// whole batch:
//
//   time = pages x (plain + work if optimised) + IPIs x cost of an IPI
//
// Left out: gathering fragmented memory, several nodes at work at once.

/** What a page of 2 MiB takes on one host, in nanoseconds. */
export interface HugetlbCost {
  /** One page allocated, without the optimisation. */
  readonly alloc: number;
  /** One page given back, without the optimisation. */
  readonly free: number;
  /** What optimising one page's vmemmap adds, flushes aside. */
  readonly optimize: number;
  /** What restoring it adds. */
  readonly restore: number;
  /** One interrupt. */
  readonly ipi: number;
}

/** Work done on a pool. */
export interface HugetlbWork {
  readonly allocated: number;
  readonly freed: number;
  /** Pages whose vmemmap was shared, and restored. */
  readonly optimized: number;
  readonly restored: number;
  /** The counter `tlbIpis`. */
  readonly tlbIpis: number;
}

/** Milliseconds this work takes on that host. */
export function hugetlbMs(work: HugetlbWork, cost: HugetlbCost): number {
  const { allocated, freed, optimized, restored, tlbIpis } = work;
  const pages = allocated * cost.alloc + freed * cost.free + optimized * cost.optimize + restored * cost.restore;
  return (pages + tlbIpis * cost.ipi) / 1e6;
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
