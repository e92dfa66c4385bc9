// SPDX-License-Identifier: GPL-2.0-only
// `lab plan`: what a planner asks before anything is created. A box of pmem: each policy (kernel, where the memmap
// lies, page size) side by side, what is lost of DRAM and of the pmem. Each row is a namespace that was brought up in
// the emulator, its frames and tables counted, its struct pages not written. The same for pools of huge pages. And from
// the other side: which -s gives so much.

import { boot } from "../boot.ts";
import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { daxAligns } from "../drivers/dax/bus.ts";
import { type MapMode, ndPfnInit } from "../drivers/nvdimm/pfn_devs.ts";
import { usableBytes } from "../drivers/nvdimm/namespace.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { formatSize, parseSize } from "../lib/units.ts";
import { namespaceConfig, type NamespaceOptions } from "./box.ts";
import { makePool } from "./hugetlb.ts";
import { type HugetlbConfig, hugetlbConfig } from "./hugetlb_box.ts";
import { createOnBox, NamespaceError } from "./namespace.ts";
import {
  ARCH_ROW,
  HOST_MEMORY_ROW,
  KERNEL_ROW,
  optional,
  type OptionRow,
  type OptionRows,
  sizeRow,
  wordRow,
} from "./option_row.ts";
import { archNamed, MOST_MEMORY, multipleOf } from "./options.ts";

/** Huge pages of one size. */
export interface PoolSize {
  /** Size of a huge page, in bytes. */
  readonly size: number;
  /** How many. */
  readonly count: number;
}

/** What is planned. Bytes. */
export interface PlanOptions {
  /** Pmem to put into one namespace; a multiple of 16 MiB. */
  readonly pmem?: number;
  /** Data a namespace must have at least; answered by the size to ask for. */
  readonly usable?: number;
  /** Huge pages to reserve in DRAM, by size. */
  readonly hugetlb?: readonly PoolSize[];
  /** Only this page size; default every one. */
  readonly align?: number;
  /** Only this kernel; default every preset. */
  readonly kernel?: string;
  /** Only this place for the memmap; default both. */
  readonly map?: MapMode;
  /** Architecture; default `x86-64`. */
  readonly arch?: string;
  /** Bytes the host has for the emulated tables; default 20 GiB. */
  readonly hostMemory?: number;
}

/** `2M:10240,1G:64`. */
const POOLS_ROW: OptionRow<readonly PoolSize[]> = {
  flag: "hugetlb",
  value: "SIZE:N,...",
  help: "huge pages to reserve in DRAM, such as 2M:10240,1G:64",
  read: (text) =>
    text.split(",").map((pool) => {
      const match = /^([^:]+):([1-9]\d*)$/.exec(pool);
      if (match === null) throw new RangeError(`expected SIZE:N such as 2M:10240, got "${pool}"`);
      return { size: parseSize(match[1]), count: Number(match[2]) };
    }),
  check: (given) => given,
  show: (pools) => pools.map(({ size, count }) => `${formatSize(size)}:${count}`).join(","),
};

/** The options of a plan, each with its flag; what is not given is compared. */
export const PLAN_ROWS = {
  pmem: sizeRow("pmem", "pmem to put into one namespace, a multiple of 16M"),
  usable: sizeRow("usable", "data a namespace must have: prints the -s to ask for"),
  hugetlb: POOLS_ROW,
  align: sizeRow("align", "only this page size (default: all)", "4K|2M|1G"),
  map: wordRow<MapMode>("map", "only this place for the memmap (default: both)", ["mem", "dev"]),
  kernel: optional(KERNEL_ROW, "only this kernel (default: all)"),
  arch: ARCH_ROW,
  hostMemory: HOST_MEMORY_ROW,
} satisfies OptionRows<PlanOptions>;

/** One policy for the pmem. Bytes; percent of the pmem. */
export interface PlanRow {
  /** Kernel preset. */
  readonly kernel: string;
  /** Where the memmap lies. */
  readonly map: MapMode;
  /** Page size of the device. */
  readonly align: number;
  /** Why it cannot be had; null when it can. The figures are null when it cannot. */
  readonly error: string | null;
  /** DRAM that memmap and its tables take. */
  readonly dramBytes: number | null;
  /** The same in percent. */
  readonly dramPercent: number | null;
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
  readonly size: number;
  /** How many. */
  readonly count: number;
  /** Whether it frees vmemmap (hugetlb_free_vmemmap=on). */
  readonly optimize: boolean;
  /** Memmap of the pages, nothing freed. */
  readonly memmapBytes: number;
  /** What the free lists gain: vmemmap freed, less the PTE tables that splitting takes. */
  readonly savedBytes: number;
  /** Memmap and tables that stay. */
  readonly lostBytes: number;
  /** The same in percent of the pages. */
  readonly lostPercent: number;
}

