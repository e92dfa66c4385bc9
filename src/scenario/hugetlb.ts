// SPDX-License-Identifier: GPL-2.0-only
// `lab hugetlb`: allocates and frees a pool of huge pages on a fresh machine, and reports what the allocator, the page
// tables and the counters counted. Latencies are the emulator's own, per page, measured like document 004's with
// bpftrace.

import { ARCHS } from "../arch/archs.ts";
import { pageBytes } from "../arch/arch.ts";
import { boot, type BootOptions } from "../boot.ts";
import { USE_BOOT_VMEMMAP, USE_PTE_TABLE, USE_VMEMMAP } from "../include/frame_use.ts";
import type { Hstate, NotOptimizable } from "../include/hugetlb.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { SZ_2M } from "../include/sizes.ts";
import { alignUp } from "../lib/align.ts";
import { type HistogramBucket, Log2Histogram } from "../lib/log2_hist.ts";
import { formatSize } from "../lib/units.ts";
import { allocHugePageAt, setNrHugepages, sizeToHstate } from "../mm/hugetlb/hugetlb.ts";
import { flushFreeHpageWork } from "../mm/hugetlb/make_and_free.ts";
import type { Kernel } from "../mm/kernel.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import { countersSince, type CounterValues, readCounters } from "../mm/vmstat.ts";
import { type CostTable, costTable } from "../model/cost_tables.ts";
import { hugetlbMs } from "../model/hugetlb.ts";
import { bootHugetlbBox, HUGETLB_ROWS, type HugetlbConfig, hugetlbConfig, type HugetlbOptions } from "./hugetlb_box.ts";
import { type Checked, checkedIf, firstObjection } from "./checked.ts";
import { knownOptions, oneOf } from "./options.ts";

/** What `lab hugetlb` prints with `--json`. Pages are base pages unless it says huge. */
export interface HugetlbReport extends Checked {
  /** The options, defaults filled in. */
  readonly config: HugetlbConfig;
  /** Vmemmap pages that describe one huge page; a fraction if it has less than one. */
  readonly vmemmapPagesPerHugePage: number;
  /** Why pages of this size free nothing; null if they do. */
  readonly notOptimizable: NotOptimizable | null;
  /** Pages of memmap that went to the allocator, by the counts of use. */
  readonly freedPages: number;
  /** PTE tables that splitting leaves took. */
  readonly pteTables: number;
  /** What the free lists gained compared with huge pages that are not optimised. */
  readonly netSavedPages: number;
  /** The same in bytes. */
  readonly netSavedBytes: number;
  /** Work of allocating the pages. */
  readonly allocCounters: CounterValues;
  /** Work of freeing them; null if they were kept. */
  readonly freeCounters: CounterValues | null;
  /** Milliseconds of host time for all pages; says nothing about Linux. */
  readonly hostAllocMs: number;
  /** The same for freeing them, until the caller returns; null if they were kept. */
  readonly hostFreeMs: number | null;
  /** The worker's part of freeing, after the caller returned. */
  readonly hostWorkerMs: number | null;
  /**
   * Model time to allocate the pages, on the machine of `config.cost`; null except for 2M on x86-64 with 64-byte struct
   * pages.
   */
  readonly modelAllocMs: number | null;
  /** The same for freeing them; null also if they were kept. */
  readonly modelFreeMs: number | null;
  /** Nanoseconds per huge page allocated, by powers of two; empty if pages are allocated in one batch. */
  readonly allocHistogram: HistogramBucket[];
  /** The same per huge page freed. */
  readonly freeHistogram: HistogramBucket[];
}

/** A pool on its machine. */
export interface HugetlbRun {
  readonly kernel: Kernel;
  readonly hstate: Hstate;
  readonly made: Pick<HugetlbReport, "freedPages" | "pteTables" | "netSavedPages" | "netSavedBytes" | "hostAllocMs">;
  readonly counters: CounterValues;
}

