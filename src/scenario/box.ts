// SPDX-License-Identifier: GPL-2.0-only
// A machine for one namespace: how much DRAM it needs to hold the memmap, and how much host memory the emulation takes.
// These are estimates for sizing; what a run reports is counted.

import { boot, type BootOptions } from "../boot.ts";
import { type Arch, levelBytes, pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import type { KernelConfig } from "../include/kernel_config.ts";
import { kernelConfig } from "../kernels.ts";
import { alignUp, isPowerOf2 } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import { daxAligns } from "../drivers/dax/bus.ts";
import type { NamespaceMode } from "../drivers/nvdimm/namespace.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import type { Kernel } from "../mm/kernel.ts";
import { STRETCH_STRUCT_SIZE } from "../include/mm_types.ts";
import type { RegionSpec } from "../machine/topology.ts";
import { type CostTable, costTable } from "../model/cost_tables.ts";
import { archNamed, MOST_MEMORY, multipleOf, requireHostMemory } from "./options.ts";
import {
  byDefault,
  CONTENTS_ROW,
  COST_ROW,
  fillIn,
  MACHINE_ROWS,
  type OptionRow,
  type OptionRows,
  required,
  RUN_ROWS,
  sizeRow,
  wordRow,
} from "./option_row.ts";

/** Options of every command that creates a namespace. Bytes. */
export interface NamespaceOptions {
  /** Size of the namespace; a multiple of 16 MiB (`toy`: 4 KiB) and of `align`. */
  readonly size: number;
  /** Page size of the device: 4 KiB, 2 MiB (default) or 1 GiB on x86-64; elsewhere what a level maps, default a PMD. */
  readonly align?: number;
  /** Device-dax (default), or fsdax, whose pages stay base pages. */
  readonly namespaceMode?: NamespaceMode;
  /** Address of the region, which may lie between DRAM ranges; default the next GiB after all DRAM. */
  readonly start?: number;
  /** Where the memmap lies: DRAM (`mem`, default) or the namespace (`dev`). */
  readonly map?: MapMode;
  /** Kernel: a preset (`5.14`, `v4`, `v7`, `v7+head`, `6.1`), one with switches (`6.1,gup=compound`), or an object. */
  readonly kernel?: string | KernelConfig;
  /** Architecture and base page size: `x86-64` (default), `arm64-4k`, `arm64-16k`, `arm64-64k`, `toy`. */
  readonly arch?: string;
  /** sizeof(struct page): 56, 64 (default), 72, 80. */
  readonly structPageSize?: number;
  /** Write struct pages (default). If false, only count frames and tables, for sizes that the host cannot hold. */
  readonly contents?: boolean;
  /** Check every invariant before the report is made; default false. */
  readonly check?: boolean;
  /**
   * Cost table of the model times: `optane` (default, the documents' machine), `dram`, `cxl`, or one of them with
   * `-vm`.
   */
  readonly cost?: string;
  /**
   * Host memory for the emulated metadata, in bytes; default 20 GiB. A run that needs more is refused before it starts.
   */
  readonly hostMemory?: number;
}

/** The options with every default filled in; `kernel` is a spec: a preset with the switches that differ from it. */
export type NamespaceConfig = Required<Omit<NamespaceOptions, "kernel" | "start">> & {
  readonly kernel: string;
  /** Address of the region; null for the board's choice. */
  readonly start: number | null;
};

/** How a namespace is used; the flag `mode` alone belongs to gup. */
export const NAMESPACE_MODE_ROW: OptionRow<NamespaceMode> = {
  ...wordRow<NamespaceMode>("mode", "how the namespace is used", ["devdax", "fsdax"]),
  flagOf: "ndctl create-namespace",
};

/** The options of a namespace, each with its flag. */
export const NAMESPACE_ROWS = {
  size: required(sizeRow("size", "size of the namespace, a multiple of 16M")),
  align: sizeRow("align", "page size of the device; default: that of a PMD, 2M on x86-64", "4K|2M|1G"),
  namespaceMode: byDefault(NAMESPACE_MODE_ROW, "devdax"),
  start: sizeRow("start", "address of the pmem region, such as 0x240000000; default: after DRAM", "ADDRESS"),
  map: byDefault(wordRow<MapMode>("map", "where the memmap is stored", ["mem", "dev"]), "mem"),
  ...MACHINE_ROWS,
  cost: COST_ROW,
  contents: CONTENTS_ROW,
  ...RUN_ROWS,
} satisfies OptionRows<NamespaceOptions>;

/**
 * Fills in defaults and checks what can be checked without a machine. RangeError saying what was given and what is
 * allowed, TypeError for a switch that is not a boolean.
 */
export function namespaceConfig(options: NamespaceOptions): NamespaceConfig {
  const given = fillIn(options, NAMESPACE_ROWS);
  const arch = archNamed(given.arch);
  const align = given.align ?? levelBytes(arch, 1);
  const aligns = daxAligns(arch);
  if (!aligns.includes(align)) {
    throw new RangeError(`Cannot map by ${formatSize(align)}: ${arch.name} has ${aligns.map(formatSize).join(", ")}`);
  }
  const size = multipleOf("make a namespace of", given.size, arch.namespaceUnitBytes);
  if (align > size) {
    throw new RangeError(`Cannot align to ${formatSize(align)}: the namespace has only ${formatSize(size)}`);
  }
  if (size % align !== 0) {
    throw new RangeError(
      `Cannot align to ${formatSize(align)}: ${formatSize(size)} is not a multiple of it (ndctl refuses too)`,
    );
  }
  if (size > MOST_MEMORY) {
    throw new RangeError(`Cannot place ${formatSize(size)} of pmem: at most ${formatSize(MOST_MEMORY)} fit`);
  }
  const { start = null } = given;
  if (start !== null && start % pageBytes(arch) !== 0) {
    throw new RangeError(`Cannot place pmem at ${start}: expected a multiple of ${formatSize(pageBytes(arch))}`);
  }
  return { ...given, align, start };
}

/** Boots a machine with room for this namespace. RangeError if the host lacks memory for it. */
export function bootBox(config: NamespaceConfig, more: BootOptions = {}): Kernel {
  const arch = ARCHS[config.arch];
  const dram = dramBytes([config], arch, more.directMap);
  return bootRegion([config], dram, { bytes: config.size, ...placed(config.start) }, more);
}

/** Where a region lies: after all DRAM, or at an address with DRAM on both sides. */
export function placed(start: number | null): Pick<RegionSpec, "startBytes" | "amongDram"> {
  return start === null ? {} : { startBytes: start, amongDram: true };
}

/** Boots a machine with a region for these namespaces of one kernel. RangeError if the host lacks memory for it. */
export function bootRegion(
  namespaces: readonly NamespaceConfig[],
  dram: number,
  region: RegionSpec,
  more: BootOptions = {},
): Kernel {
  const [config] = namespaces;
  const need = hostBytes(namespaces, dram, ARCHS[config.arch], more.directMap);
  requireHostMemory(need, config.hostMemory, config.contents ? "lab namespace --no-contents needs less" : "");
  return boot({
    arch: config.arch,
    kernel: config.kernel,
    dram: [dram],
    pmem: [region],
    structPageSize: config.structPageSize,
    contents: config.contents,
    hostMemoryBytes: config.hostMemory,
    ...more,
  });
}

/**
 * The cost table of this run's model times, or null without a model: the documents' machine is x86-64 with struct pages
 * of 64 bytes, and struct pages that are not written take no time.
 */
export function modelCost(
  config: Pick<NamespaceConfig, "arch" | "structPageSize" | "contents" | "cost">,
): CostTable | null {
  const modelled = config.arch === "x86-64" && config.structPageSize === STRETCH_STRUCT_SIZE && config.contents;
  return modelled ? costTable(config.cost) : null;
}

/** Estimate of the frames of a namespace's memmap: shared pages count once per compound, tables per entry. */
function memmapFrames(config: NamespaceConfig, arch: Arch): { readonly memmap: number; readonly tables: number } {
  const page = pageBytes(arch);
  const whole = config.size / page * config.structPageSize / page;
  const tables = Math.ceil(whole / 2 ** arch.format.tableShift);
  const perCompound = config.align / page * config.structPageSize / page;
  const preset = kernelConfig(config.kernel);
  const shares = preset.dedup !== "none" && (!preset.dedupOptIn || arch.wantsDaxDedup);
  if (!shares || config.map === "dev" || perCompound <= 2) {
    return { memmap: whole, tables };
  }
  const compounds = Math.ceil(config.size / config.align) + 1;
  return { memmap: isPowerOf2(config.structPageSize) ? 2 * compounds : whole, tables };
}

/** PTE tables of the direct map, if it consists of base pages. */
function directTables(config: NamespaceConfig, arch: Arch): number {
  if (arch.directMap?.largestLeaf !== 0) return 0;
  return Math.ceil(config.size / pageBytes(arch) / 2 ** arch.format.tableShift);
}

/** DRAM that holds the memmap and tables of namespaces with room to spare, in whole GiB (or toy units). */
export function dramBytes(namespaces: readonly NamespaceConfig[], arch: Arch, directMap: boolean = false): number {
  const unit = arch.regionAlignBytes;
  let frames = 0;
  for (const config of namespaces) {
    const { memmap, tables } = memmapFrames(config, arch);
    frames += (config.map === "dev" && arch.altmapBasePages ? 0 : memmap) + tables +
      (directMap ? directTables(config, arch) : 0);
  }
  return alignUp(frames * pageBytes(arch) * 1.1, unit) + 2 * unit;
}

/**
 * Estimate of the host memory that a run commits: the memmap if written, tables, and DRAM's own struct pages for both.
 */
function hostBytes(namespaces: readonly NamespaceConfig[], dram: number, arch: Arch, directMap = false): number {
  const page = pageBytes(arch);
  const fixed = 64 * 2 ** 20;
  let frames = 0;
  for (const config of namespaces) {
    const { memmap, tables } = memmapFrames(config, arch);
    frames += (config.contents ? memmap : 0) + tables + (directMap ? directTables(config, arch) : 0);
  }
  return frames * page + dram / page * namespaces[0].structPageSize / 8 + fixed;
}
