// SPDX-License-Identifier: GPL-2.0-only
// Model time of growing and shrinking a HugeTLB pool. The optimisation costs work per vmemmap page that it frees or
// restores, and flushes, whose interrupts go to every other CPU. Unbatched code flushes for every huge page, batched
// code twice per batch:
//
//   time = huge pages x plain + vmemmap pages x work + IPIs x cost of an IPI
//
// A kernel that keeps two vmemmap pages flushes as often as one that keeps one: vmemmap_remap_range() ends with one
// flush for its range. It has one entry less to change, and one frame less to free, allocate and copy.
//
// Left out: gathering fragmented memory, several nodes at work at once, the length of a flushed range.

/** Costs of a page of 2 MiB on one host, in nanoseconds. */
export interface HugetlbCost {
  /** One page allocated, without the optimisation. */
  readonly alloc: number;
  /** One page freed, without the optimisation. */
  readonly free: number;
  /** Added by freeing all but one of its vmemmap pages, without flushes. */
  readonly optimize: number;
  /** Added by restoring them. */
  readonly restore: number;
  /** One interrupt. */
  readonly ipi: number;
}

/** Work done on a pool. */
export interface HugetlbWork {
  readonly allocated: number;
  readonly freed: number;
  /** Vmemmap pages freed, and restored. */
  readonly vmemmapFreed: number;
  readonly vmemmapRestored: number;
  /** The counter `tlbIpis`. */
  readonly tlbIpis: number;
}

/** Vmemmap pages that the hosts' kernel (6.7) frees per huge page of 2 MiB; the times are for this number. */
export const FREED_PER_PAGE = 7;

/** Milliseconds that this work takes on a host. */
export function hugetlbMs(work: HugetlbWork, cost: HugetlbCost): number {
  const { allocated, freed, vmemmapFreed, vmemmapRestored, tlbIpis } = work;
  const pages = allocated * cost.alloc + freed * cost.free;
  const vmemmap = (vmemmapFreed * cost.optimize + vmemmapRestored * cost.restore) / FREED_PER_PAGE;
  return (pages + vmemmap + tlbIpis * cost.ipi) / 1e6;
}

/** How a pool operation issues its flushes. */
export type FlushPolicy = "unbatched" | "batched";

/**
 * IPIs of optimising or restoring `pages` pages of 2 MiB on `cpus` processors. Unbatched: one flush per page, and one
 * per PMD leaf that is split, which maps the struct pages of several huge pages. Batched (Linux 6.7): one flush after
 * all splits, one after all remaps.
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