/** The size to ask for. Bytes. */
export interface PlanSize {
  /** Where the memmap lies. */
  readonly map: MapMode;
  /** Page size of the device. */
  readonly align: number;
  /** Least size of a namespace (`ndctl -s`) that has the data asked for. */
  readonly size: number;
  /** Data it has. */
  readonly usableBytes: number;
}

/** What `lab plan` prints with `--json`. */
export interface PlanReport {
  /** What was asked. */
  readonly config: PlanOptions;
  /** A row for each policy; empty when no pmem was given. */
  readonly namespaces: readonly PlanRow[];
  /** A row for each pool and kernel, and one with the memmap left alone; empty when no huge pages were given. */
  readonly pools: readonly PlanPool[];
  /** A row for each page size and place of the memmap; empty when no usable size was given. */
  readonly sizes: readonly PlanSize[];
}

/**
 * Compares what each policy costs. `progress` hears what is being counted. RangeError for what makes no box.
 *
 * @example What 64 GiB of pmem cost in 2 MiB pages, memmap in DRAM, before and after
 * ```ts
 * import { planReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const { namespaces } = planReport({ pmem: 2 ** 36, align: 2 ** 21, map: "mem" });
 * const dram = Object.fromEntries(namespaces.map((row) => [row.kernel, row.dramBytes! / 2 ** 20]));
 * assertEquals(dram["5.14"], 1024.00390625); // 1 GiB, and a table
 * assertEquals(dram["6.1"], 258.00390625); // 256 MiB, 512 PTE tables, and the table above
 * ```
 */
export function planReport(options: PlanOptions, progress: (what: string) => void = () => {}): PlanReport {
  const { pmem, usable, hugetlb = [] } = options;
  if (!Array.isArray(hugetlb)) throw new TypeError("Cannot plan hugetlb: expected an array of { size, count }");
  if (pmem === undefined && usable === undefined && hugetlb.length === 0) {
    throw new RangeError("Cannot plan nothing: expected pmem, usable or hugetlb");
  }
  const policies = policiesOf(options);
  // What makes no sense is refused before anything is counted.
  if (pmem !== undefined) multipleOf("make a namespace of", pmem, archNamed(options.arch).namespaceUnitBytes);
  if (usable !== undefined) checkUsable(usable);
  const twice = hugetlb.find(({ size }, i) => hugetlb.findIndex((pool) => pool.size === size) < i);
  if (twice !== undefined) {
    throw new RangeError(`Cannot plan huge pages of ${formatSize(twice.size)} twice: expected each size once`);
  }
  for (const pool of hugetlb) poolConfig(options, { ...pool, kernel: policies.kernels[0], optimize: true });
  return {
    config: options,
    namespaces: pmem === undefined ? [] : policies.kernels.flatMap((kernel) =>
      policies.places.map(({ map, align }) => {
        progress(`kernel ${kernel}, map=${map}, align ${formatSize(align)}`);
        return planRow(options, pmem, kernel, map, align);
      })
    ),
    pools: hugetlb.flatMap(({ size, count }) =>
      [...policies.kernels.map((kernel) => ({ kernel, optimize: true })), {
        kernel: policies.kernels[0],
        optimize: false,
      }]
        .map(({ kernel, optimize }) => {
          progress(`${count} huge pages of ${formatSize(size)}, kernel ${kernel}`);
          return planPool(options, { size, count, kernel, optimize });
        })
    ),
    sizes: usable === undefined ? [] : planSizes(options, usable, policies.places),
  };
}

interface Place {
  readonly map: MapMode;
  readonly align: number;
}

function policiesOf(options: PlanOptions): { readonly kernels: readonly string[]; readonly places: readonly Place[] } {
  const { align, kernel, map } = options;
  const arch = archNamed(options.arch);
  // Refuses what it does not know, by name.
  namespaceConfig({ ...options, size: 4 * Math.max(arch.regionAlignBytes, align ?? 0) });
  const aligns = align === undefined ? daxAligns(arch) : [align];
  const maps: readonly MapMode[] = map === undefined ? ["mem", "dev"] : [map];
  return {
    kernels: kernel === undefined ? Object.keys(PRESETS) : [kernel],
    places: maps.flatMap((map) => aligns.map((align) => ({ map, align }))),
  };
}

