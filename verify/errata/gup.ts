// SPDX-License-Identifier: GPL-2.0-only
// Defects in taking references (001's thread) and in what a fault asserts.

import { populateArea } from "../../src/mm/memory.ts";
import { C } from "../../src/mm/vmstat.ts";
import type { KernelConfig } from "../../mod.ts";
import { basePages, SIZE_2M, sketchReferences } from "../formulas/vmemmap.ts";
import { build, mapDevice } from "../measure/measure.ts";
import { refsAfter, secondHeadReferences } from "../claims/v4_gup.ts";
import type { Erratum } from "./erratum.ts";

const PAGES_2M = basePages(SIZE_2M);

/** Defects of gup. */
export const GUP_ERRATA: readonly Erratum[] = [
  {
    name: "grabOneMoreThanTwo",
    source: "001:4224",
    claim: "001-82",
    wrongly: 'the sketch takes the rest only if "npages > 2", so two pages are held by one reference',
    rightly: "> 1: a reference for every page handed out",
    preset: "v4",
    what: "references on a head for two of its pages",
    unit: "",
    wrong: sketchReferences(2),
    right: 2,
    observe: (kernel) => refsAfter({ ...kernel, gup: "grab-one" }, 0, 2),
  },
  {
    name: "grabOneFromHead",
    source: "001:4217",
    claim: "001-83",
    wrongly:
      "1 << compound_order counts from the head, so a range that begins inside a compound runs into the next one",
    rightly: "what is left of the compound: its pages less the offset",
    preset: "v4",
    what: "references on the second of two 2M pages, 512 held from the middle of the first",
    unit: "",
    wrong: 0,
    right: PAGES_2M / 2,
    observe: (kernel) => secondHeadReferences({ ...kernel, gup: "grab-one" }),
  },
  {
    name: "compoundOrderPmdShift",
    source: "001:4469",
    claim: "001-87",
    wrongly: "compound_order() is compared with PMD_SHIFT, which is 21: the warning fires for every PMD of a devmap",
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
