// SPDX-License-Identifier: GPL-2.0-only
// `lab plan`: each policy side by side, before anything is created.

import { formatSize, humanSize } from "../lib/units.ts";
import { type PlanOptions, type PlanReport, planReport, type PlanRow, type PlanSize } from "../scenario/plan.ts";
import { type Command, CommandError, type Flags } from "./command.ts";
import { choiceFlag, sizeFlag } from "./flags.ts";
import { hostMemory } from "./host.ts";

/** The command. */
export const planCommand: Command = {
  name: "plan",
  summary: "compare what each policy costs, and which size to ask for",
  flags: {
    pmem: { value: "SIZE", help: "pmem to put into one namespace, a multiple of 16M" },
    usable: { value: "SIZE", help: "data a namespace must have: prints the -s to ask for" },
    align: { value: "4K|2M|1G", help: "only this page size (default: all)" },
    map: { value: "mem|dev", help: "only this place for the memmap (default: both)" },
    kernel: { value: "PRESET", help: "only this kernel (default: all)" },
    arch: { value: "ARCH", help: "x86-64", fallback: "x86-64" },
  },
  run: (flags) => {
    const options = planOptions(flags);
    if (options.pmem === undefined && options.usable === undefined) {
      throw new CommandError("plan: nothing to plan: give --pmem SIZE, --usable SIZE, or both");
    }
    const report = planReport(options, progress());
    return { report, text: text(report) };
  },
};

function planOptions(flags: Flags): PlanOptions {
  const memory = hostMemory();
  return {
    ...(flags.has("pmem") ? { pmem: sizeFlag(flags, "pmem") } : {}),
    ...(flags.has("usable") ? { usable: sizeFlag(flags, "usable") } : {}),
    ...(flags.has("align") ? { align: sizeFlag(flags, "align") } : {}),
    ...(flags.has("map") ? { map: choiceFlag(flags, "map", ["mem", "dev"]) } : {}),
    ...(flags.has("kernel") ? { kernel: flags.text("kernel") } : {}),
    arch: flags.text("arch"),
    ...(memory === undefined ? {} : { hostMemory: memory }),
  };
}

/** Says on a terminal what is being counted; each line takes the place of the one before. */
function progress(): (what: string) => void {
  if (!Deno.stderr.isTerminal()) return () => {};
  const encoder = new TextEncoder();
  return (what) => void Deno.stderr.writeSync(encoder.encode(`\r\x1b[Kcounting ${what}\r`));
}

function text(report: PlanReport): string {
  const { pmem, usable } = report.config;
  const parts: string[] = [];
  if (pmem !== undefined) {
    parts.push(`${formatSize(pmem)} of pmem in one namespace:`, namespaceTable(report.namespaces));
  }
  if (usable !== undefined) parts.push(`For ${formatSize(usable)} of data, ask for:`, sizeTable(report.sizes));
  return parts.join("\n");
}

function namespaceTable(rows: readonly PlanRow[]): string {
  const percent = (n: number) => `${n.toFixed(4)} %`;
  return table([
    ["kernel", "map", "pages", "DRAM lost", "", "pmem lost", "", "usable"],
    ...rows.map((row) => [
      row.kernel,
      row.map,
      formatSize(row.align),
      ...(row.error === null
        ? [
          humanSize(row.dramBytes),
          percent(row.dramPercent),
          humanSize(row.pmemBytes),
          percent(row.pmemPercent),
          gibs(row.usableBytes),
        ]
        : [row.error, "", "", "", ""]),
    ]),
  ]);
}

function sizeTable(rows: readonly PlanSize[]): string {
  return table([
    ["map", "pages", "-s", "bytes", "usable", "not data"],
    ...rows.map(({ map, align, size, usableBytes }) => [
      map,
      formatSize(align),
      formatSize(size),
      String(size),
      gibs(usableBytes),
      humanSize(size - usableBytes),
    ]),
  ]);
}

/** What is left is compared with what was asked for, so it gets more digits. */
function gibs(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

/** Columns as wide as they need to be; the first two on the left. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) => `  ${row.map((cell, i) => i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")}`)
    .join("\n");
}
