// SPDX-License-Identifier: GPL-2.0-only
/**
 * An emulated pmem machine that runs the kernel paths which build, share, shrink and tear down `struct page` metadata.
 *
 * Every number a report carries under `pages`, `structPages` or `counters` was counted while the emulator worked:
 * frames taken from its buddy allocator, entries written to its page tables, struct pages written to its memory. Sizes
 * are bytes, powers of 1024; frames and pages are base pages (4 KiB on x86-64); times are milliseconds of the host,
 * except model time: what a machine like the documents' would take for the counted work.
 *
 * @example What a 1 GiB device-dax namespace costs, before and after tail pages are shared
 * ```ts
 * import { namespaceReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const { pages, baseline } = namespaceReport({ size: 2 ** 30, align: 2 ** 21, kernel: "v7" });
 * assertEquals(baseline.pages.dramTotal, 4096); // 16 MiB of struct pages
 * assertEquals(pages.dramTotal, 1024 + 8); // 2 of 8 pages per 2 MiB, and 8 PTE tables
 * ```
 *
 * @module
 */
export { NamespaceError, namespaceReport } from "./src/scenario/namespace.ts";
export type { NamespacePages, NamespaceReport } from "./src/scenario/namespace.ts";
export { namespacesReport } from "./src/scenario/namespaces.ts";
export type {
  NamespaceRow,
  NamespacesConfig,
  NamespaceShare,
  NamespacesOptions,
  NamespacesReport,
} from "./src/scenario/namespaces.ts";
export type { NamespaceConfig, NamespaceOptions } from "./src/scenario/box.ts";
export type { NamespaceMode } from "./src/drivers/nvdimm/namespace.ts";
export type { MapMode } from "./src/drivers/nvdimm/pfn_devs.ts";
export { gupReport } from "./src/scenario/gup.ts";
export type { GupConfig, GupOptions, GupReport } from "./src/scenario/gup.ts";
export { gupJobsReport } from "./src/scenario/gup_jobs.ts";
export type { GupJobsOptions, GupJobsReport } from "./src/scenario/gup_jobs.ts";
export type { GupMode } from "./src/include/gup.ts";
export type { GupTestResult } from "./src/mm/gup/ioctl.ts";
export { hugetlbReport, hugetlbSizes } from "./src/scenario/hugetlb.ts";
export type { HugetlbReport, HugetlbSizeRow } from "./src/scenario/hugetlb.ts";
export type { HugetlbConfig, HugetlbOptions } from "./src/scenario/hugetlb_box.ts";
export type { NotOptimizable } from "./src/include/hugetlb.ts";
export type { HistogramBucket } from "./src/lib/log2_hist.ts";
export { layoutReport } from "./src/scenario/layout.ts";
export type { LayoutFrame, LayoutOptions, LayoutReport, LayoutTable } from "./src/scenario/layout.ts";
export { hotplugReport } from "./src/scenario/hotplug.ts";
export type { HotplugBlock, HotplugReport, HotplugRun, HotplugState } from "./src/scenario/hotplug.ts";
export type { DaxCut } from "./src/scenario/hotplug_source.ts";
export type { AddressRange } from "./src/scenario/address_range.ts";
export type { HotplugConfig, HotplugOptions } from "./src/scenario/hotplug_box.ts";
export { mhpFences } from "./src/scenario/mhp_fences.ts";
export type { MhpFence } from "./src/scenario/mhp_fences.ts";
export type { MemmapMapping } from "./src/scenario/hotplug_memmap.ts";
export type { MhpRefusal } from "./src/mm/hotplug/memmap_on_memory.ts";
export type { OnlineType } from "./src/include/memory.ts";
export { planReport } from "./src/scenario/plan.ts";
export type { Checked, InvariantCheck } from "./src/scenario/checked.ts";
export type {
  PlanConfig,
  PlanOptions,
  PlanPool,
  PlanRange,
  PlanReport,
  PlanRow,
  PlanSize,
  PlanTotal,
  PoolSize,
} from "./src/scenario/plan_types.ts";
export { readBox } from "./src/box/join.ts";
export type { BoxText } from "./src/box/join.ts";
export { boxReport } from "./src/box/report.ts";
export type { BoxReport, BoxTotal } from "./src/box/report.ts";
export type { BoxCost, Spent } from "./src/box/costs.ts";
export type { BoxCheck } from "./src/box/checks.ts";
export type { BoxLever, Gains } from "./src/box/lever.ts";
export type {
  Box,
  BoxDram,
  BoxFigure,
  BoxKernel,
  BoxNamespace,
  BoxPool,
  BoxRam,
  BoxRegion,
  Contradiction,
} from "./src/box/box.ts";
export type { Note, Place } from "./src/box/facts.ts";
export { TRACE_PATHS, traceReport } from "./src/scenario/trace.ts";
export type { TraceOptions, TracePath, TraceReport } from "./src/scenario/trace.ts";
export { workBetween } from "./src/trace/recorder.ts";
export type { TraceEvent, TraceFilter, TraceWork } from "./src/trace/recorder.ts";
export { foldTrace } from "./src/trace/fold.ts";
export type { TraceCall, TraceLoop, TraceStep } from "./src/trace/fold.ts";
export { graphLines } from "./src/trace/graph.ts";
export { chromeTrace } from "./src/trace/perfetto.ts";
export type { ChromeEvent, ChromeTrace } from "./src/trace/perfetto.ts";
export type { TraceValue } from "./src/mm/kernel.ts";
export { boot } from "./src/scenario/booted.ts";
export type { BootedMachine, MachineOptions, MadeNamespace, NamespaceOnMachine } from "./src/scenario/booted.ts";
export { KernelPanic } from "./src/lib/bug.ts";
export { formatSize, humanSize, parseSize } from "./src/lib/units.ts";
export { COSTS } from "./src/model/cost_tables.ts";
export type { CostTable } from "./src/model/cost_tables.ts";
export type { HugetlbCost } from "./src/model/hugetlb.ts";
export type { TermName } from "./src/model/terms.ts";
export { lineageReport } from "./src/scenario/lineage.ts";
export type { LineageChange, LineageCost, LineageOptions, LineageReport, LineageRow } from "./src/scenario/lineage.ts";
export { PRESETS } from "./src/include/kernel_config.ts";
export { SWITCHES } from "./src/include/kernel_switches.ts";
export type { Switch, SwitchValue } from "./src/include/kernel_switches.ts";
export { kernelChanges, kernelConfig, kernelSpec } from "./src/kernels.ts";
export type { SwitchChange } from "./src/kernels.ts";
export type { Errata, GupVariant, KernelConfig, SelfHostedVmemmap, VmemmapDedup } from "./src/include/kernel_config.ts";
export type { StructPageGeneration } from "./src/include/page_layout.ts";
export { COUNTERS } from "./src/mm/vmstat.ts";
export type { CounterName, CounterValues } from "./src/mm/vmstat.ts";
