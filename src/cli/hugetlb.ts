// SPDX-License-Identifier: GPL-2.0-only
// `lab hugetlb`: what freeing the vmemmap of huge pages gains, and how long each page takes.

import { ARCHS } from "../arch/archs.ts";
import { formatBuckets } from "../lib/log2_hist.ts";
import { formatSize, humanSize } from "../lib/units.ts";
import { type HugetlbReport, hugetlbReport, type HugetlbSizeRow, hugetlbSizes } from "../scenario/hugetlb.ts";
import { HUGETLB_ROWS, KEEP_ROW } from "../scenario/hugetlb_box.ts";
import { type Command, CommandError } from "./command.ts";
import { modelText, onlyWith } from "./flags.ts";
import { checkedText, exitCode } from "./checked.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { table } from "./table.ts";

/** The command. */
export const hugetlbCommand: Command = {
  name: "hugetlb",
  summary: "make a pool of huge pages with freed vmemmap, then release it",
  example: "--count 64 --size 2M",
  flags: { ...flagsOf(HUGETLB_ROWS), sizes: { value: "", help: "only list the sizes of every architecture" } },
  csv: (report) => "sizes" in report ? report.sizes as HugetlbSizeRow[] : [report],
  run: (flags) => {
    if (flags.has("sizes")) {
      onlyWith(flags, hugetlbCommand, "sizes", ["keep"]);
      const { keep } = optionsOf<{ readonly keep?: 1 | 2 }>(flags, { keep: KEEP_ROW });
      const sizes = hugetlbSizes(keep ?? 1);
      return { report: { sizes }, text: sizesText(sizes) };
    }
    if (flags.has("no-hugetlb-free-vmemmap") && flags.has("keep")) {
      throw new CommandError("hugetlb: --keep has no effect with --no-hugetlb-free-vmemmap: the vmemmap is not freed");
    }
    const report = hugetlbReport(optionsOf(flags, HUGETLB_ROWS));
    return { report, text: text(report), code: exitCode(report.invariants) };
  },
};

function text(report: HugetlbReport): string {
  const { config, allocCounters, freeCounters } = report;
  const page = ARCHS[config.arch];
  const frames = (n: number) => `${String(n).padStart(10)} pages  ${humanSize(n * 2 ** page.format.pageShift)}`;
  return [
    `${config.count} huge pages of ${formatSize(config.size)}, ${config.placement}, kernel ${config.kernel}, ` +
    `${config.arch}: ${subject(report)}`,
    `  vmemmap freed     ${frames(report.freedPages)}`,
    `  PTE tables        ${frames(report.pteTables)}`,
    `  net saved         ${frames(report.netSavedPages)}`,
    `  TLB flushes       ${String(allocCounters.tlbFlushes).padStart(10)} to allocate, ${
      freeCounters?.tlbFlushes ?? "-"
    } to free`,
    `  allocated in      ${report.hostAllocMs.toFixed(1).padStart(10)} ms of the emulator`,
    ...(report.hostFreeMs === null ? [] : [
      `  freed in          ${report.hostFreeMs.toFixed(1).padStart(10)} ms` +
      (config.free === "deferred" ? `, and ${report.hostWorkerMs!.toFixed(1)} ms of the worker's` : ""),
    ]),
    `  model time        ${modelText(report.modelAllocMs, config.cost)} to allocate`,
    ...(report.hostFreeMs === null
      ? []
      : [`                    ${modelText(report.modelFreeMs, config.cost)} to free`]),
    ...checkedText(report.invariants),
    ...histogram("alloc_fresh_huge_page", report.allocHistogram),
    ...histogram("__free_hugepage", report.freeHistogram),
  ].join("\n");
}

/** How the pages are optimised, or why they are not. */
function subject({ config, vmemmapPagesPerHugePage: vmemmapPages, notOptimizable }: HugetlbReport): string {
  const reasons = {
    "too-small": `${vmemmapPages} vmemmap pages each, too few to free any`,
    "struct-page-size": `sizeof(struct page) ${config.structPageSize} is not a power of two: nothing can be freed`,
    "used-subpages": `${config.keep} vmemmap page cannot hold the struct pages in use, nothing can be freed`,
    "arch": `${config.arch} cannot remap live entries (break-before-make), off since 6.3`,
    "tail-links": "tails name their head, so that one page of them cannot serve all",
  };
  if (notOptimizable !== null) return reasons[notOptimizable];
  if (!config.hugetlbFreeVmemmap) return "vmemmap left alone";
  const caution = ARCHS[config.arch].remapsLiveEntries ? "" : "; off in mainline since 6.3 (break-before-make)";
  return `${config.keep} of ${vmemmapPages} vmemmap pages kept${caution}`;
}

function histogram(what: string, buckets: HugetlbReport["allocHistogram"]): string[] {
  return buckets.length === 0 ? [] : ["", `@latency[${what}], ns:`, ...formatBuckets(buckets)];
}

function sizesText(rows: readonly HugetlbSizeRow[]): string {
  return table([
    ["arch", "page", "size", "mapped by", "vmemmap", "freed", "why not"],
    ...rows.map((row) => [
      row.arch,
      formatSize(row.pageBytes),
      formatSize(row.sizeBytes),
      row.mappedBy,
      String(row.vmemmapPagesPerHugePage),
      String(row.freedPages),
      row.notOptimizable ?? "",
    ]),
  ], 1).join("\n");
}
