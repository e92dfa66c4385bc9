// SPDX-License-Identifier: GPL-2.0-only
// Document 001 on what the memmap of a compound page costs: patches 11, 12 and 14, the cover letter's savings.

import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";
import {
  basePages,
  keptPages,
  memmapBytes,
  mib,
  PAGE,
  pagesPerSection,
  percent,
  pteTables,
  savedPages,
  sectionsPerPage,
  SIZE_1G,
  SIZE_2M,
  TIB,
  vmemmapPages,
} from "../formulas/vmemmap.ts";
import { boot } from "../../src/boot.ts";
import { createNamespace } from "../../src/drivers/nvdimm/namespace.ts";
import { ndRegions } from "../../src/drivers/nvdimm/region.ts";
import { errnoName } from "../../src/include/errno.ts";
import { USE_VMEMMAP } from "../../src/include/frame_use.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import { memremapPages, newPgmap } from "../../src/mm/memremap.ts";
import { compoundHead } from "../../src/mm/page.ts";
import {
  build,
  countPages,
  inMiB,
  inPercent,
  layoutOf,
  mappedPages,
  pagesOfCompound,
  type Scale,
} from "../measure/measure.ts";
import { bytesPerTib, partCounted } from "./v7_cover.ts";

export function savingsClaims(scale: Scale): Claim[] {
  return [...perTib(scale).map(partCounted(scale)), ...pageCounts(), ...TABLE_SHARING];
}

function perTib(scale: Scale): Claim[] {
  const shared = memmapBytes(TIB, SIZE_1G, "pte+table", true);
  return [
    claim("001-05", mib(memmapBytes(TIB, SIZE_1G, "pte", true)), () => inMiB(bytesPerTib(scale, SIZE_1G, "v7", true))),
    claim("001-05/shared", mib(shared), () => inMiB(bytesPerTib(scale, SIZE_1G, "v4", true))),
    claim("001-06", pteTables(SIZE_1G, SIZE_1G, "pte+table"), () => layoutOf(SIZE_1G, "v4").tables.pte.length),
    claim("001-07", mib(shared), () => inMiB(bytesPerTib(scale, SIZE_1G, "v4", true))),
    claim("001-08", percent(shared, TIB), () => inPercent(bytesPerTib(scale, SIZE_1G, "v4", true), TIB)),
  ];
}

function pageCounts(): Claim[] {
  const memmapOf = (id: string, pageSize: number) =>
    claim(id, vmemmapPages(pageSize), () => mappedPages(pageSize, "5.14"));
  const baseOf = (id: string, pageSize: number) =>
    claim(id, basePages(pageSize), () => pagesOfCompound("v4", pageSize));
  return [
    baseOf("001-40", SIZE_2M),
    baseOf("001-41", SIZE_1G),
    memmapOf("001-48", SIZE_2M),
    memmapOf("001-49", SIZE_2M),
    memmapOf("001-51", SIZE_1G),
    memmapOf("001-58", SIZE_2M),
  ];
}

const TABLE_SHARING: readonly Claim[] = [
  claim("001-69", sectionsPerPage(SIZE_1G), sectionsOfCompound),
  claim("001-70", pagesPerSection() - 1, () => tailsInSection(0)),
  claim("001-70/second", pagesPerSection(), () => tailsInSection(1)),
  claim("001-71", pteTables(SIZE_1G, SIZE_1G, "pte"), () => layoutOf(SIZE_1G, "v7").tables.pte.length),
  claim("001-71/shared", pteTables(SIZE_1G, SIZE_1G, "pte+table"), () => layoutOf(SIZE_1G, "v4").tables.pte.length),
  claim("001-71/base", keptPages(SIZE_1G, "pte+table"), () => layoutOf(SIZE_1G, "v4").frames.length),
  claim("001-72", memmapBytes(SIZE_1G, SIZE_1G, "pte", true), () => bytesPerPage("v7")),
  claim("001-73", memmapBytes(SIZE_1G, SIZE_1G, "pte+table", true), () => bytesPerPage("v4")),
  claim(
    "001-73/freed",
    pteTables(SIZE_1G, SIZE_1G, "pte") - pteTables(SIZE_1G, SIZE_1G, "pte+table"),
    () => (bytesPerPage("v7") - bytesPerPage("v4")) / PAGE,
  ),
  claim(
    "001-74",
    sectionsPerPage(SIZE_1G) - 2,
    () => layoutOf(SIZE_1G, "v4").tables.pte.flatMap((t) => t.pmdEntries.slice(1)).length,
  ),
  claim(
    "001-59",
    [PAGE, SIZE_2M, SIZE_1G].length,
    () => [PAGE, 16 * PAGE, SIZE_2M, 16 * SIZE_2M, SIZE_1G].filter(daxComesUp).length,
  ),
  claim("001-62", 2 * keptPages(SIZE_1G, "pte+table"), framesOfTwoRanges),
  claim(
    "001-05/saved",
    savedPages(SIZE_1G, "pte+table"),
    () => mappedPages(SIZE_1G, "v4") - layoutOf(SIZE_1G, "v4").frames.length,
  ),
];

function bytesPerPage(kernel: string): number {
  const { frames, tables } = layoutOf(SIZE_1G, kernel);
  return (frames.length + tables.pte.length) * PAGE;
}

function sectionsOfCompound(): number {
  const { k, ns, data } = build("v4", { size: 2 * SIZE_1G, align: SIZE_1G });
  const sections = new Set<number>();
  for (let pfn = data; pfn < data + ns.pgmap.geometry; pfn++) sections.add(k.sections.nr(pfn));
  return sections.size;
}

/** Tails of the first data page in its n-th section. */
function tailsInSection(n: number): number {
  const { k, data } = build("v4", { size: 2 * SIZE_1G, align: SIZE_1G });
  const first = data + n * k.pagesPerSection;
  return countPages(first, k.pagesPerSection, (pfn) => pfn !== data && compoundHead(k, pfn) === data);
}

function daxComesUp(align: number): boolean {
  const k = boot({ kernel: "v4", pmem: [{ bytes: 2 * SIZE_1G }] });
  return typeof createNamespace(k, ndRegions(k)[0], { size: 2 * SIZE_1G, align, map: "mem" }) !== "number";
}

/** Frames for a pgmap of two ranges with a gap of one section, as a dynamic dax device may have it. */
function framesOfTwoRanges(): number {
  const k = boot({ kernel: "v4", pmem: [{ bytes: 3 * SIZE_1G }] });
  const start = k.machine.topology.pmemStart;
  const pages = basePages(SIZE_1G);
  const second = start + pages + k.pagesPerSection;
  const ranges = [{ start, end: start + pages }, { start: second, end: second + pages }];
  const before = k.uses[USE_VMEMMAP];
  const err = memremapPages(k, newPgmap(k, "generic", ranges, null, 0, pages));
  if (err < 0) throw new Error(`verify: the ranges fail with ${errnoName(err)}`);
  checkInvariants(k);
  return k.uses[USE_VMEMMAP] - before;
}