/** Boots a machine with the options `more` and allocates the pages. RangeError if they do not fit. */
export function makePool(
  config: HugetlbConfig,
  allocProbe: Log2Histogram | null = null,
  more: BootOptions = {},
): HugetlbRun {
  const kernel = bootHugetlbBox(config, more);
  const hstate = sizeToHstate(kernel, config.size)!;
  kernel.hugetlb.allocProbe = allocProbe;
  const memmap = () => kernel.uses[USE_BOOT_VMEMMAP] + kernel.uses[USE_VMEMMAP];
  const [free, frames, tables] = [totalFreePages(kernel), memmap(), kernel.uses[USE_PTE_TABLE]];
  const before = readCounters(kernel.stat);
  const t0 = performance.now();
  const got = fillPool(kernel, hstate, config);
  const allocMs = performance.now() - t0;
  const counters = countersSince(before, readCounters(kernel.stat));
  if (got < config.count) {
    throw new RangeError(
      `Cannot reserve ${config.count} pages of ${formatSize(config.size)}: ` +
        `${got} fit into ${formatSize(config.dram)} of DRAM with its memmap`,
    );
  }
  const netSavedPages = config.count * hstate.pages - (free - totalFreePages(kernel));
  const made = {
    freedPages: frames - memmap(),
    pteTables: kernel.uses[USE_PTE_TABLE] - tables,
    netSavedPages,
    netSavedBytes: netSavedPages * kernel.pageBytes,
    hostAllocMs: allocMs,
  };
  return { kernel, hstate, made, counters };
}

/** Allocates the pages with the configured placement; returns how many it got. */
export function fillPool(k: Kernel, h: Hstate, { placement, count }: HugetlbConfig): number {
  return placement === "spread" ? spreadPages(k, h, count) : setNrHugepages(k, h, count);
}

/** Allocates one page at the start of each section where it is free. Returns how many. */
function spreadPages(k: Kernel, h: Hstate, count: number): number {
  let got = 0;
  for (const { start, end } of k.machine.topology.dram) {
    for (let pfn = alignUp(start, k.pagesPerSection); got < count && pfn < end; pfn += k.pagesPerSection) {
      if (allocHugePageAt(k, h, pfn)) got++;
    }
  }
  return got;
}

/**
 * Allocates a pool of huge pages on a fresh machine and frees it. RangeError for invalid options, if not all pages fit
 * into the DRAM, or if the host lacks memory.
 *
 * @example
 * ```ts
 * import { hugetlbReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const series = hugetlbReport({ size: 2 ** 21, count: 64, kernel: "5.14" });
 * assertEquals(series.freedPages, 64 * 6); // 2 of 8 vmemmap pages stay
 * const mainline = hugetlbReport({ size: 2 ** 21, count: 64, kernel: "6.1" });
 * assertEquals(mainline.freedPages, 64 * 7);
 * assertEquals(mainline.netSavedPages, 64 * 7 - mainline.pteTables);
 * ```
 */
export function hugetlbReport(options: HugetlbOptions): HugetlbReport {
  knownOptions(options, Object.keys(HUGETLB_ROWS));
  const config = hugetlbConfig(options);
  const allocProbe = new Log2Histogram();
  const { kernel, hstate, made, counters } = makePool(config, allocProbe);
  const whileMade = checkedIf(config.check, kernel);
  const freed = config.giveBack ? giveBack(kernel, hstate) : null;
  return {
    config,
    vmemmapPagesPerHugePage: hstate.vmemmapPages,
    notOptimizable: hstate.notOptimizable,
    ...made,
    invariants: firstObjection(whileMade, checkedIf(config.check, kernel)),
    allocCounters: counters,
    freeCounters: freed?.counters ?? null,
    hostFreeMs: freed?.freeMs ?? null,
    hostWorkerMs: freed?.workerMs ?? null,
    modelAllocMs: modelled(config, counters, made.freedPages, "alloc"),
    modelFreeMs: freed === null ? null : modelled(config, freed.counters, made.freedPages, "free"),
    allocHistogram: allocProbe.buckets(),
    freeHistogram: freed?.histogram ?? [],
  };
}

