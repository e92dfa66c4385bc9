// SPDX-License-Identifier: GPL-2.0-only
// Seed 001, what the memmap of a compound page costs: patches 11, 12 and 14, the cover letter's savings.

import type { Claim } from "./claim.ts";
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
import { build, inMiB, inPercent, layoutOf, mappedPages, pagesOfCompound, type Scale } from "../measure/measure.ts";
import { bytesPerTib, partCounted } from "./v7_cover.ts";

/** Claims about frames and tables. */
export function savingsClaims(scale: Scale): Claim[] {
  return [...perTib(scale).map(partCounted(scale)), ...pageCounts(), ...TABLE_SHARING];
}

function perTib(scale: Scale): Claim[] {
  const shared = memmapBytes(TIB, SIZE_1G, "pte+table", true);
  return [
    {
      id: "001-05",
      what: "per TiB, 1G pages, tables not shared",
      unit: "MiB",
      printed: "40",
      formula: mib(memmapBytes(TIB, SIZE_1G, "pte", true)),
      measure: () => inMiB(bytesPerTib(scale, SIZE_1G, "v7", true)),
      expected: "confirmed",
    },
    {
      id: "001-05/shared",
      what: "per TiB, 1G pages, tables shared",
      unit: "MiB",
      printed: "16",
      formula: mib(shared),
      measure: () => inMiB(bytesPerTib(scale, SIZE_1G, "v4", true)),
      expected: "confirmed",
    },
    {
      id: "001-06",
      what: "PTE tables per 1G page, as with PMD leaves",
      unit: "",
      printed: "0",
      formula: pteTables(SIZE_1G, SIZE_1G, "pte+table"),
      measure: () => layoutOf(SIZE_1G, "v4").tables.pte.length,
      expected: "contradicted",
      note: "nearer to a memmap mapped by PMD leaves (8 tables become 2), not on a par: that one has none",
    },
    {
      id: "001-07",
      what: "per TiB, 1G pages",
      unit: "MiB",
      printed: "16",
      formula: mib(shared),
      measure: () => inMiB(bytesPerTib(scale, SIZE_1G, "v4", true)),
      expected: "confirmed",
    },
    {
      id: "001-08",
      what: "1G row, share of memory",
      unit: "%",
      printed: "0.0014",
      formula: percent(shared, TIB),
      measure: () => inPercent(bytesPerTib(scale, SIZE_1G, "v4", true), TIB),
      expected: "contradicted",
      note: "16 MiB of 1 TiB are 0.0015 %, rounded or cut off",
    },
  ];
}

function pageCounts(): Claim[] {
  const memmapOf = (id: string, what: string, printed: string, pageSize: number): Claim => ({
    id,
    what,
    unit: "pages",
    printed,
    formula: vmemmapPages(pageSize),
    measure: () => mappedPages(pageSize, "5.14"),
    expected: "confirmed",
  });
  const baseOf = (id: string, what: string, printed: string, pageSize: number, expected: Claim["expected"]): Claim => ({
    id,
    what,
    unit: "pages",
    printed,
    formula: basePages(pageSize),
    measure: () => pagesOfCompound("v4", pageSize),
    expected,
    ...(expected === "contradicted" ? { note: "262144; 4096 is the number of its memmap pages" } : {}),
  });
  return [
    baseOf("001-40", "base pages of a 2M page", "512", SIZE_2M, "confirmed"),
    baseOf("001-41", "base pages of a 1G page", "4096", SIZE_1G, "contradicted"),
    memmapOf("001-48", "memmap of a page: size / 4096 * 64 / 4096", "8", SIZE_2M),
    memmapOf("001-49", "memmap of a PMD-mapped page: 64 / 8", "8", SIZE_2M),
    memmapOf("001-51", "memmap of a PUD-mapped page: PAGE_SIZE pages", "4096", SIZE_1G),
    memmapOf("001-58", "memmap of a subsection's 512 struct pages", "8", SIZE_2M),
  ];
}

