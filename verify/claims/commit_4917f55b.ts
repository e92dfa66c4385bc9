// SPDX-License-Identifier: GPL-2.0-only
// Seed 002, commit 4917f55b4e "mm/sparse-vmemmap: improve memory savings for compound devmaps" as it was merged. What
// it repeats of seed 000 (6 of 8 pages, 4094 pages) is judged there.

import { isPageHead } from "../../src/mm/page.ts";
import { type Claim, type Suite, YES_NO } from "./claim.ts";
import { memmapBytes, PAGE, percent, SIZE_1G, SIZE_2M, structsPerPage, vmemmapPages } from "../formulas/vmemmap.ts";
import { build, inPercent, namespaceOf, yes } from "../measure/measure.ts";
import { tailsOn } from "./v7_cover.ts";

/** Suite of seed 002. */
export const COMMIT_4917F55B: Suite = {
  name: "commit_4917f55b",
  title: "Seed 002: commit 4917f55b4e",
  claims: () => CLAIMS,
};

const SIZE = SIZE_1G;

const CLAIMS: readonly Claim[] = [
  {
    id: "002-01",
    what: "compound pages with vmemmap_shift 0 (4K align)",
    unit: "",
    printed: "0",
    formula: 0,
    measure: () => headsAt(PAGE),
    expected: "confirmed",
  },
  {
    id: "002-01/2M",
    what: "compound pages with vmemmap_shift 9, per 1 GiB",
    unit: "",
    formula: SIZE / SIZE_2M,
    measure: () => headsAt(SIZE_2M),
    expected: "equal",
  },
  {
    id: "002-02",
    what: "tails on the second memmap page",
    unit: "",
    printed: "64",
    formula: structsPerPage(),
    measure: () => tailsOn(1),
    expected: "confirmed",
  },
  {
    id: "002-03",
    what: "memmap in DRAM costs less than an altmap, 2M",
    unit: YES_NO,
    printed: "1",
    formula: yes(memmapBytes(SIZE, SIZE_2M, "pte", true) < memmapBytes(SIZE, SIZE_2M, "none", true)),
    measure: () => yes(pagesOf("mem").dramTotal < pagesOf("dev").altmap),
    expected: "confirmed",
    note: "0.39 % of DRAM against 1.56 % of pmem",
  },
  {
    id: "002-03/memmap",
    what: "share of DRAM the frames of memmap take otherwise",
    unit: "%",
    formula: percent(memmapBytes(SIZE, SIZE_2M, "pte", false), SIZE),
    measure: () => inPercent(pagesOf("mem").vmemmap * PAGE, SIZE),
    expected: "equal",
  },
  {
    id: "002-03/altmap",
    what: "share of pmem an altmap takes",
    unit: "%",
    formula: percent(vmemmapPages(SIZE) * PAGE, SIZE),
    measure: () => inPercent(pagesOf("dev").altmap * PAGE, SIZE),
    expected: "equal",
  },
  {
    id: "002-04",
    what: "memmap pages saved with an altmap, per 1 GiB",
    unit: "",
    printed: "0",
    formula: 0,
    measure: () => pagesOf("dev", "5.14").altmap - pagesOf("dev").altmap,
    expected: "confirmed",
  },
];

function headsAt(align: number): number {
  const { k, start } = build("v7", { size: SIZE, align });
  let heads = 0;
  for (let pfn = start; pfn < start + SIZE / PAGE; pfn++) if (isPageHead(k, pfn)) heads++;
  return heads;
}

function pagesOf(map: "mem" | "dev", kernel = "v7") {
  return namespaceOf({ size: SIZE, align: SIZE_2M, map, kernel }).pages;
}
