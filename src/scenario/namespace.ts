// SPDX-License-Identifier: GPL-2.0-only
// `lab namespace`: creates one device-dax namespace on a fresh machine and reports what it took. Everything under
// `pages`, `structPages` and `usableBytes` is counted in the emulator: allocator use counts, entries, structs,
// references.

import {
  USE_ALTMAP_VMEMMAP,
  USE_DIRECT_MAP,
  USE_PMD_TABLE,
  USE_PTE_TABLE,
  USE_PUD_TABLE,
  USE_VMEMMAP,
} from "../include/frame_use.ts";
import { levelBytes } from "../arch/arch.ts";
import type { BootOptions } from "../boot.ts";
import { ENOMEM, errnoName } from "../include/errno.ts";
import { createNamespace, type NamespaceMode, type NdNamespace, usableBytes } from "../drivers/nvdimm/namespace.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import type { Kernel } from "../mm/kernel.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import { countersSince, type CounterValues, readCounters } from "../mm/vmstat.ts";
import { modelInitMs, modelMs } from "../model/time.ts";
import { type Checked, checkedIf } from "./checked.ts";
import { refusal } from "./refusal.ts";
import {
  bootBox,
  modelCost,
  NAMESPACE_ROWS,
  type NamespaceConfig,
  namespaceConfig,
  type NamespaceOptions,
} from "./box.ts";
import { knownOptions } from "./options.ts";

/** Frames a namespace took, by use. */
export interface NamespacePages {
  /** Frames of memmap from DRAM. */
  readonly vmemmap: number;
  /** PTE tables for the memmap. */
  readonly pteTables: number;
  /** PMD tables for the memmap. */
  readonly pmdTables: number;
  /** PUD tables for the memmap. */
  readonly pudTables: number;
  /** Frames of memmap from the namespace itself. */
  readonly altmap: number;
  /**
   * Tables of the direct map, which maps the namespace itself: by base pages on arm64, by 1G and 2M leaves on x86-64. 0
   * without a direct map.
   */
  readonly directMap: number;
  /** All frames that left DRAM's free lists; equals the sum of the DRAM kinds. */
  readonly dramTotal: number;
}

/** What `lab namespace` prints with `--json`. */
export interface NamespaceReport extends Checked {
  /** The options, defaults filled in. */
  readonly config: NamespaceConfig;
  /** Frames it took, counted by the allocator. */
  readonly pages: NamespacePages;
  /** Struct pages that exist in the address space, and those written. */
  readonly structPages: { readonly mapped: number; readonly initialised: number };
  /** References that the pgmap holds for its pages (percpu_ref). */
  readonly pgmapRefs: number;
  /** Bytes of usable data. */
  readonly usableBytes: number;
  /** Memory spent on metadata, in DRAM and in the namespace, in percent of the namespace. */
  readonly overheadPercent: number;
  /** The same namespace under kernel 5.14, frames counted without writing struct pages. */
  readonly baseline: { readonly kernel: string; readonly pages: NamespacePages; readonly overheadPercent: number };
  /**
   * What `ndctl create-namespace -s SIZE` creates by default: fsdax with map=dev, aligned to a PMD entry's pages.
   * Frames are counted without writing struct pages; null if the modelled kernel refuses it.
   */
  readonly ndctlDefault: {
    readonly mode: NamespaceMode;
    readonly map: MapMode;
    readonly pages: NamespacePages;
    readonly usableBytes: number;
  } | null;
  /** All work of creating it. */
  readonly counters: CounterValues;
  /** Time the emulator took to create it; says nothing about Linux. */
  readonly hostMs: number;
  /**
   * Model time to create it, on the machine of `config.cost`; null except on x86-64 with 64-byte struct pages and
   * contents.
   */
  readonly modelMs: number | null;
  /** The part of it that dmesg prints: memmap_init_zone_device(). */
  readonly modelInitMs: number | null;
}

/** A namespace that could not be created: a modelled kernel failure, with its errno. */
export class NamespaceError extends Error {
  /** `"NamespaceError"`. */
  override readonly name = "NamespaceError";
  /** Negative errno. */
  readonly errno: number;
  /** From the negative errno of the kernel path, and a hint if there is one. */
  constructor(errno: number, hint = "") {
    super(`Cannot enable the namespace: ${errnoName(errno)}${hint === "" ? "" : ` (${hint})`}`);
    this.errno = errno;
  }
}

/** A namespace on its machine, as returned by {@linkcode createOnBox}. */
export interface BoxWithNamespace {
  readonly kernel: Kernel;
  readonly namespace: NdNamespace;
  readonly pages: NamespacePages;
  readonly counters: CounterValues;
  readonly hostMs: number;
}

/** Boots a machine with these further options and creates the namespace. NamespaceError if the kernel refuses. */
export function createOnBox(config: NamespaceConfig, more: BootOptions = {}): BoxWithNamespace {
  const kernel = bootBox(config, more);
  const uses = Float64Array.from(kernel.uses);
  const free = totalFreePages(kernel);
  const before = readCounters(kernel.stat);
  const t0 = performance.now();
  const namespace = createNamespace(kernel, ndRegions(kernel)[0], {
    size: config.size,
    align: config.align,
    map: config.map,
    mode: config.namespaceMode,
  });
  const hostMs = performance.now() - t0;
  if (typeof namespace === "number") throw new NamespaceError(namespace, hint(kernel, config, namespace));
  const pages = pagesTaken(kernel, uses, free);
  const counters = countersSince(before, readCounters(kernel.stat));
  return { kernel, namespace, pages, counters, hostMs };
}

