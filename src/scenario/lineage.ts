// SPDX-License-Identifier: GPL-2.0-only
// One question put to every generation of vmemmap savings: a namespace, a pool of huge pages or a DIMM, under each
// kernel on the same machine, with the counts and the switches that changed since the generation before. Plans are
// included and marked: a plan that is a switch is run, memdesc is arithmetic on the counts.

import { pageBytes } from "../arch/arch.ts";
import { USE_SHARED_TAILS } from "../include/frame_use.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { type Switch, SWITCHES } from "../include/kernel_switches.ts";
import { kernelChanges, kernelConfig, type SwitchChange } from "../kernels.ts";
import type { CounterValues } from "../mm/vmstat.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import { hotplugReport } from "./hotplug.ts";
import { hugetlbReport } from "./hugetlb.ts";
import { namespaceConfig, type NamespaceOptions } from "./box.ts";
import { ARCH_ROW, fillIn, type OptionRows, readPool, showPool, sizeRow, valueRow, wordRow } from "./option_row.ts";
import { createCounted, NamespaceError, type NamespacePages } from "./namespace.ts";
import { archNamed, definedOnly, knownOptions } from "./options.ts";
import type { PoolSize } from "./plan_types.ts";

/** What to ask: exactly one of `size`, `pool`, `dimm`. Bytes. */
export interface LineageOptions extends Pick<NamespaceOptions, "map" | "arch"> {
  /** Size of a device-dax namespace. */
  readonly size?: number;
  /** Its page size; default 2 MiB. */
  readonly align?: number;
  /** A pool of huge pages whose vmemmap is freed. */
  readonly pool?: PoolSize;
  /** A DIMM that is plugged with memmap_on_memory. */
  readonly dimm?: number;
}

/** A namespace, a pool or a DIMM, each with its flag. */
export const LINEAGE_ROWS = {
  size: sizeRow("size", "a device-dax namespace of this size"),
  align: sizeRow("align", "with --size: the page size of the device (default 2M)", "4K|2M|1G"),
  map: wordRow<MapMode>("map", "with --size: where the memmap is stored (default mem)", ["mem", "dev"]),
  pool: valueRow("pool", "SIZE:N", "a pool of huge pages with freed vmemmap, such as 2M:512", readPool, showPool),
  dimm: sizeRow("dimm", "a DIMM plugged with memmap_on_memory"),
  arch: ARCH_ROW,
} satisfies OptionRows<LineageOptions>;

/** What the question takes under one generation. */
export interface LineageCost {
  /** DRAM in bytes that memmap and tables took from the free lists; for a pool, what its memmap keeps. */
  readonly dramBytes: number;
  /** The part of it that holds struct pages. */
  readonly memmapBytes: number;
  /** The part of it that is tables of the direct map; 0 for a pool, whose memory was mapped at boot. */
  readonly directMapBytes: number;
  /** Struct pages written; null if only frames and tables were counted. */
  readonly structPagesWritten: number | null;
  /** Entries written to page tables; null if unknown. */
  readonly entriesWritten: number | null;
  /** TLB flushes; null likewise. */
  readonly tlbFlushes: number | null;
  /** References taken: on the pgmap, and on shared memmap frames; null likewise. */
  readonly referencesTaken: number | null;
}

/** A change on the way from one generation to the next. */
export type LineageChange = SwitchChange & Pick<Switch, "help" | "source">;

/** One generation. */
export interface LineageRow {
  /** Preset, or spec. */
  readonly kernel: string;
  /** What is new in it, in a few words. */
  readonly what: string;
  /** Source of the row: a kernel's preset, a switch that no kernel has yet, or arithmetic on another row. */
  readonly kind: "kernel" | "what-if" | "arithmetic";
  /** The costs; null if the kernel refuses. */
  readonly figures: LineageCost | null;
  /** Why there are no figures; null if there are. */
  readonly why: string | null;
  /** Switches that changed since the generation before. */
  readonly changes: readonly LineageChange[];
}

