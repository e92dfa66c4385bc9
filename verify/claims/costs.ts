// SPDX-License-Identifier: GPL-2.0-only
// What a namespace costs under every preset and page size, in frames: 1 TiB is populated (less with --quick) and must
// equal the formulas exactly. The struct pages of base pages, 16 GiB, are counted but not written. Also the size that
// map=dev leaves of 1500 GiB, a common surprise (pmem/ndctl issue 167).

import { formatSize } from "../../src/lib/units.ts";
import { check, type Claim, type Suite } from "./claim.ts";
import {
  gib,
  memmapFrames,
  newPmdTables,
  PAGE,
  percent,
  pgmapReferences,
  pteTables,
  reserve,
  type Sharing,
  SIZE_1G,
  SIZE_2M,
  structsToWrite,
  tailFrameRefs,
  tailTableRefs,
} from "../formulas/vmemmap.ts";
import {
  type Cost,
  COST_BOX,
  costOf,
  inGiB,
  inPercent,
  layoutOf,
  namespaceOf,
  type Scale,
} from "../measure/measure.ts";

export const COSTS: Suite = {
  name: "costs",
  title: "Costs of a namespace, counted",
  claims: (scale) => [
    ...PRESET_SHARING.flatMap(([kernel, sharing]) => SIZES.flatMap((align) => costs(scale, kernel, sharing, align))),
    ...sharedReferences(),
    ...ndctl(),
  ],
};

/** How each preset shares memmap. */
const PRESET_SHARING: readonly (readonly [string, Sharing])[] = [
  ["5.14", "none"],
  ["v4", "pte+table"],
  ["v7", "pte"],
  ["v7+head", "pte+head"],
  ["6.1", "pte"],
];
const SIZES = [PAGE, SIZE_2M, SIZE_1G];

/** Frames, tables, struct pages and references of one namespace. */
function costs({ size }: Scale, kernel: string, sharing: Sharing, align: number): Claim[] {
  const name = `${kernel} ${formatSize(size)} ${formatSize(align)}`;
  const frames = memmapFrames(size, align, sharing);
  const ptes = pteTables(size, align, sharing);
  const pmds = newPmdTables(COST_BOX.dramEnd, size, COST_BOX.dramEnd);
  const compound = kernel === "5.14" ? PAGE : align;
  const row = (what: string, formula: number, count: (cost: Cost) => number) =>
    check(name, what, formula, () => count(costOf(size, align, kernel)));
  const rows = [
    row("frames of memmap", frames, (c) => c.pages.vmemmap),
    row("PTE tables", ptes, (c) => c.pages.pteTables),
    row("PMD tables", pmds, (c) => c.pages.pmdTables),
    row("all DRAM frames", frames + ptes + pmds, (c) => c.pages.dramTotal),
    row(
      "DRAM, % of memory",
      percent((frames + ptes + pmds) * PAGE, size),
      (c) => inPercent(c.pages.dramTotal * PAGE, size),
    ),
    row("pgmap references", pgmapReferences(size, compound), (c) => c.pgmapRefs),
  ];
  if (compound === PAGE) return rows;
  return [...rows, row("struct pages written", structsToWrite(size, align, sharing), (c) => c.written)];
}

/** References on shared frames and tables, from the page tables of one page. */
function sharedReferences(): Claim[] {
  const tail = (kernel: string, sharing: Exclude<Sharing, "none">, align: number) =>
    check(
      `${kernel} ${formatSize(align)}`,
      "references on the frame that tails share",
      tailFrameRefs(align, sharing),
      () => Math.max(...layoutOf(align, kernel).frames.map((f) => f.refcount ?? 0)),
    );
  return [
    tail("v7", "pte", SIZE_2M),
    tail("v7", "pte", SIZE_1G),
    tail("v4", "pte+table", SIZE_1G),
    tail("v7+head", "pte+head", SIZE_2M),
    tail("v7+head", "pte+head", SIZE_1G),
    check(
      "v4 1G",
      "references on the PTE table that sections share",
      tailTableRefs(SIZE_1G),
      () => Math.max(...layoutOf(SIZE_1G, "v4").tables.pte.map((t) => t.refcount)),
    ),
  ];
}

/** `ndctl create-namespace -s 1500G -M dev`. */
function ndctl(): Claim[] {
  const size = 1500 * SIZE_1G;
  return [{
    id: "ndctl 1500G",
    what: "data of -s 1500G, map=dev",
    unit: "GiB",
    printed: "1476.56",
    formula: gib(reserve(0, size, SIZE_2M, "dev")!.usable),
    measure: () => inGiB(namespaceOf({ size, align: SIZE_2M, map: "dev", kernel: "6.1", contents: false }).usableBytes),
    expected: "rounding",
    note: "24002 MiB less: 64 bytes per page and the info block, rounded up to 2 MiB",
  }];
}
