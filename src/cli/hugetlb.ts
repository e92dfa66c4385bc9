// SPDX-License-Identifier: GPL-2.0-only
// `lab hugetlb`: what freeing the vmemmap of huge pages gains, and how long each page takes.

import { ARCHS } from "../arch/archs.ts";
import { formatBuckets } from "../lib/log2_hist.ts";
import { formatSize, humanSize } from "../lib/units.ts";
import { type HugetlbReport, hugetlbReport, type HugetlbSizeRow, hugetlbSizes } from "../scenario/hugetlb.ts";
import { type Command, CommandError, type Flags } from "./command.ts";
import {
  choiceFlag,
  COST_FLAG,
  KERNEL_FLAGS,
  kernelFlag,
  modelText,
  NAMESPACE_FLAGS,
  numberFlag,
  onlyWith,
  sizeFlag,
} from "./flags.ts";
import { hostMemory } from "./host.ts";
import { table } from "./table.ts";
import type { HugetlbOptions } from "../scenario/hugetlb_box.ts";

/** The command. */
export const hugetlbCommand: Command = {
  name: "hugetlb",
  summary: "make a pool of huge pages, free their vmemmap, give them back",
  flags: {
    size: { value: "2M|1G", help: "huge page size, one the architecture has", fallback: "2M" },
    count: { value: "N", help: "huge pages to make" },
    ...KERNEL_FLAGS,
    arch: { value: "ARCH", help: Object.keys(ARCHS).join(", "), fallback: "x86-64" },
    "struct-page": NAMESPACE_FLAGS["struct-page"],
    off: { value: "", help: "hugetlb_free_vmemmap=off: leave the vmemmap alone" },
    keep: { value: "1|2", help: "vmemmap pages kept per huge page (default: the kernel's)" },
    vmemmap: { value: "pmd|base", help: "memmap in leaves, split on demand, or in base pages", fallback: "pmd" },
    flush: { value: "page|batch", help: "a TLB flush per page, or two per batch (default: the kernel's)" },
    free: { value: "sync|deferred", help: "pages given back at once, or by a worker (default: the kernel's)" },
    spread: { value: "", help: "one huge page per memory section instead of side by side" },
    dram: { value: "SIZE", help: "DRAM of the box (default: what the pages need)" },
    cpus: { value: "N", help: "CPUs that flushes interrupt", fallback: "1" },
    ...COST_FLAG,
    "no-free": { value: "", help: "keep the pages: giving back needs memory for all their struct pages" },
    sizes: { value: "", help: "list every size of every architecture instead" },
  },
  run: (flags) => {
    if (flags.has("sizes")) {
      onlyWith(flags, hugetlbCommand, "sizes", ["keep"]);
      const rows = hugetlbSizes(flags.has("keep") ? keepFlag(flags) : 1);
      return { report: { sizes: rows }, text: sizesText(rows) };
    }
    const report = hugetlbReport(hugetlbOptions(flags));
    return { report, text: text(report) };
  },
};

/** What the flags ask for. */
export function hugetlbOptions(flags: Flags): HugetlbOptions {
  const memory = hostMemory();
  return {
    size: sizeFlag(flags, "size"),
    count: numberFlag(flags, "count"),
    kernel: kernelFlag(flags),
    arch: flags.text("arch"),
    structPageSize: numberFlag(flags, "struct-page"),
    optimize: !flags.has("off"),
    ...(flags.has("keep") ? { keep: keepFlag(flags) } : {}),
    vmemmapMap: choiceFlag(flags, "vmemmap", ["pmd", "base"]),
    ...(flags.has("flush") ? { flush: choiceFlag(flags, "flush", ["page", "batch"]) } : {}),
    ...(flags.has("free") ? { free: choiceFlag(flags, "free", ["sync", "deferred"]) } : {}),
    placement: flags.has("spread") ? "spread" : "dense",
    ...(flags.has("dram") ? { dram: sizeFlag(flags, "dram") } : {}),
    cpus: numberFlag(flags, "cpus"),
    cost: flags.text("cost"),
    giveBack: !flags.has("no-free"),
    ...(memory === undefined ? {} : { hostMemory: memory }),
  };
}

function keepFlag(flags: Flags): 1 | 2 {
  const keep = numberFlag(flags, "keep");
  if (keep !== 1 && keep !== 2) throw new CommandError(`--keep: expected 1 or 2, got "${keep}"`);
  return keep;
}

function text(report: HugetlbReport): string {
  const { config, counters } = report;
  const page = ARCHS[config.arch];
  const frames = (n: number) => `${String(n).padStart(10)} pages  ${humanSize(n * 2 ** page.format.pageShift)}`;
  return [
    `${config.count} huge pages of ${formatSize(config.size)}, ${config.placement}, kernel ${config.kernel}, ` +
    `${config.arch}: ${subject(report)}`,
    `  vmemmap freed     ${frames(report.freedPages)}`,
    `  PTE tables        ${frames(report.pteTables)}`,
    `  net saved         ${frames(report.netSavedPages)}`,
    `  TLB flushes       ${String(counters.alloc.tlbFlushes).padStart(10)} to make, ${
      counters.free?.tlbFlushes ?? "-"
    } to give back`,
    `  made in           ${report.allocMs.toFixed(1).padStart(10)} ms of the emulator`,
    ...(report.freeMs === null ? [] : [
      `  given back in     ${report.freeMs.toFixed(1).padStart(10)} ms` +
      (config.free === "deferred" ? `, and ${report.workerMs!.toFixed(1)} ms of the worker's` : ""),
    ]),
    `  model time        ${modelText(report.modelAllocMs, config.cost)} to make`,
    ...(report.freeMs === null
      ? []
      : [`                    ${modelText(report.modelFreeMs, config.cost)} to give back`]),
    ...histogram("alloc_fresh_huge_page", report.histogram),
    ...histogram("__free_hugepage", report.freeHistogram),
  ].join("\n");
}

/** What is done to the pages, or why nothing is. */
function subject({ config, vmemmapPages, notOptimizable }: HugetlbReport): string {
  const reasons = {
    "too-small": `${vmemmapPages} vmemmap pages each, too few to free any`,
    "struct-page-size": `sizeof(struct page) ${config.structPageSize} is no power of two, nothing can be freed`,
    "used-subpages": `${config.keep} vmemmap page cannot hold the struct pages in use, nothing can be freed`,
  };
  if (notOptimizable !== null) return reasons[notOptimizable];
  if (!config.optimize) return "vmemmap left alone";
  const caution = ARCHS[config.arch].remapsLiveEntries ? "" : "; off in mainline since 6.3 (break-before-make)";
  return `${config.keep} of ${vmemmapPages} vmemmap pages kept${caution}`;
}

function histogram(what: string, buckets: HugetlbReport["histogram"]): string[] {
  return buckets.length === 0 ? [] : ["", `@latency[${what}], ns:`, ...formatBuckets(buckets)];
}

function sizesText(rows: readonly HugetlbSizeRow[]): string {
  return table([
    ["arch", "page", "size", "mapped by", "vmemmap", "freed", "why not"],
    ...rows.map((row) => [
      row.arch,
      formatSize(row.pageBytes),
      formatSize(row.size),
      row.mappedBy,
      String(row.vmemmapPages),
      String(row.freedPages),
      row.notOptimizable ?? "",
    ]),
  ], 1).join("\n");
}
