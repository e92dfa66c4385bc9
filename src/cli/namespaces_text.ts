// SPDX-License-Identifier: GPL-2.0-only
// Several namespaces of one region as text: a row for each, then what is left and what all of them cost.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize, humanSize } from "../lib/units.ts";
import type { NamespaceRow, NamespacesReport } from "../scenario/namespaces.ts";
import { checkedText } from "./checked.ts";
import { table } from "./table.ts";

const hex = (address: number) => `0x${address.toString(16)}`;
const exact = (bytes: number) => `${humanSize(bytes)} (${bytes} bytes)`;

/** The report as `lab namespace --namespaces` prints it. */
export function namespacesText(report: NamespacesReport): string {
  const { config, regionState: region, pages } = report;
  const page = pageBytes(ARCHS[config.arch]);
  const dimms = region.ways === 1 ? "" : `, interleaved over ${region.ways} DIMMs`;
  const refused = region.alignErrno === null
    ? ""
    : `; writing ${formatSize(config.regionAlign!)} to it fails with ${region.alignErrno}`;
  return [
    `Region of ${formatSize(region.sizeBytes)} at ${hex(region.start)}${dimms}, ` +
    `${config.labels ? `align ${formatSize(region.alignBytes)}${refused}` : "no labels"}, kernel ${config.kernel}`,
    ...rows(report.namespaces, page),
    ...report.namespaces.flatMap(({ sizeBytes, errno: error, why }) =>
      error === null ? [] : [`  ${formatSize(sizeBytes)}: ${error}${why === null || why === "" ? "" : `, ${why}`}`]
    ),
    "",
    `  available_size        ${exact(region.availableBytes)}`,
    `  max_available_extent  ${exact(region.maxAvailableExtentBytes)}`,
    `  DRAM in all           ${exact(pages.dramTotal * page)}`,
    `  memmap in pmem        ${exact(pages.altmap * page)}`,
    ...checkedText(report.invariants),
  ].join("\n");
}

function rows(namespaces: readonly NamespaceRow[], page: number): string[] {
  return table([
    [
      "size",
      "mode",
      "align",
      "map",
      "begins at",
      "data from",
      "DRAM",
      "tables",
      "direct map",
      "in pmem",
      "usable bytes",
    ],
    ...namespaces.map(({ sizeBytes, mode, alignBytes, map, errno: error, start, dataStart, usableBytes, pages }) => [
      formatSize(sizeBytes),
      mode,
      formatSize(alignBytes),
      map,
      ...(error !== null ? [error] : [
        hex(start!),
        hex(dataStart!),
        humanSize(pages.dramTotal * page),
        humanSize((pages.pteTables + pages.pmdTables + pages.pudTables) * page),
        humanSize(pages.directMap * page),
        humanSize(pages.altmap * page),
        String(usableBytes),
      ]),
    ]),
  ], 4).map((line) => `  ${line}`.trimEnd());
}
