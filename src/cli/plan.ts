// SPDX-License-Identifier: GPL-2.0-only
// `lab plan`: each policy side by side, before anything is created.

import { formatSize, humanSize } from "../lib/units.ts";
import {
  PLAN_ROWS,
  type PlanOptions,
  type PlanPool,
  type PlanReport,
  planReport,
  type PlanRow,
  type PlanSize,
} from "../scenario/plan.ts";
import { type Command, CommandError } from "./command.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { table } from "./table.ts";

/** The command. */
export const planCommand: Command = {
  name: "plan",
  summary: "compare what each policy costs, and which size to ask for",
  flags: flagsOf(PLAN_ROWS),
  run: (flags) => {
    if (flags.has("set") && !flags.has("kernel")) throw new CommandError("plan: --set needs --kernel");
    const options = optionsOf<PlanOptions>(flags, PLAN_ROWS);
    if (options.pmem === undefined && options.usable === undefined && options.hugetlb === undefined) {
      throw new CommandError("plan: nothing to plan: give --pmem SIZE, --hugetlb SIZE:N or --usable SIZE");
    }
    const show = progress();
    try {
      const report = planReport(options, (what) => show(`counting ${what}`));
      return { report, text: text(report) };
    } finally {
      // A complaint has a line of its own.
      show("");
    }
  },
};

/** Says on a terminal what is being counted; each line takes the place of the one before. */
function progress(): (what: string) => void {
  if (!Deno.stderr.isTerminal()) return () => {};
  const encoder = new TextEncoder();
  return (what) => void Deno.stderr.writeSync(encoder.encode(`\r\x1b[K${what}`));
}

function text(report: PlanReport): string {
  const { pmem, usable } = report.config;
  const parts: string[] = [];
  if (pmem !== undefined) {
    parts.push(`${formatSize(pmem)} of pmem in one namespace:`, namespaceTable(report.namespaces));
  }
  if (report.pools.length > 0) parts.push("Huge pages in DRAM:", poolTable(report.pools));
  if (usable !== undefined) parts.push(`For ${formatSize(usable)} of data, ask for:`, sizeTable(report.sizes));
  return parts.join("\n");
}

const percent = (n: number) => `${n.toFixed(4)} %`;

function poolTable(rows: readonly PlanPool[]): string {
  return rowsText([
    ["kernel", "pages", "of", "memmap", "saved", "lost", ""],
    ...rows.map((row) => [
      row.optimize ? row.kernel : "off",
      formatSize(row.size),
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
    ["kernel", "map", "pages", "DRAM lost", "", "pmem lost", "", "usable"],
    ...rows.map((row) => [
      row.kernel,
      row.map,
      formatSize(row.align),
      ...(row.error === null
        ? [
          humanSize(row.dramBytes!),
          percent(row.dramPercent!),
          humanSize(row.pmemBytes!),
          percent(row.pmemPercent!),
          left(row.usableBytes!),
        ]
        : [row.error]),
    ]),
  ]);
}

function sizeTable(rows: readonly PlanSize[]): string {
  return rowsText([
    ["map", "pages", "-s", "bytes", "usable", "not data"],
    ...rows.map(({ map, align, size, usableBytes }) => [
      map,
      formatSize(align),
      formatSize(size),
      String(size),
      left(usableBytes),
      humanSize(size - usableBytes),
    ]),
  ]);
}

/** What is left is compared with what was asked for, so it gets more digits, and stays in GiB where it has some. */
function left(bytes: number): string {
  return bytes < 2 ** 30 ? humanSize(bytes) : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

/** The tables of this command: indented, the first two columns on the left. */
function rowsText(rows: readonly (readonly string[])[]): string {
  return table(rows, 2).map((line) => `  ${line}`).join("\n");
}
