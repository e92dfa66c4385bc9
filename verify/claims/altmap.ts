// SPDX-License-Identifier: GPL-2.0-only
// Where the memmap of a namespace with map=dev is stored, by architecture: counted pages against the formulas. No
// document gives these numbers; on arm64 they were never compared with a real machine.

import { NamespaceError } from "../../mod.ts";
import type { NamespaceReport } from "../../mod.ts";
import { formatSize } from "../../src/lib/units.ts";
import { check, type Claim, type Suite, yesNo } from "./claim.ts";
import { GRANULES, shares } from "../formulas/altmap.ts";
import { namespaceOf } from "../measure/measure.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** Regions start on a whole GiB, which the formulas need to know. */
const REGION_START = GIB;
/** Whole sections; the same and part of one; the largest part for which 2 GiB have room. */
const SIZES = [GIB, GIB + 16 * MIB, 2 * GIB - 16 * MIB];

export const ALTMAP: Suite = {
  name: "altmap",
  title: "Memmap with map=dev, pages by tier",
  claims: () => Object.keys(GRANULES).flatMap((arch) => SIZES.flatMap((size) => rows(arch, size))),
};

function rows(arch: string, size: number): Claim[] {
  const { page } = GRANULES[arch];
  const expected = shares(GRANULES[arch], REGION_START, size, page);
  const row = (what: string, formula: number, measure: () => number) =>
    check(`${arch} ${formatSize(size)}`, what, formula, measure);
  const report = () => reportOf(arch, size, page);
  const holds = yesNo(row("the reserve holds it", expected === null ? 0 : 1, () => report() === null ? 0 : 1));
  if (expected === null) return [holds];
  return [
    holds,
    row("pages of memmap in pmem", expected.pmem, () => report()?.pages.altmap ?? NaN),
    row("pages of memmap in DRAM", expected.dram, () => report()?.pages.vmemmap ?? NaN),
  ];
}

/** The namespace's report, or null if the kernel refuses it. */
function reportOf(arch: string, size: number, align: number): NamespaceReport | null {
  try {
    return namespaceOf({ arch, size, align, map: "dev", kernel: "6.1", contents: false });
  } catch (error) {
    if (!(error instanceof NamespaceError)) throw error;
    return null;
  }
}