/** Model time of allocating or freeing the whole pool, or null if the documents give no costs. */
function modelled(
  config: HugetlbConfig,
  work: CounterValues,
  freedPages: number,
  what: "alloc" | "free",
): number | null {
  const cost = hugetlbModelCost(config);
  if (cost === null) return null;
  const { count } = config;
  const { tlbIpis, vmemmapPagesCopied } = work;
  const done = what === "alloc"
    ? { allocated: count, freed: 0, vmemmapFreed: freedPages, vmemmapRestored: 0, tlbIpis }
    : { allocated: 0, freed: count, vmemmapFreed: 0, vmemmapRestored: vmemmapPagesCopied, tlbIpis };
  return hugetlbMs(done, cost.hugetlb);
}

/** The cost table of a pool's model times, or null where the documents give no costs. */
export function hugetlbModelCost({ arch, size, structPageSize, cost }: HugetlbConfig): CostTable | null {
  return arch === "x86-64" && size === SZ_2M && structPageSize === 64 ? costTable(cost) : null;
}

/** Costs of freeing a pool. */
export interface GivenBack {
  readonly freeMs: number;
  readonly workerMs: number;
  readonly counters: CounterValues;
  readonly histogram: HistogramBucket[];
}

/** Empties a pool; if the kernel defers, the worker's part is timed separately. */
export function giveBack(k: Kernel, h: Hstate): GivenBack {
  const probe = new Log2Histogram();
  k.hugetlb.freeProbe = probe;
  const before = readCounters(k.stat);
  const t0 = performance.now();
  setNrHugepages(k, h, 0);
  const t1 = performance.now();
  flushFreeHpageWork(k);
  const t2 = performance.now();
  const counters = countersSince(before, readCounters(k.stat));
  return { freeMs: t1 - t0, workerMs: t2 - t1, counters, histogram: probe.buckets() };
}

/** One row of the table of HugeTLB sizes. Bytes; vmemmap pages per huge page. */
export interface HugetlbSizeRow {
  /** Name of the architecture. */
  readonly arch: string;
  /** Its base page. */
  readonly pageBytes: number;
  /** The huge page. */
  readonly sizeBytes: number;
  /** The entry, or run of entries with the contiguous bit, that maps it. */
  readonly mappedBy: "cont-pte" | "pmd" | "cont-pmd" | "pud";
  /** Vmemmap pages that describe it; a fraction when it has less than one. */
  readonly vmemmapPagesPerHugePage: number;
  /** Vmemmap pages that can be freed. */
  readonly freedPages: number;
  /** Why none can be freed; null if some can. */
  readonly notOptimizable: NotOptimizable | null;
}

/**
 * Every HugeTLB size of every architecture, and what a kernel that keeps `keep` vmemmap pages can free of each, as the
 * booted kernels set up their pools.
 *
 * @example
 * ```ts
 * import { hugetlbSizes } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const rows = hugetlbSizes(2).filter((row) => row.arch === "arm64-16k");
 * assertEquals(rows.map((row) => row.vmemmapPagesPerHugePage), [0.5, 8, 256]);
 * assertEquals(rows.map((row) => row.freedPages), [0, 6, 254]);
 * ```
 */
export function hugetlbSizes(keep: 1 | 2): HugetlbSizeRow[] {
  oneOf("keep", keep, [1, 2]);
  return Object.entries(ARCHS).flatMap(([name, arch]) => {
    const { hstates } = boot({ arch, kernel: { ...PRESETS.v7, hugetlbKeep: keep }, dram: [arch.regionAlignBytes] })
      .hugetlb;
    return arch.hugetlbSizes.map(({ bytes, mappedBy }, i) => ({
      arch: name,
      pageBytes: pageBytes(arch),
      sizeBytes: bytes,
      mappedBy,
      vmemmapPagesPerHugePage: hstates[i].vmemmapPages,
      freedPages: hstates[i].freeVmemmapPages,
      notOptimizable: hstates[i].notOptimizable,
    }));
  });
}
