// SPDX-License-Identifier: GPL-2.0-only
// Defects in taking references (001's thread) and in what a fault asserts.

import { populateArea } from "../../src/mm/memory.ts";
import { C } from "../../src/mm/vmstat.ts";
import type { KernelConfig } from "../../mod.ts";
import { basePages, SIZE_2M } from "../formulas/vmemmap.ts";
import { build, mapDevice } from "../measure/measure.ts";
import { refsAfter, secondHeadReferences } from "../claims/v4_gup.ts";
import { type Erratum, formulaOf, reasonIn, shownBy } from "./erratum.ts";

const PAGES_2M = basePages(SIZE_2M);

/** Defects of gup. */
export const GUP_ERRATA: readonly Erratum[] = [
  {
    name: "grabOneMoreThanTwo",
    ...shownBy("001-82"),
    rightly: "> 1: a reference for every page handed out",
    preset: "v4",
    right: formulaOf("001-82/meant"),
    observe: (kernel) => refsAfter({ ...kernel, gup: "grab-one" }, 0, 2),
  },
  {
    name: "grabOneFromHead",
    ...shownBy("001-83/several"),
    rightly: "what is left of the compound: its pages less the offset",
    preset: "v4",
    right: PAGES_2M / 2,
    observe: (kernel) => secondHeadReferences({ ...kernel, gup: "grab-one" }),
  },
  {
    name: "grabWholeRange",
    ...shownBy("001-39/posted"),
    rightly: "a range ends where its compound ends",
    preset: "v4",
    right: formulaOf("001-39/clipped"),
    observe: secondHeadReferences,
  },
  {
    name: "compoundOrderPmdShift",
    ...reasonIn("001-87"),
    rightly: "the order counts pages: PMD_SHIFT - PAGE_SHIFT, 9",
    preset: "v4",
    what: "warnings of 8 faults on 2M pages",
    unit: "",
    wrong: 8,
    right: 0,
    observe: faultWarnings,
  },
];

function faultWarnings(kernel: KernelConfig): number {
  const built = build(kernel, { size: 2 ** 28, align: SIZE_2M });
  populateArea(built.k, mapDevice(built, 8 * SIZE_2M), PAGES_2M);
  return built.k.stat[C.warnings];
}
