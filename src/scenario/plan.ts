// SPDX-License-Identifier: GPL-2.0-only
// `lab plan`: what a planner asks before creating anything. Compares policies (kernel, place of the memmap, page size)
// by what each costs of DRAM and pmem. Each row is a namespace created in the emulator, its frames and tables counted,
// its struct pages not written. Pools of huge pages are compared the same way. It also answers which -s leaves a given
// size usable.

import { ARCHS } from "../arch/archs.ts";
import { daxAligns } from "../drivers/dax/bus.ts";
import type { MapMode } from "../drivers/nvdimm/pfn_devs.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { kernelSpec } from "../kernels.ts";
import { formatSize, parseSize } from "../lib/units.ts";
import { namespaceConfig } from "./box.ts";
import { hotplugConfig } from "./hotplug_box.ts";
import {
  ARCH_ROW,
  HOST_MEMORY_ROW,
  KERNEL_ROW,
  listRow,
  optional,
  type OptionRows,
  readPool,
  showPool,
  sizeRow,
  wordRow,
} from "./option_row.ts";
import { archNamed, definedOnly, knownOptions, MOST_MEMORY, multipleOf } from "./options.ts";
import { planNamespaces } from "./plan_namespaces.ts";
import { planPools, poolConfig } from "./plan_pools.ts";
import { planRanges, planTotals } from "./plan_ranges.ts";
import { planSizes } from "./plan_sizes.ts";
import { machineOptions, type PlanConfig, type PlanOptions, type PlanReport, type Policies } from "./plan_types.ts";

const sizesRow = (flag: string, help: string) => listRow(flag, "SIZE,...", help, parseSize, formatSize);

/** The options of a plan, each with its flag; options that are not given are compared. */
export const PLAN_ROWS = {
  pmem: sizesRow("pmem", "pmem regions with one namespace each, multiples of 16M"),
  usable: sizeRow("usable", "usable size that a namespace must have; prints the ndctl -s for it"),
  hugetlb: listRow(
    "hugetlb",
    "SIZE:N,...",
    "huge pages to reserve in DRAM, such as 2M:10240,1G:64",
    readPool,
    showPool,
  ),
  hotplug: sizesRow("hotplug", "DIMMs to hot-add, each of whole memory blocks"),
  align: sizeRow("align", "only this page size (default: all)", "4K|2M|1G"),
  map: wordRow<MapMode>("map", "only this location of the memmap (default: both)", ["mem", "dev"]),
  kernel: optional(KERNEL_ROW, "only this kernel (default: all)"),
  arch: ARCH_ROW,
  hostMemory: HOST_MEMORY_ROW,
} satisfies OptionRows<PlanOptions>;

/**
 * Compares what each policy costs. `progress` is told what is being counted. RangeError for invalid options.
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
  knownOptions(options, Object.keys(PLAN_ROWS));
  const config = planConfig(options);
  const { pmem, usable, hugetlb, hotplug } = config;
  const policies = policiesOf(options);
  refuseEarly(options, config, policies);
  const namespaces = planNamespaces(options, pmem, policies, progress);
  const pools = planPools(options, hugetlb, policies, progress);
  const ranges = planRanges(options, hotplug, policies, progress);
  return {
    config,
    namespaces,
    pools,
    ranges,
    totals: pmem.length + hugetlb.length + hotplug.length > 1 ? planTotals(namespaces, pools, ranges, policies) : [],
    sizes: usable === null ? [] : planSizes(options, usable, policies.places),
  };
}

function planConfig(options: PlanOptions): PlanConfig {
  const { pmem, usable, hugetlb = [], hotplug = [], align, kernel, map } = options;
  for (const [name, list] of Object.entries({ hugetlb, hotplug })) {
    if (!Array.isArray(list)) throw new TypeError(`Cannot plan ${name}: expected an array`);
  }
  const regions = pmem === undefined ? [] : typeof pmem === "number" ? [pmem] : pmem;
  if (regions.length + hugetlb.length + hotplug.length === 0 && usable === undefined) {
    throw new RangeError("Cannot plan without a question: expected pmem, usable, hugetlb or hotplug");
  }
  return {
    pmem: regions,
    usable: usable ?? null,
    hugetlb,
    hotplug,
    align: align ?? null,
    kernel: kernel === undefined ? null : kernelSpec(kernel),
    map: map ?? null,
    arch: archNamed(options.arch).name,
  };
}

/** Refuses invalid options before anything is counted. */
function refuseEarly(
  options: PlanOptions,
  { pmem, usable, hugetlb, hotplug, arch }: PlanConfig,
  { kernels }: Policies,
): void {
  for (const region of pmem) multipleOf("make a namespace of", region, ARCHS[arch].namespaceUnitBytes);
  if (usable !== null) checkUsable(usable);
  const twice = hugetlb.find(({ size }, i) => hugetlb.findIndex((pool) => pool.size === size) < i);
  if (twice !== undefined) {
    throw new RangeError(`Cannot plan huge pages of ${formatSize(twice.size)} twice: expected each size once`);
  }
  for (const { size, count } of hugetlb) {
    poolConfig(options, { sizeBytes: size, count, kernel: kernels[0], hugetlbFreeVmemmap: true });
  }
  for (const size of hotplug) hotplugConfig({ ...machineOptions(options), size, kernel: kernels[0], contents: false });
}

function policiesOf(options: PlanOptions): Policies {
  const { align, kernel, map } = options;
  const arch = archNamed(options.arch);
  // Refuses what it does not know, by name.
  namespaceConfig({
    ...machineOptions(options),
    ...definedOnly({ align, map, kernel }),
    size: 4 * Math.max(arch.regionAlignBytes, align ?? 0),
  });
  const aligns = align === undefined ? daxAligns(arch) : [align];
  const maps: readonly MapMode[] = map === undefined ? ["mem", "dev"] : [map];
  return {
    kernels: kernel === undefined ? Object.keys(PRESETS) : [kernelSpec(kernel)],
    places: maps.flatMap((map) => aligns.map((align) => ({ map, align }))),
  };
}

function checkUsable(usable: number): void {
  if (Number.isSafeInteger(usable) && usable > 0 && usable < MOST_MEMORY) return;
  throw new RangeError(
    `Cannot plan for ${usable} bytes of data: expected a whole number from 1 to less than ${formatSize(MOST_MEMORY)}`,
  );
}
