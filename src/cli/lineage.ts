// SPDX-License-Identifier: GPL-2.0-only
// `lab lineage`: puts one question to every kernel generation, and lists what changed between them.

import { humanSize } from "../lib/units.ts";
import { LINEAGE_ROWS, lineageReport, type LineageRow } from "../scenario/lineage.ts";
import type { Command } from "./command.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { table } from "./table.ts";

/** The command. */
export const lineageCommand: Command = {
  name: "lineage",
  summary: "compare a namespace, pool or DIMM under every kernel, with the commits that changed it",
  example: "--size 128M",
  flags: flagsOf(LINEAGE_ROWS),
  csv: (report) =>
    (report as { rows: LineageRow[] }).rows.map(({ kernel, kind, figures: cost }) => ({ kernel, kind, ...cost })),
  run: (flags) => {
    const report = lineageReport(optionsOf(flags, LINEAGE_ROWS));
    return { report, text: [...costTable(report.rows), "", ...changeLines(report.rows)].join("\n") };
  },
};

const MARKS = { kernel: "", "what-if": "what if", arithmetic: "by arithmetic" };

function costTable(rows: readonly LineageRow[]): string[] {
  const line = ({ kernel, what, kind, figures: cost, why: error }: LineageRow): string[] => {
    const name = MARKS[kind] === "" ? kernel : `${MARKS[kind]}: ${kernel}`;
    if (cost === null) return [name, what, error ?? ""];
    const { dramBytes, directMapBytes, structPagesWritten, entriesWritten, tlbFlushes } = cost;
    const { referencesTaken: references } = cost;
    const counts = [structPagesWritten, entriesWritten, tlbFlushes, references].map((n) => n === null ? "-" : `${n}`);
    return [name, what, humanSize(dramBytes), humanSize(directMapBytes), ...counts];
  };
  const head = ["kernel", "", "DRAM", "direct map", "structs written", "entries", "flushes", "references"];
  return table([head, ...rows.map(line)], 2);
}

function changeLines(rows: readonly LineageRow[]): string[] {
  return rows.filter(({ changes }) => changes.length > 0).flatMap(({ kernel, changes }) => [
    `${kernel}:`,
    ...table(changes.map(({ name, from, to, help, source }) => [`  ${name}`, `${from} -> ${to}`, help, source]), 4),
  ]);
}
