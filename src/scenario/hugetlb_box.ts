// SPDX-License-Identifier: GPL-2.0-only
// A machine for one pool of huge pages: options with defaults, how much DRAM it needs, and how much host memory the
// emulation takes. Estimates for sizing only; what a run reports is counted.

import { type Arch, pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { boot, type BootOptions, NR_CPUS } from "../boot.ts";
import type { KernelConfig } from "../include/kernel_config.ts";
import { kernelConfig } from "../kernels.ts";
import { alignUp } from "../lib/align.ts";
import { formatSize } from "../lib/units.ts";
import type { Kernel } from "../mm/kernel.ts";
import type { NamespaceOptions } from "./box.ts";
import { archNamed, oneOf, requireHostMemory } from "./options.ts";
import {
  byDefault,
  COST_ROW,
  countRow,
  fillIn,
  MACHINE_ROWS,
  type OptionRows,
  required,
  RUN_ROWS,
  sizeRow,
  switchRow,
  valueRow,
  wordRow,
} from "./option_row.ts";

/** The options of `lab hugetlb`. Bytes. `check` looks after the pages are allocated, and at the end. */
export interface HugetlbOptions
  extends Pick<NamespaceOptions, "kernel" | "arch" | "structPageSize" | "cost" | "check" | "hostMemory"> {
  /** Size of a huge page, one of the architecture's. Default 2 MiB. */
  readonly size?: number;
  /** How many; a whole number from 1. */
  readonly count: number;
  /** hugetlb_free_vmemmap=on; default true. */
  readonly hugetlbFreeVmemmap?: boolean;
  /** Vmemmap pages kept per huge page, 1 or 2; default the kernel's choice. */
  readonly keep?: number;
  /**
   * Boot's memmap in PMD leaves that are split on demand (`pmd`, default), or in base pages (`base`, as in the series).
   */
  readonly vmemmapMap?: "pmd" | "base";
  /** TLB flushes per page or two per batch; default the kernel's choice. */
  readonly flush?: "page" | "batch";
  /** Free pages at once, or by a worker whose time is reported separately; default the kernel's choice. */
  readonly free?: "sync" | "deferred";
  /** Huge pages side by side (default), or one at the start of each memory section. */
  readonly placement?: "dense" | "spread";
  /** DRAM of the machine; default as much as the pages need. */
  readonly dram?: number;
  /** CPUs, all of which a flush interrupts; default 1. */
  readonly cpus?: number;
  /** Free the pages at the end; default true. Restoring needs host memory for all of their struct pages. */
  readonly giveBack?: boolean;
}

/** The options with every default filled in; `kernel` is a spec: a preset with the switches that differ from it. */
export type HugetlbConfig = Required<Omit<HugetlbOptions, "kernel">> & { readonly kernel: string };

/** Vmemmap pages kept; default the kernel's choice. */
export const KEEP_ROW = {
  ...valueRow("keep", "1|2", "vmemmap pages kept per huge page (default: the kernel's)", readKeep, String),
  check: (given: number) => oneOf("keep", given, [1, 2]),
};

function readKeep(text: string): number {
  if (text === "1" || text === "2") return Number(text);
  throw new RangeError(`expected 1 or 2, got "${text}"`);
}

/** The options of a pool, each with its flag. */
export const HUGETLB_ROWS = {
  size: byDefault(sizeRow("size", "huge page size of the architecture", "2M|1G"), 2 ** 21),
  count: required(countRow("count", "number of huge pages", [1, Number.MAX_SAFE_INTEGER])),
  ...MACHINE_ROWS,
  hugetlbFreeVmemmap: switchRow("hugetlbFreeVmemmap", "hugetlb_free_vmemmap=off: do not free vmemmap", true),
  keep: KEEP_ROW,
  vmemmapMap: byDefault(
    wordRow("vmemmap-map", "map the memmap by leaves, split on demand, or by base pages", ["pmd", "base"]),
    "pmd",
  ),
  flush: wordRow("flush", "one TLB flush per page, or two per batch (default: the kernel's)", ["page", "batch"]),
  free: wordRow("free", "free pages at once, or in a worker (default: the kernel's)", ["sync", "deferred"]),
  placement: byDefault(
    wordRow("placement", "huge pages side by side, or one per memory section", ["dense", "spread"]),
    "dense",
  ),
  dram: sizeRow("dram", "DRAM of the box (default: as needed by the pages)"),
  cpus: byDefault(countRow("cpus", "CPUs that receive flush interrupts", [1, NR_CPUS], "CPUs"), 1),
  cost: COST_ROW,
  giveBack: switchRow("giveBack", "keep the pages: releasing them needs memory for all their struct pages", true),
  ...RUN_ROWS,
} satisfies OptionRows<HugetlbOptions>;

/**
 * Fills in defaults and checks what can be checked without a machine. RangeError saying what was given and what is
 * allowed, TypeError for a switch that is not a boolean.
 */
export function hugetlbConfig(options: HugetlbOptions): HugetlbConfig {
  const given = fillIn(options, HUGETLB_ROWS);
  const { size, count, placement, structPageSize } = given;
  const arch = archNamed(given.arch);
  const kernel = kernelConfig(given.kernel);
  const sizes = arch.hugetlbSizes.map((s) => s.bytes);
  if (!sizes.includes(size)) {
    throw new RangeError(
      `Cannot make huge pages of ${formatSize(size)}: ${arch.name} has ${sizes.map(formatSize).join(", ")}`,
    );
  }
  if (placement === "spread" && size > 2 ** arch.sectionShift) {
    throw new RangeError(
      `Cannot spread pages of ${formatSize(size)}: a section has ${formatSize(2 ** arch.sectionShift)}`,
    );
  }
  const dram = given.dram ?? dramBytes(arch, size, count, structPageSize, placement);
  const most = 2 ** 31 * pageBytes(arch);
  if (dram >= most) {
    throw new RangeError(
      `Cannot hold ${count} pages of ${formatSize(size)}: ${formatSize(dram)} of DRAM, ` +
        `expected less than ${formatSize(most)}`,
    );
  }
  return {
    ...given,
    keep: given.keep ?? kernel.hugetlbKeep,
    flush: given.flush ?? kernel.hugetlbFlush,
    free: given.free ?? kernel.hugetlbFree,
    dram,
  };
}

/** Boots the machine. RangeError if the host lacks memory for it. */
export function bootHugetlbBox(config: HugetlbConfig, more: BootOptions = {}): Kernel {
  const arch = ARCHS[config.arch];
  const contents = more.contents ?? true;
  const need = hostBytes(config, arch, contents);
  requireHostMemory(need, config.hostMemory, contents ? "see --no-give-back" : "");
  return boot({
    arch,
    kernel: kernelOf(config),
    dram: [config.dram],
    structPageSize: config.structPageSize,
    hugetlbFreeVmemmap: config.hugetlbFreeVmemmap,
    vmemmapMap: config.vmemmapMap,
    cpus: config.cpus,
    hostMemoryBytes: config.hostMemory,
    ...more,
  });
}

function kernelOf({ kernel, keep, flush, free }: HugetlbConfig): KernelConfig {
  return { ...kernelConfig(kernel), hugetlbKeep: keep === 1 ? 1 : 2, hugetlbFlush: flush, hugetlbFree: free };
}

/** DRAM for the pages, its own memmap, and what alignment and the hole below 4 GiB waste. */
function dramBytes(arch: Arch, size: number, count: number, structPageSize: number, placement: string): number {
  const page = pageBytes(arch);
  const each = placement === "spread" ? 2 ** arch.sectionShift : size;
  const memmapShare = structPageSize / page;
  return alignUp(count * each / (1 - 1.05 * memmapShare), arch.regionAlignBytes) +
    4 * Math.max(each, arch.regionAlignBytes);
}

/**
 * Estimate of the host memory that a run commits: the struct pages of the huge pages that exist at once, those of
 * boot's memmap, page tables, and the emulator's own data.
 */
function hostBytes(config: HugetlbConfig, arch: Arch, contents: boolean): number {
  const page = pageBytes(arch);
  const memmap = config.dram / page * config.structPageSize;
  const whole = config.size / page * config.structPageSize;
  const kept = config.hugetlbFreeVmemmap ? Math.min(whole, config.keep * page) : whole;
  const alive = config.count * (config.giveBack || config.flush === "batch" ? whole : kept);
  const tables = memmap / 2 ** arch.format.tableShift;
  // Struct pages that are not written take no host memory.
  const written = contents ? alive + memmap / page * config.structPageSize : 0;
  return written + tables + config.dram / page / 4 + 64 * 2 ** 20;
}
