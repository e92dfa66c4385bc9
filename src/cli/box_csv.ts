// SPDX-License-Identifier: GPL-2.0-only
// Comma-separated values (RFC 4180): a header, then a line per row; text in quotes where it must be.

import type { BoxReport } from "../box/report.ts";

/** Rows as lines. */
export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n");
}

function cell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line per part of a machine. */
export function costCsv({ costs }: BoxReport): string {
  return csv([
    [
      "kind",
      "name",
      "region",
      "node",
      "bytes",
      "dram",
      "tables",
      "pmem",
      "on_memory",
      "unused_pmem",
      "usable",
      "remark",
    ],
    ...costs.map((c) => [
      c.kind,
      c.name,
      c.region,
      c.node,
      c.bytes,
      c.dram,
      c.tables,
      c.pmem,
      c.onMemory,
      c.lost,
      c.usable,
      c.remark,
    ]),
  ]);
}
