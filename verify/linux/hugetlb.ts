// SPDX-License-Identifier: GPL-2.0-only
// nr_hugepages 0, n, 0 on the real Linux 6.1 (fixtures/linux-6.1/hugetlb.json) against the emulator's pool of the same
// machine: base pages that leave and come back, and the PTE tables that split leaves keep. Readings of free pages carry
// up to two pages of noise.

import hugetlb from "../../fixtures/linux-6.1/hugetlb.json" with { type: "json" };
import { boot } from "../../src/boot.ts";
import { USE_PTE_TABLE } from "../../src/include/frame_use.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { setNrHugepages, sizeToHstate } from "../../src/mm/hugetlb/hugetlb.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";
import type { Claim } from "../claims/claim.ts";
import { basePagesOf, freedPages } from "../formulas/hugetlb.ts";
import { latest, yes } from "../measure/measure.ts";

const MIB = 2 ** 20;
const HUGE = 2 * MIB;
const BASE = 4096;
const NOISE = 2;
/** PTE tables the note of the file counts: one per 128 MiB section that 512 pages touch there. */
const TABLES = 9;

/** What the emulator's pool did. Pages. */
export interface Pool {
  readonly tables: number;
  readonly taken: readonly number[];
  readonly returned: readonly number[];
}

/** Claims about every step of the file, with the optimisation and without. */
export function hugetlbClaims(): Claim[] {
  return (["on", "off"] as const).flatMap(modeClaims);
}

function modeClaims(mode: "on" | "off"): Claim[] {
  const { steps } = hugetlb.modes[mode];
  const pool = () => latest(`hugetlb ${mode}`, () => poolSteps(hugetlb.dramMiB * MIB, mode, steps.map((s) => s.n)));
  const perPage = basePagesOf(HUGE, BASE) - (mode === "on" ? freedPages(HUGE, BASE, 1) : 0);
  const near = (what: string, linux: number, formula: number, measure: () => number): Claim => ({
    id: `hugetlb ${mode}`,
    what: `${what}, within ${NOISE} of ${linux} (1 yes)`,
    unit: "",
    printed: "1",
    formula: yes(Math.abs(formula - linux) <= NOISE),
    measure: () => yes(Math.abs(measure() - linux) <= NOISE),
    expected: "confirmed",
  });
  const exact = (what: string, formula: number, measure: () => number): Claim => ({
    id: `hugetlb ${mode}`,
    what,
    unit: "pages",
    formula,
    measure,
    expected: "equal",
  });
  const tables = mode === "on" ? TABLES : 0;
  return [
    ...steps.flatMap(({ n, consumed, returned }, i) => [
      exact(`${n} huge pages take`, n * perPage, () => pool().taken[i]),
      exact(`${n} huge pages give back`, n * perPage, () => pool().returned[i]),
      near(`${n} pages take`, consumed, n * perPage, () => pool().taken[i]),
      near(`${n} pages give back`, returned, n * perPage, () => pool().returned[i]),
    ]),
    {
      id: `hugetlb ${mode}`,
      what: "PTE tables of split leaves, 512 pages",
      unit: "",
      printed: String(tables),
      formula: tables,
      measure: () => pool().tables,
      expected: "confirmed",
    },
  ];
}

/**
 * Does on the emulator what the steps of hugetlb.json do: a first round of as many pages as the largest splits the
 * leaves, as it had on the measured kernel; then each step up and down.
 */
export function poolSteps(dram: number, mode: "on" | "off", counts: readonly number[]): Pool {
  const k = boot({ dram: [dram], hugetlbFreeVmemmap: mode === "on" });
  const h = sizeToHstate(k, HUGE)!;
  setNrHugepages(k, h, Math.max(...counts));
  setNrHugepages(k, h, 0);
  const tables = k.uses[USE_PTE_TABLE];
  const taken: number[] = [];
  const returned: number[] = [];
  for (const n of counts) {
    const before = totalFreePages(k);
    setNrHugepages(k, h, n);
    const between = totalFreePages(k);
    checkInvariants(k);
    setNrHugepages(k, h, 0);
    taken.push(before - between);
    returned.push(totalFreePages(k) - between);
  }
  return { tables, taken, returned };
}