/** Machines of reports have a direct map, which takes memory too. */
export const WITH_DIRECT_MAP: BootOptions = { directMap: true };

/**
 * Creates the namespace on a machine with a direct map. Its tables are the same under every kernel: only the first of
 * the runs that share `known` builds them, and they count for all.
 */
export function createCounted(config: NamespaceConfig, known: Map<string, number>): BoxWithNamespace {
  const key = JSON.stringify({ ...config, kernel: null, contents: null });
  const tables = known.get(key);
  if (tables !== undefined) {
    const box = createOnBox(config);
    return { ...box, pages: withDirectMap(box.pages, tables) };
  }
  const box = createOnBox(config, WITH_DIRECT_MAP);
  known.set(key, box.pages.directMap);
  return box;
}

/** The pages of a run without a direct map, plus the tables it would have had. */
function withDirectMap(pages: NamespacePages, tables: number): NamespacePages {
  return { ...pages, directMap: tables, dramTotal: pages.dramTotal + tables };
}

/**
 * Why it failed, and what would work. If the reserve of map=dev ran out, also tries whether the region can be used
 * again.
 */
function hint(k: Kernel, config: NamespaceConfig, errno: number): string {
  const [region] = ndRegions(k);
  const why = refusal(region, config, errno);
  if (errno !== -ENOMEM || why === "") return why;
  const next = createNamespace(k, region, { ...config, map: "mem" });
  const then = typeof next === "number" ? `; the next namespace there fails with ${errnoName(next)} until reboot` : "";
  return `${why}${then}; lab plan names sizes that work`;
}

/** Frames taken since `uses` and `free` were read. */
export function pagesTaken(k: Kernel, uses: Float64Array, free: number): NamespacePages {
  const took = (use: number) => k.uses[use] - uses[use];
  return {
    vmemmap: took(USE_VMEMMAP),
    pteTables: took(USE_PTE_TABLE),
    pmdTables: took(USE_PMD_TABLE),
    pudTables: took(USE_PUD_TABLE),
    altmap: took(USE_ALTMAP_VMEMMAP),
    directMap: took(USE_DIRECT_MAP),
    dramTotal: free - totalFreePages(k),
  };
}

/**
 * Creates one namespace and reports what it took. RangeError for invalid options or if the host lacks memory;
 * NamespaceError if the modelled kernel refuses.
 *
 * @example
 * ```ts
 * import { namespaceReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const report = namespaceReport({ size: 2 ** 30, align: 2 ** 21, kernel: "6.1" });
 * assertEquals(report.pages.vmemmap, 1024); // 2 of 8 memmap pages per 2 MiB
 * assertEquals(report.pages.pteTables, 8);
 * ```
 */
export function namespaceReport(options: NamespaceOptions): NamespaceReport {
  knownOptions(options, Object.keys(NAMESPACE_ROWS));
  const config = namespaceConfig(options);
  return namespaceReportOn(config, createOnBox(config, WITH_DIRECT_MAP));
}

/** The report of a namespace from {@linkcode createOnBox} with this configuration. */
export function namespaceReportOn(config: NamespaceConfig, box: BoxWithNamespace): NamespaceReport {
  const { kernel: k, namespace, pages, counters, hostMs } = box;
  const base = createOnBox({ ...config, kernel: "5.14", contents: false });
  const basePages = withDirectMap(base.pages, pages.directMap);
  const { start, end } = namespace.pgmap.ranges[0];
  const cost = modelCost(config);
  return {
    config,
    pages,
    structPages: {
      mapped: end - start,
      initialised: counters.structPagesWrittenDram + counters.structPagesWrittenPmem,
    },
    // One reference is the pgmap's own.
    pgmapRefs: namespace.pgmap.refs - 1,
    usableBytes: usableBytes(k, namespace),
    overheadPercent: overheadPercent(k, namespace, pages),
    baseline: {
      kernel: "5.14",
      pages: basePages,
      overheadPercent: overheadPercent(base.kernel, base.namespace, basePages),
    },
    ndctlDefault: ndctlDefault(config, box),
    invariants: checkedIf(config.check, k),
    counters,
    hostMs,
    modelMs: cost === null ? null : modelMs(counters, cost),
    modelInitMs: cost === null ? null : modelInitMs(counters, cost),
  };
}

/** The namespace with ndctl's default mode and map; itself if it has them already. */
function ndctlDefault(config: NamespaceConfig, box: BoxWithNamespace): NamespaceReport["ndctlDefault"] {
  const { kernel: k } = box;
  const [mode, map, huge] = ["fsdax", "dev", levelBytes(k.arch, 1)] as const;
  const align = config.size % huge === 0 ? huge : k.pageBytes;
  try {
    const same = config.namespaceMode === mode && config.map === map && config.align === align;
    if (same) return { mode, map, pages: box.pages, usableBytes: usableBytes(k, box.namespace) };
    const asked = { ...config, namespaceMode: mode, map, align, contents: false };
    const { kernel, namespace, pages } = createOnBox(asked);
    const all = withDirectMap(pages, box.pages.directMap);
    return { mode, map, pages: all, usableBytes: usableBytes(kernel, namespace) };
  } catch (error) {
    if (error instanceof NamespaceError) return null;
    throw error;
  }
}

function overheadPercent(k: Kernel, ns: NdNamespace, pages: NamespacePages): number {
  const size = ns.extent.end - ns.extent.start;
  return 100 * (pages.dramTotal * k.pageBytes + size - usableBytes(k, ns)) / size;
}
