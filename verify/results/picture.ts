// SPDX-License-Identifier: GPL-2.0-only
// `deno task picture`: README's picture, results/per-tib.svg. DRAM that the memmap of 1 TiB of device-dax takes, tables
// included, for each kernel and page size, counted by populating it; the scale is logarithmic.

import { humanSize, planReport } from "../../mod.ts";
import { writeFile } from "../../src/cli/write_file.ts";

const ROW = 20;
const LEFT = 150;
const WIDTH = 460;
const MIB = 2 ** 20;

/** One bar. */
interface Bar {
  readonly label: string;
  readonly bytes: number;
  readonly color: string;
}

/** The picture of these bars; a bar's length is the logarithm of its MiB. */
export function barsSvg(title: string, bars: readonly Bar[]): string {
  const most = Math.log2(Math.max(...bars.map((b) => b.bytes)) / MIB);
  const rows = bars.map(({ label, bytes, color }, i) => {
    const y = (i + 2) * ROW;
    const width = Math.max(1, WIDTH * Math.log2(bytes / MIB) / most);
    return `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${label}</text>` +
      `<rect x="${LEFT}" y="${y + 3}" width="${width.toFixed(1)}" height="${ROW - 6}" fill="${color}"/>` +
      `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y + 14}">${humanSize(bytes)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 110}" height="${(bars.length + 3) * ROW}" ` +
    `font-family="monospace" font-size="12"><rect width="100%" height="100%" fill="white"/>` +
    `<text x="10" y="${ROW}">${title}</text>${rows.join("")}</svg>\n`;
}

/** DRAM per TiB by kernel and page size, memmap in DRAM. */
export function perTibBars(): Bar[] {
  const { namespaces } = planReport({ pmem: 2 ** 40, map: "mem" });
  return namespaces.filter((n) => n.align > 4096).map((n) => ({
    label: `${n.kernel}, ${n.align === 2 ** 21 ? "2M" : "1G"}`,
    bytes: n.dramBytes!,
    color: n.align === 2 ** 21 ? "#48c" : "#2a6",
  }));
}

if (import.meta.main) {
  const svg = barsSvg("DRAM for the memmap of 1 TiB of pmem, tables included (log scale)", perTibBars());
  await writeFile("results/per-tib.svg", svg);
}