const TABLE_SHARING: readonly Claim[] = [
  {
    id: "001-69",
    what: "sections a PUD spans",
    unit: "",
    printed: "8",
    formula: sectionsPerPage(SIZE_1G),
    measure: sectionsOfCompound,
    expected: "confirmed",
  },
  {
    id: "001-70",
    what: "tails in the first section of a 1G page",
    unit: "",
    printed: "32767",
    formula: pagesPerSection() - 1,
    measure: () => tailsInSection(0),
    expected: "confirmed",
  },
  {
    id: "001-70/second",
    what: "tails in its second section",
    unit: "",
    printed: "32768",
    formula: pagesPerSection(),
    measure: () => tailsInSection(1),
    expected: "confirmed",
  },
  {
    id: "001-71",
    what: '"PMD pages" (PTE tables) per 1G page before',
    unit: "",
    printed: "8",
    formula: pteTables(SIZE_1G, SIZE_1G, "pte"),
    measure: () => layoutOf(SIZE_1G, "v7").tables.pte.length,
    expected: "confirmed",
  },
  {
    id: "001-71/shared",
    what: "PTE tables per 1G page after",
    unit: "",
    printed: "2",
    formula: pteTables(SIZE_1G, SIZE_1G, "pte+table"),
    measure: () => layoutOf(SIZE_1G, "v4").tables.pte.length,
    expected: "confirmed",
  },
  {
    id: "001-71/base",
    what: "and base pages for head and tails",
    unit: "",
    printed: "2",
    formula: keptPages(SIZE_1G, "pte+table"),
    measure: () => layoutOf(SIZE_1G, "v4").frames.length,
    expected: "confirmed",
  },
  {
    id: "001-72",
    what: "per 1G page, tables not shared",
    unit: "bytes",
    printed: "40960",
    formula: memmapBytes(SIZE_1G, SIZE_1G, "pte", true),
    measure: () => bytesPerPage("v7"),
    expected: "confirmed",
  },
  {
    id: "001-73",
    what: "per 1G page, tables shared",
    unit: "bytes",
    printed: "16384",
    formula: memmapBytes(SIZE_1G, SIZE_1G, "pte+table", true),
    measure: () => bytesPerPage("v4"),
    expected: "confirmed",
  },
  {
    id: "001-73/freed",
    what: "pages the sharing of tables frees per 1G page",
    unit: "pages",
    printed: "6",
    formula: pteTables(SIZE_1G, SIZE_1G, "pte") - pteTables(SIZE_1G, SIZE_1G, "pte+table"),
    measure: () => (bytesPerPage("v7") - bytesPerPage("v4")) / PAGE,
    expected: "confirmed",
  },
  {
    id: "001-74",
    what: "sections of a 1G page that reuse a table",
    unit: "",
    printed: "6",
    formula: sectionsPerPage(SIZE_1G) - 2,
    measure: () => layoutOf(SIZE_1G, "v4").tables.pte.flatMap((t) => t.pmdEntries.slice(1)).length,
    expected: "confirmed",
  },
  {
    id: "001-59",
    what: "page sizes a dax device can have, of 4K 64K 2M 32M 1G",
    unit: "",
    printed: "3",
    formula: [PAGE, SIZE_2M, SIZE_1G].length,
    measure: () => [PAGE, 16 * PAGE, SIZE_2M, 16 * SIZE_2M, SIZE_1G].filter(daxComesUp).length,
    expected: "confirmed",
  },
  {
    id: "001-62",
    what: "frames of memmap for two 1G ranges, the second a section off",
    unit: "",
    printed: "4",
    formula: 2 * keptPages(SIZE_1G, "pte+table"),
    measure: framesOfTwoRanges,
    expected: "confirmed",
    note: "a wrong range index would take the second range's start for the middle of a compound",
  },
  {
    id: "001-05/saved",
    what: "memmap pages a 1G page saves",
    unit: "pages",
    printed: "4094",
    formula: savedPages(SIZE_1G, "pte+table"),
    measure: () => mappedPages(SIZE_1G, "v4") - layoutOf(SIZE_1G, "v4").frames.length,
    expected: "confirmed",
  },
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
  let tails = 0;
  for (let pfn = first; pfn < first + k.pagesPerSection; pfn++) {
    if (pfn !== data && compoundHead(k, pfn) === data) tails++;
  }
  return tails;
}

function daxComesUp(align: number): boolean {
  const k = boot({ kernel: "v4", pmem: [{ bytes: 2 * SIZE_1G }] });
  return typeof createNamespace(k, ndRegions(k)[0], { size: 2 * SIZE_1G, align, map: "mem" }) !== "number";
}

/** A pgmap of two ranges with a gap of one section, as a dynamic dax device may have it. */
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
