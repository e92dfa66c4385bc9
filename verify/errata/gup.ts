// SPDX-License-Identifier: GPL-2.0-only
// Defects in taking references (001's thread) and in what a fault checks.

import { basePages, SIZE_2M } from "../formulas/vmemmap.ts";
import { refsAfter, secondHeadReferences } from "../claims/v4_gup.ts";
import { faultWarnings, pagesAstray } from "../claims/v4_thread.ts";
import { type ErratumRow, formulaOf, shownBy } from "./erratum.ts";

const PAGES_2M = basePages(SIZE_2M);

export const GUP_ERRATA: readonly ErratumRow[] = [
  {
    name: "grabOneMoreThanTwo",
    ...shownBy("001-82"),
    rightly: "> 1: a reference for every returned page",
    right: formulaOf("001-82/meant"),
    observe: (kernel) => refsAfter({ ...kernel, gup: "grab-one" }, 0, 2),
  },
  {
    name: "grabOneFromHead",
    ...shownBy("001-83/several"),
    rightly: "the rest of the compound: its pages minus the offset",
    right: PAGES_2M / 2,
    observe: (kernel) => secondHeadReferences({ ...kernel, gup: "grab-one" }),
  },
  {
    name: "grabWholeRange",
    ...shownBy("001-39/posted"),
    rightly: "a range ends where its compound ends",
    right: formulaOf("001-39/clipped"),
    observe: secondHeadReferences,
  },
  {
    name: "compoundOrderPmdShift",
    ...shownBy("001-111"),
    rightly: "the order counts pages: PMD_SHIFT - PAGE_SHIFT, 9",
    right: formulaOf("001-111/meant"),
    observe: faultWarnings,
  },
  {
    name: "rangeFromCall",
    ...shownBy("001-108"),
    rightly: "*nr minus its value at the entry",
    right: formulaOf("001-108/meant"),
    observe: (kernel) => pagesAstray({ ...kernel, gup: "compound-range" }),
  },
];
