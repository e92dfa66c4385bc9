// SPDX-License-Identifier: GPL-2.0-only
// A machine as comma-separated values: a line per part, then a line per lever; the column `table` says which it is, and
// columns of the other kind stay empty. Bytes.

import type { BoxReport } from "../box/report.ts";

/** Lines of `cost` and of `lever` under one header. */
export function boxRows({ costs, levers }: BoxReport): object[] {
  return [
    ...costs.map((c) => ({
      table: "cost",
      kind: c.kind,
      name: c.name,
      region: c.region,
      node: c.node,
      bytes: c.sizeBytes,
      dram: c.dramBytes,
      tables: c.tableBytes,
      direct_map: c.directMapBytes,
      pmem: c.pmemBytes,
      on_memory: c.onMemoryBytes,
      unused_pmem: c.lostBytes,
      usable: c.usableBytes,
      remark: c.remark,
    })),
    ...levers.map((lever) => ({
      table: "lever",
      kind: lever.kind,
      name: lever.of,
      what: lever.what,
      gives_dram: lever.dramBytes,
      gives_pmem: lever.pmemBytes,
      gives_ram: lever.ramBytes,
      changes_use: lever.changesUse,
      why_not: lever.why,
      commands: lever.commands.join("; "),
      caution: lever.caution,
    })),
  ];
}
