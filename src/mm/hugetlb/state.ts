// SPDX-License-Identifier: GPL-2.0-only
// What HugeTLB keeps in globals (mm/hugetlb.c, mm/hugetlb_vmemmap.c): the hstates, the switch of the optimisation, the
// queue of the freeing worker, and probes for whoever measures latencies.

import type { Hstate } from "../../include/hugetlb.ts";
import type { Log2Histogram } from "../../lib/log2_hist.ts";

/** HugeTLB of one kernel. */
export interface HugetlbState {
  readonly hstates: Hstate[];
  /** hugetlb_free_vmemmap=on, vm.hugetlb_optimize_vmemmap=1. Pages already in a pool stay as they are. */
  optimize: boolean;
  /** Pages whose vmemmap is shared now (the static key hugetlb_optimize_vmemmap_key). */
  optimized: number;
  /** Pages the worker has still to give back (hpage_freelist). */
  readonly work: { readonly h: Hstate; readonly head: number }[];
  /** One vmemmap page of tails, and the flags word (node and zone) it was made for. */
  tailImage: Int32Array | null;
  tailImageLinks: number;
  /** Frames taken out of the memmap that wait for the flush. */
  readonly unmapped: number[];
  /** Latency of each page made (alloc_fresh_huge_page) and given back (__free_hugepage), in nanoseconds. */
  allocProbe: Log2Histogram | null;
  freeProbe: Log2Histogram | null;
}

/** The state at boot, before hugetlb_init(). */
export function newHugetlbState(optimize: boolean): HugetlbState {
  return {
    hstates: [],
    optimize,
    optimized: 0,
    work: [],
    tailImage: null,
    tailImageLinks: -1,
    unmapped: [],
    allocProbe: null,
    freeProbe: null,
  };
}
