// SPDX-License-Identifier: GPL-2.0-only
// README's results/per-tib.svg, written by `deno task picture`: DRAM for the memmap of 1 TiB of device-dax, tables
// included, by kernel and page size, counted by populating it; the scale is logarithmic.

import { planReport } from "../../mod.ts";
import { type Bar, barChart } from "../../charts/bars.ts";
import { serverDocument, svgFile } from "../../charts/svg_file.ts";

const TITLE = "DRAM for the memmap of 1 TiB of pmem, tables included";

export function perTibSvg(bars: readonly Bar[]): string {
  const options = { document: serverDocument(), title: TITLE, axis: "DRAM per TiB", unit: "bytes", log: true } as const;
  return svgFile(TITLE, barChart(bars, { ...options, width: 720 }));
}

/** DRAM per TiB by kernel and page size, memmap in DRAM. */
export function perTibBars(): Bar[] {
  const { namespaces } = planReport({ pmem: 2 ** 40, map: "mem" });
  return namespaces.filter((n) => n.alignBytes > 4096).map((n) => {
    const align = n.alignBytes === 2 ** 21 ? "2M" : "1G";
    return { label: `${n.kernel}, ${align}`, value: n.dramBytes!, series: align };
  });
}
