// SPDX-License-Identifier: GPL-2.0-only
// The toys are small versions of x86-64: the same behaviour, and sizes in the same proportions.

import { assertEquals } from "@std/assert";
import { isPowerOf2 } from "../../lib/align.ts";
import { type Arch, levelBytes, pageBytes } from "../arch.ts";
import { X86_64 } from "../x86/x86_64.ts";
import { TOY, TOY_HUGETLB } from "./toy.ts";

/** Boolean fields of an architecture. */
function switches(arch: Arch): Readonly<Record<string, boolean>> {
  return Object.fromEntries(Object.entries(arch).filter(([, value]) => typeof value === "boolean"));
}

/** Sizes as multiples of what an entry of their level maps, in the order of x86-64's fields. */
function proportions(arch: Arch): Readonly<Record<string, unknown>> {
  const [page, pmd, pud] = [0, 1, 2].map((level) => levelBytes(arch, level));
  const section = 2 ** arch.sectionShift;
  return {
    page: page / pageBytes(arch),
    subsection: 2 ** arch.subsectionShift / pmd,
    pageblock: 2 ** arch.pageblockOrder * page / pmd,
    memmapOfSection: section / page * 64 / pmd,
    hugetlbSizes: arch.hugetlbSizes.map(({ bytes, mappedBy }) => [mappedBy, bytes / (mappedBy === "pmd" ? pmd : pud)]),
    region: arch.regionAlignBytes / pud,
    compat: arch.compatAlignBytes / pmd,
    sectionsInPudAreWhole: isPowerOf2(pud / section) && pud > section,
  };
}

Deno.test("the toys behave like x86-64, with its proportions", () => {
  for (const toy of [TOY, TOY_HUGETLB]) {
    assertEquals(switches(toy), switches(X86_64), toy.name);
    assertEquals(proportions(toy), proportions(X86_64), toy.name);
  }
});