function planRow(options: PlanOptions, pmem: number, kernel: string, map: MapMode, align: number): PlanRow {
  const { arch, hostMemory } = options;
  const lost = { dramBytes: null, dramPercent: null, pmemBytes: null, pmemPercent: null, usableBytes: null };
  const given = { ...(arch === undefined ? {} : { arch }), ...(hostMemory === undefined ? {} : { hostMemory }) };
  const unit = ARCHS[arch ?? "x86-64"].namespaceUnitBytes;
  if (options.align === undefined && pmem % unit === 0 && pmem % align !== 0) {
    const error = `Cannot align to ${formatSize(align)}: ${formatSize(pmem)} is no multiple of it`;
    return { kernel, map, align, error, ...lost };
  }
  const config = namespaceConfig({ ...given, size: pmem, align, map, kernel, contents: false });
  try {
    const { kernel: k, namespace, pages } = createOnBox(config);
    const usable = usableBytes(k, namespace);
    const dramBytes = pages.dramTotal * k.pageBytes;
    return {
      kernel,
      map,
      align,
      error: null,
      dramBytes,
      dramPercent: 100 * dramBytes / pmem,
      pmemBytes: pmem - usable,
      pmemPercent: 100 * (pmem - usable) / pmem,
      usableBytes: usable,
    };
  } catch (error) {
    if (!(error instanceof NamespaceError)) throw error;
    return { kernel, map, align, error: error.message, ...lost };
  }
}

type PoolPolicy = Pick<PlanPool, "size" | "count" | "kernel" | "optimize">;

function poolConfig({ arch, hostMemory }: PlanOptions, pool: PoolPolicy): HugetlbConfig {
  const given = { ...(arch === undefined ? {} : { arch }), ...(hostMemory === undefined ? {} : { hostMemory }) };
  return hugetlbConfig({ ...given, ...pool, giveBack: false });
}

function checkUsable(usable: number): void {
  if (Number.isSafeInteger(usable) && usable > 0 && usable < MOST_MEMORY) return;
  throw new RangeError(
    `Cannot plan for ${usable} bytes of data: expected a whole number from 1 to less than ${formatSize(MOST_MEMORY)}`,
  );
}

/** Makes the pool without writing struct pages and counts what its memmap gives back. */
function planPool(options: PlanOptions, pool: PoolPolicy): PlanPool {
  const config = poolConfig(options, pool);
  const { kernel: k, hstate, made } = makePool(config, null, { contents: false });
  const memmapBytes = pool.count * hstate.vmemmapPages * k.pageBytes;
  const lostBytes = memmapBytes - made.netSavedBytes;
  return {
    ...pool,
    memmapBytes,
    savedBytes: made.netSavedBytes,
    lostBytes,
    lostPercent: 100 * lostBytes / (pool.count * pool.size),
  };
}

/**
 * Sizes to ask for, by `nd_pfn_init`: from the data wanted upwards, one page of the device or unit of the region at a
 * time.
 */
function planSizes(options: PlanOptions, usable: number, places: readonly Place[]): PlanSize[] {
  const { arch = "x86-64", hostMemory } = options;
  const given = { arch, ...(hostMemory === undefined ? {} : { hostMemory }), contents: false };
  const step = (align: number) => Math.max(align, ARCHS[arch].namespaceUnitBytes);
  // A reserve that has to hold leaves of memmap, on arm64, does so for whole sections.
  const section = ARCHS[arch].altmapBasePages ? 2 ** ARCHS[arch].sectionShift : 0;
  const largest = Math.max(section, ...places.map(({ align }) => step(align)));
  // No answer is larger: 64 bytes of each base page are memmap, and alignment takes a few pages or sections at most.
  const page = pageBytes(ARCHS[arch]);
  const most = Math.min(Math.ceil(usable * page / (page - 64) / largest + 4) * largest, MOST_MEMORY);
  const k = boot({ arch, dram: [ARCHS[arch].regionAlignBytes], pmem: [{ bytes: most }], contents: false });
  const start = k.machine.topology.pmemStart * k.pageBytes;
  return places.map(({ map, align }) => {
    const unit = step(align);
    for (let size = Math.ceil(usable / unit) * unit; size <= most; size += unit) {
      const info = ndPfnInit(k, start, size, align, map);
      if (typeof info === "number" || info.npfns * k.pageBytes < usable) continue;
      if (!ARCHS[arch].altmapBasePages || reserveHolds({ ...given, map, align, size })) {
        return { map, align, size, usableBytes: info.npfns * k.pageBytes };
      }
    }
    throw new RangeError(`Cannot plan for ${usable} bytes of data: no size up to ${formatSize(most)} has them`);
  });
}

/** Whether all of a namespace's memmap finds room in what its info block reserves: not every size does on arm64. */
function reserveHolds(options: NamespaceOptions): boolean {
  if (options.map !== "dev") return true;
  try {
    createOnBox(namespaceConfig(options));
    return true;
  } catch (error) {
    if (!(error instanceof NamespaceError)) throw error;
    return false;
  }
}
