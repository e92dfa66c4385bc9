// SPDX-License-Identifier: GPL-2.0-only
// The input and output types of `lab plan`. Part of plan.ts.

import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import type { MhpRefusal } from "../mm/hotplug/memmap_on_memory.ts";
import type { NamespaceOptions } from "./box.ts";
import { definedOnly } from "./options.ts";

/** Huge pages of one size. */
export interface PoolSize {
  /** Size of a huge page, in bytes. */
  readonly size: number;
  /** How many. */
  readonly count: number;
}

/** The question. Bytes. Without a kernel, every preset is asked. */
export interface PlanOptions extends Pick<NamespaceOptions, "kernel" | "arch" | "hostMemory"> {
  /** Pmem regions, each put into one namespace; multiples of 16 MiB. */
  readonly pmem?: number | readonly number[];
  /** Least data of a namespace; answered by the size to request. */
  readonly usable?: number;
  /** Huge pages to reserve in DRAM, by size. */
  readonly hugetlb?: readonly PoolSize[];
  /** Memory to plug, each a DIMM of whole memory blocks. */
  readonly hotplug?: readonly number[];
  /** Only this page size; default every one. */
  readonly align?: number;
  /** Only this place for the memmap; default both. */
  readonly map?: MapMode;
}

/** One policy for a region of pmem. Bytes; percent of the pmem. */
export interface PlanRow {
  /** Size of the region. */
  readonly regionBytes: number;
  /** Kernel preset. */
  readonly kernel: string;
  /** Where the memmap lies. */
  readonly map: MapMode;
  /** Page size of the device. */
  readonly alignBytes: number;
  /** Why it is refused, with figures of null; null if it is possible. */
  readonly why: string | null;
  /** DRAM that memmap, its tables and those of the direct map take. */
  readonly dramBytes: number | null;
  /** The same in percent. */
  readonly dramPercent: number | null;
  /** The part of it that maps the region itself. */
  readonly directMapBytes: number | null;
  /** Pmem that holds no data: memmap, info block, what alignment cuts off. */
  readonly pmemBytes: number | null;
  /** The same in percent. */
  readonly pmemPercent: number | null;
  /** Pmem left for data. */
  readonly usableBytes: number | null;
}

/** What one kernel does with the memmap of a pool of huge pages. Bytes of DRAM. */
export interface PlanPool {
  /** Kernel preset. */
  readonly kernel: string;
  /** Size of a huge page. */
  readonly sizeBytes: number;
  /** How many. */
  readonly count: number;
  /** Whether it frees vmemmap (hugetlb_free_vmemmap=on). */
  readonly hugetlbFreeVmemmap: boolean;
  /** Memmap of the pages before any is freed. */
  readonly memmapBytes: number;
  /** What the free lists gain: vmemmap freed, less the PTE tables that splitting takes. */
  readonly savedBytes: number;
  /** Memmap and tables that stay. */
  readonly lostBytes: number;
  /** The same in percent of the pages. */
  readonly lostPercent: number;
}

/** What plugged memory costs under one kernel. Bytes. */
export interface PlanRange {
  /** Kernel preset. */
  readonly kernel: string;
  /** Size of the DIMM. */
  readonly sizeBytes: number;
  /** memory_hotplug.memmap_on_memory. */
  readonly memmapOnMemory: boolean;
  /** Rules that keep the memmap off the memory, so that it is in DRAM; empty if it can lie there. */
  readonly refusedBy: readonly MhpRefusal[];
  /** DRAM that memmap, its tables and those of the direct map take. */
  readonly dramBytes: number;
  /** The part of it that maps the memory itself. */
  readonly directMapBytes: number;
  /** Part of the plugged memory that its own memmap takes. */
  readonly onMemoryBytes: number;
}

/** Totals under one policy; pools are optimised, ranges have their memmap in DRAM. Bytes. */
export interface PlanTotal extends Pick<PlanRow, "kernel" | "pmemBytes"> {
  /** Where the memmap of pmem lies; null without pmem. */
  readonly map: MapMode | null;
  /** Page size of the devices; null without pmem. */
  readonly alignBytes: number | null;
  /** Why a part is refused, with figures of null; null if all are possible. */
  readonly why: string | null;
  /** DRAM lost in total: memmap and tables, including the direct map's. */
  readonly dramBytes: number | null;
}

/** The size to request from ndctl. Bytes. */
export interface PlanSize extends Pick<PlanRow, "map" | "alignBytes"> {
  /** Least size of a namespace (`ndctl -s`) with the requested data. */
  readonly sizeBytes: number;
  /** Data it has. */
  readonly usableBytes: number;
}

/** The options of a plan; null for what was not given. Bytes. */
export type PlanConfig = Required<Pick<PlanOptions, "hugetlb" | "hotplug" | "arch">> & {
  readonly pmem: readonly number[];
  readonly usable: number | null;
  readonly align: number | null;
  readonly kernel: string | null;
  readonly map: MapMode | null;
};

/** What `lab plan` prints with `--json`. */
export interface PlanReport {
  /** The options; null where everything is compared, or nothing is requested. */
  readonly config: PlanConfig;
  /** A row for each policy; empty without pmem. */
  readonly namespaces: readonly PlanRow[];
  /** A row for each pool and kernel, and one without optimisation; empty without pools. */
  readonly pools: readonly PlanPool[];
  /** A row for each range and kernel, with and without memmap_on_memory; empty without memory to plug. */
  readonly ranges: readonly PlanRange[];
  /** Sums for each policy; empty for a single region, pool or range. */
  readonly totals: readonly PlanTotal[];
  /** A row for each page size and place of the memmap; empty without a usable size. */
  readonly sizes: readonly PlanSize[];
}

/** Kernels and places of the memmap that are compared. */
export interface Policies {
  readonly kernels: readonly string[];
  readonly places: readonly Place[];
}

/** Where the memmap lies, and the page size. */
export interface Place {
  readonly map: MapMode;
  readonly align: number;
}

/** The options that describe the machine. */
export function machineOptions({ arch, hostMemory }: PlanOptions): { arch?: string; hostMemory?: number } {
  return definedOnly({ arch, hostMemory });
}
