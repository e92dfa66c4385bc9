// SPDX-License-Identifier: GPL-2.0-only
// The costs of a machine as comma-separated values.

import { csv } from "./csv.ts";
import type { BoxReport } from "../box/report.ts";

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