/** What `lab lineage --json` prints. */
export interface LineageReport {
  /** The question. */
  readonly config: LineageOptions;
  /** A row per generation, oldest first, then the plans. */
  readonly rows: readonly LineageRow[];
}

type Generation = { readonly kernel: string; readonly what: string };

/** Kernels by age. */
const GENERATIONS: readonly Generation[] = [
  { kernel: "5.14", what: "before the series" },
  { kernel: "5.18", what: "compound device-dax; HugeTLB keeps one page" },
  { kernel: "6.1", what: "device-dax shares its tails" },
  { kernel: "6.7", what: "head copied, flushes batched" },
  { kernel: "6.12", what: "memmap block by block, grace period" },
  { kernel: "7.3", what: "one tail page per order and zone" },
];

/** Plans: device-dax tails on the head's page, as in HugeTLB before 7.1; and as in HugeTLB since 7.1. */
const WHAT_IF = [
  { kernel: "7.3,dedup=pte+head", what: "device-dax keeps one page (7 of 8)" },
  { kernel: "7.3,dedup=pte+zone", what: "one tail page for all compounds of device-dax" },
];

/** Above this size struct pages are not written; only frames and tables are counted. */
const MOST_CONTENTS = 2 ** 36;
const BASE_STRUCT_PAGE = 64;
const MEMDESC = 8;

/**
 * Asks every generation. RangeError unless exactly one question is asked, and for whatever the report of that question
 * refuses.
 *
 * @example
 * ```ts
 * import { lineageReport } from "@vmemmap/lab";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const { rows } = lineageReport({ size: 2 ** 30, align: 2 ** 21 });
 * const [before, , after] = rows;
 * assertEquals([before.kernel, after.kernel], ["5.14", "6.1"]);
 * assert(after.figures!.dramBytes * 3 < before.figures!.dramBytes);
 * ```
 */
export function lineageReport(asking: LineageOptions): LineageReport {
  knownOptions(asking, Object.keys(LINEAGE_ROWS));
  const given = fillIn(asking, LINEAGE_ROWS);
  const options: LineageOptions = given.size === undefined ? given : { align: 2 ** 21, map: "mem", ...given };
  const asked = (["size", "pool", "dimm"] as const).filter((name) => options[name] !== undefined);
  if (asked.length !== 1) {
    throw new RangeError(`Cannot trace: expected one of size, pool, dimm, got ${asked.join(" and ") || "none"}`);
  }
  const extra = (["align", "map"] as const).find((name) => options.size === undefined && options[name] !== undefined);
  if (extra !== undefined) throw new RangeError(`Cannot use ${extra} without size: it is about a namespace`);
  const tables = new Map<string, number>();
  const row = ({ kernel, what }: Generation, kind: LineageRow["kind"], before: string | null): LineageRow => ({
    kernel,
    what,
    kind,
    ...answer(options, kernel, tables),
    changes: changesOf(before, kernel),
  });
  const rows = GENERATIONS.map((generation, i) => row(generation, "kernel", GENERATIONS[i - 1]?.kernel ?? null));
  if (options.size !== undefined) rows.push(...WHAT_IF.map((generation) => row(generation, "what-if", "7.3")));
  return { config: options, rows: [...rows, ...memdescRows(options, rows[0])] };
}

function changesOf(from: string | null, to: string): LineageChange[] {
  if (from === null) return [];
  return kernelChanges(PRESETS[from], kernelConfig(to)).map((change) => {
    const { help, source } = SWITCHES[change.name];
    return { ...change, help, source };
  });
}

/** `tables` are those of the direct map, by namespace: they are the same under every kernel. */
function answer(
  options: LineageOptions,
  kernel: string,
  tables: Map<string, number>,
): Pick<LineageRow, "figures" | "why"> {
  try {
    if (options.size !== undefined) return namespaceCost(options, options.size, kernel, tables);
    if (options.pool !== undefined) return { figures: poolCost(options, options.pool, kernel), why: null };
    return dimmCost(options, options.dimm!, kernel);
  } catch (error) {
    if (error instanceof NamespaceError) return { figures: null, why: error.message };
    throw error;
  }
}

