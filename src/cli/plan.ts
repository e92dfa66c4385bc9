// SPDX-License-Identifier: GPL-2.0-only
// `lab plan`: compares policies before anything is created.

import { formatSize, humanSize } from "../lib/units.ts";
import { PLAN_ROWS, planReport } from "../scenario/plan.ts";
import type {
  PlanOptions,
  PlanPool,
  PlanRange,
  PlanReport,
  PlanRow,
  PlanSize,
  PlanTotal,
} from "../scenario/plan_types.ts";
import { type Command, CommandError } from "./command.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { ProgressBar } from "./progress.ts";
import { table } from "./table.ts";

/** The command. */
export const planCommand: Command = {
  name: "plan",
  summary: "compare the cost of each policy, and find the size to request",
  example: "--pmem 1G --align 2M",
  flags: flagsOf(PLAN_ROWS),
  csv: (report) => {
    const { namespaces, pools, ranges, totals, sizes } = report as PlanReport;
    const tables = { namespace: namespaces, pool: pools, range: ranges, total: totals, size: sizes };
    return Object.entries(tables).flatMap(([table, rows]) => rows.map((row) => ({ table, ...row })));
  },
  run: (flags) => {
    if (flags.has("set") && !flags.has("kernel")) throw new CommandError("plan: --set needs --kernel");
    const options = optionsOf<PlanOptions>(flags, PLAN_ROWS);
    if (!["pmem", "usable", "hugetlb", "hotplug"].some((name) => flags.has(name))) {
      throw new CommandError(
        "plan: nothing to plan: give --pmem SIZE, --hugetlb SIZE:N, --hotplug SIZE or --usable SIZE",
      );
    }
    using bar = new ProgressBar("counted");
    let counted = 0;
    const report = planReport(options, (what) => bar.update(counted++, null, what));
    return { report, text: text(report) };
  },
};

function text(report: PlanReport): string {
  const { pmem, usable, hotplug } = report.config;
  const parts: string[] = [];
  for (const region of new Set(pmem)) {
    const times = pmem.filter((size) => size === region).length;
    parts.push(`${formatSize(region)} of pmem in one namespace${times > 1 ? `, ${times} of them, each` : ""}:`);
    parts.push(namespaceTable(report.namespaces.filter((row) => row.regionBytes === region)));
  }
  if (report.pools.length > 0) parts.push("Huge pages in DRAM:", poolTable(report.pools));
  if (hotplug.length > 0) parts.push("Memory that is plugged:", rangeTable(report.ranges));
  if (report.totals.length > 0) parts.push("All of it together:", totalTable(report.totals));
  if (usable !== null) parts.push(`For ${formatSize(usable)} of data, ask for:`, sizeTable(report.sizes));
  return parts.join("\n");
}

const percent = (n: number) => `${n.toFixed(4)} %`;

/** Merges rows that differ only in their kernel. */
function merged<R extends { readonly kernel: string }>(rows: readonly R[]): R[] {
  const found = new Map<string, R>();
  for (const row of rows) {
    const key = JSON.stringify({ ...row, kernel: "" });
    const same = found.get(key);
    if (same?.kernel.split(", ").includes(row.kernel)) continue;
    found.set(key, same === undefined ? row : { ...same, kernel: `${same.kernel}, ${row.kernel}` });
  }
  return [...found.values()];
}

function poolTable(rows: readonly PlanPool[]): string {
  return rowsText([
    ["kernel", "pages", "of", "memmap", "saved", "lost", ""],
    ...merged(rows.map((row) => row.hugetlbFreeVmemmap ? row : { ...row, kernel: "off" })).map((row) => [
      row.kernel,
      formatSize(row.sizeBytes),
      String(row.count),
      humanSize(row.memmapBytes),
      humanSize(row.savedBytes),
      humanSize(row.lostBytes),
      percent(row.lostPercent),
    ]),
  ]);
}

function namespaceTable(rows: readonly PlanRow[]): string {
  return rowsText([
    ["kernel", "map", "pages", "DRAM lost", "", "direct map", "pmem lost", "", "usable"],
    ...merged(rows).map((row) => [
      row.kernel,
      row.map,
      formatSize(row.alignBytes),
      ...(row.why === null
        ? [
          humanSize(row.dramBytes!),
          percent(row.dramPercent!),
          humanSize(row.directMapBytes!),
          humanSize(row.pmemBytes!),
          percent(row.pmemPercent!),
          left(row.usableBytes!),
        ]
        : [row.why]),
    ]),
  ]);
}

function rangeTable(rows: readonly PlanRange[]): string {
  return rowsText([
    ["kernel", "memmap_on_memory", "size", "DRAM lost", "direct map", "on the memory", ""],
    ...merged(rows).map((row) => [
      row.kernel,
      row.memmapOnMemory ? "on" : "off",
      formatSize(row.sizeBytes),
      humanSize(row.dramBytes),
      humanSize(row.directMapBytes),
      humanSize(row.onMemoryBytes),
      row.refusedBy.length === 0 ? "" : `refused by ${row.refusedBy.join(", ")}`,
    ]),
  ]);
}

function totalTable(rows: readonly PlanTotal[]): string {
  return rowsText([
    ["kernel", "map", "pages", "DRAM lost", "pmem lost"],
    ...merged(rows).map((row) => [
      row.kernel,
      row.map ?? "-",
      row.alignBytes === null ? "-" : formatSize(row.alignBytes),
      ...(row.why === null ? [humanSize(row.dramBytes!), humanSize(row.pmemBytes!)] : [row.why]),
    ]),
  ]);
}

function sizeTable(rows: readonly PlanSize[]): string {
  return rowsText([
    ["map", "pages", "-s", "bytes", "usable", "not data"],
    ...rows.map(({ map, alignBytes: align, sizeBytes: size, usableBytes }) => [
      map,
      formatSize(align),
      formatSize(size),
      String(size),
      left(usableBytes),
      humanSize(size - usableBytes),
    ]),
  ]);
}

/**
 * The rest is compared with the requested size, so it has more digits, is in GiB if it has any, and is never rounded
 * up: 1T less 2M is 1023.998 GiB.
 */
function left(bytes: number): string {
  return bytes < 2 ** 30 ? humanSize(bytes) : `${(Math.floor(bytes / 2 ** 30 * 1000) / 1000).toFixed(3)} GiB`;
}

/** The tables of this command: indented, the first two columns left-aligned. */
function rowsText(rows: readonly (readonly string[])[]): string {
  return table(rows, 2).map((line) => `  ${line}`).join("\n");
}
