// SPDX-License-Identifier: GPL-2.0-only
// The matrix of captured kernels: how many rows of each kernel, architecture and scenario the emulator reproduces, from
// the published run. The report, AUDIT.md and README show it; `deno task audit` writes the latter two.

import type { ResultFigures } from "../../results/types.ts";

type ConformanceRow = ResultFigures["conformance"][number];

/** Lines around README's block. */
const BEGIN = "<!-- rows equal to Linux, written by `deno task audit` -->";
const END = "<!-- end -->";

/** A row per kernel and architecture, a column per scenario. */
export function conformanceTable(found: readonly ConformanceRow[]): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const scenarios = [...new Set(found.map(({ scenario }) => scenario))];
  const machines = Map.groupBy(found, ({ kernel, arch }) => `${kernel} ${arch}`);
  return {
    head: ["kernel", ...scenarios],
    rows: [...machines].map(([machine, rows]) => [
      machine,
      ...scenarios.map((scenario) => cellOf(rows.find((row) => row.scenario === scenario))),
    ]),
  };
}

/** `34`, or `39 of 42` if rows differ. */
function cellOf(row: ConformanceRow | undefined): string {
  if (row === undefined) return "-";
  return row.equal === row.rows ? String(row.rows) : `${row.equal} of ${row.rows}`;
}

/** The matrix in Markdown, with columns aligned as by `deno fmt`. */
export function conformanceMarkdown(found: readonly ConformanceRow[]): string[] {
  const { head, rows } = conformanceTable(found);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" | ")} |`;
  const rule = widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [line(head), line(rule), ...rows.map(line)];
}

/** README with an updated block. RangeError when the lines around it are missing. */
export function withConformance(readme: string, found: readonly ConformanceRow[]): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from) throw new RangeError(`Cannot find "${BEGIN}" and "${END}" in README.md`);
  return [readme.slice(0, from) + BEGIN, "", ...conformanceMarkdown(found), "", readme.slice(to)].join("\n");
}