function namespaceCost(
  { align, map, arch }: LineageOptions,
  size: number,
  kernel: string,
  tables: Map<string, number>,
) {
  const contents = size <= MOST_CONTENTS;
  const config = namespaceConfig({ size, kernel, contents, ...definedOnly({ align, map, arch }) });
  const { pages, counters, namespace, kernel: k } = createCounted(config, tables);
  const figures = {
    ...bytesOf(pages, k.pageBytes),
    // A page of tails for all compounds is counted too: the machine is fresh.
    memmapBytes: (pages.vmemmap + k.uses[USE_SHARED_TAILS]) * k.pageBytes,
    structPagesWritten: contents ? counters.structPagesWrittenDram + counters.structPagesWrittenPmem : null,
    ...work(counters),
    // One reference is the pgmap's own.
    referencesTaken: namespace.pgmap.refs - 1 + counters.vmemmapFrameGets,
  };
  return { figures, why: null };
}

function poolCost({ arch }: LineageOptions, { size, count }: PoolSize, kernel: string) {
  const report = hugetlbReport({ size, count, kernel, giveBack: false, ...definedOnly({ arch }) });
  const { allocCounters: alloc, vmemmapPagesPerHugePage: vmemmapPages, pteTables, netSavedBytes } = report;
  const page = pageBytes(archNamed(arch));
  const dramBytes = count * vmemmapPages * page - netSavedBytes;
  return {
    dramBytes,
    memmapBytes: dramBytes - pteTables * page,
    directMapBytes: 0,
    structPagesWritten: alloc.hugetlbPagesPrepared,
    ...work(alloc),
    referencesTaken: alloc.vmemmapFrameGets,
  };
}

function dimmCost({ arch }: LineageOptions, dimm: number, kernel: string) {
  const asked = { size: dimm, kernel, memmapOnMemory: true, ...definedOnly({ arch }) };
  const { errno, pages, counters } = hotplugReport(asked);
  if (errno !== null) return { figures: null, why: errno };
  const figures = {
    ...bytesOf(pages, pageBytes(archNamed(arch))),
    structPagesWritten: counters.ramStructPagesWritten,
    ...work(counters),
    referencesTaken: counters.vmemmapFrameGets,
  };
  return { figures, why: null };
}

function bytesOf({ dramTotal, vmemmap, directMap }: NamespacePages, page: number) {
  return { dramBytes: dramTotal * page, memmapBytes: vmemmap * page, directMapBytes: directMap * page };
}

function work(counters: CounterValues) {
  const { pteWrites, pmdWrites, pudWrites, pgdWrites, tlbFlushes } = counters;
  return { entriesWritten: pteWrites + pmdWrites + pudWrites + pgdWrites, tlbFlushes };
}

/** memdesc: one word per page, nothing shared: an eighth of the first kernel's memmap. */
function memdescRows({ pool, arch }: LineageOptions, { figures: cost }: LineageRow): LineageRow[] {
  if (cost === null) return [];
  // The first kernel shares the tails of huge pages already, so the full memmap is computed.
  const whole = pool === undefined
    ? cost.memmapBytes
    : pool.size * pool.count / pageBytes(archNamed(arch)) * BASE_STRUCT_PAGE;
  const memmapBytes = whole * MEMDESC / BASE_STRUCT_PAGE;
  const unknown = { entriesWritten: null, tlbFlushes: null, referencesTaken: null };
  return [{
    kernel: "memdesc",
    what: "8 bytes for every page, nothing shared; tables and descriptors not counted",
    kind: "arithmetic",
    figures: {
      dramBytes: memmapBytes,
      memmapBytes,
      directMapBytes: 0,
      structPagesWritten: cost.structPagesWritten,
      ...unknown,
    },
    why: null,
    changes: [],
  }];
}
