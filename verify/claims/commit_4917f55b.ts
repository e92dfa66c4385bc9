// SPDX-License-Identifier: GPL-2.0-only
// Document 002: commit 4917f55b4e "mm/sparse-vmemmap: improve memory savings for compound devmaps" as merged. Claims
// that it repeats from document 000 (6 of 8 pages, 4094 pages) are judged there.

import { isPageHead } from "../../src/mm/page.ts";
import type { Claim, Suite } from "./claim.ts";
import { claim, withReadings } from "./documented.ts";
import { memmapBytes, PAGE, percent, SIZE_1G, SIZE_2M, structsPerPage, vmemmapPages } from "../formulas/vmemmap.ts";
import { build, countPages, inPercent, namespaceOf, yes } from "../measure/measure.ts";
import { tailsOn } from "./v7_cover.ts";

export const COMMIT_4917F55B: Suite = {
  name: "commit_4917f55b",
  title: "Document 002: commit 4917f55b4e",
  claims: () => withReadings("002", CLAIMS),
};

const SIZE = SIZE_1G;

const CLAIMS: readonly Claim[] = [
  claim("002-01", 0, () => headsAt(PAGE)),
  claim("002-01/2M", SIZE / SIZE_2M, () => headsAt(SIZE_2M)),
  claim("002-02", structsPerPage(), () => tailsOn(1)),
  claim(
    "002-03",
    yes(memmapBytes(SIZE, SIZE_2M, "pte", true) < memmapBytes(SIZE, SIZE_2M, "none", true)),
    () => yes(pagesOf("mem").dramTotal < pagesOf("dev").altmap),
  ),
  claim(
    "002-03/memmap",
    percent(memmapBytes(SIZE, SIZE_2M, "pte", false), SIZE),
    () => inPercent(pagesOf("mem").vmemmap * PAGE, SIZE),
  ),
  claim("002-03/altmap", percent(vmemmapPages(SIZE) * PAGE, SIZE), () => inPercent(pagesOf("dev").altmap * PAGE, SIZE)),
  claim("002-04", 0, () => pagesOf("dev", "5.14").altmap - pagesOf("dev").altmap),
];

function headsAt(align: number): number {
  const { k, start } = build("v7", { size: SIZE, align });
  return countPages(start, SIZE / PAGE, (pfn) => isPageHead(k, pfn));
}

function pagesOf(map: "mem" | "dev", kernel = "v7") {
  return namespaceOf({ size: SIZE, align: SIZE_2M, map, kernel }).pages;
}
