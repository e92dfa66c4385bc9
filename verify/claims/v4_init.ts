// SPDX-License-Identifier: GPL-2.0-only
// Seed 001, what is written into struct pages: patches 2 to 4, 7 and 13.

import { MIGRATE_NONE } from "../../src/include/mmzone.ts";
import { populateArea } from "../../src/mm/memory.ts";
import { gupFast } from "../../src/mm/gup/gup.ts";
import { compoundHead, isPageHead, pageRefcount, readPage } from "../../src/mm/page.ts";
import { C } from "../../src/mm/vmstat.ts";
import { type KernelConfig, PRESETS } from "../../mod.ts";
import { type Claim, YES_NO } from "./claim.ts";
import {
  basePages,
  SECTION,
  SIZE_1G,
  SIZE_2M,
  structsToWrite,
  tailsWithState,
  uniqueStructs,
  untypedPageblocks,
} from "../formulas/vmemmap.ts";
import { build, mapDevice, namespaceOf, pagesOfCompound, withErratum, yes } from "../measure/measure.ts";

/** Patches 1 to 7 and no more: compounds, but nothing shared and everything initialised. */
const UP_TO_PATCH_7: KernelConfig = {
  ...PRESETS["v4"],
  name: "v4 up to patch 7",
  dedup: "none",
  initUniqueOnly: false,
  gup: "per-page",
};

const STRUCT_PAGES: readonly Claim[] = [
  {
    id: "001-01",
    what: "a 2M devmap is a compound one",
    unit: YES_NO,
    printed: "0",
    formula: yes(basePages(SIZE_2M) > 1),
    measure: () => headAt("v4", SIZE_2M),
    expected: "contradicted",
    note: "geometry > PAGE_SIZE would leave it out: geometry counts pages, 512 of them; the bound is 1",
  },
  {
    id: "001-02",
    what: "reference count of a tail",
    unit: "",
    printed: "0",
    formula: 0,
    measure: () => refcount("v4", 1),
    expected: "confirmed",
  },
  {
    id: "001-09",
    what: "geometry when nobody asks for one (fsdax)",
    unit: "pages",
    printed: "1",
    formula: basePages(4096),
    measure: () => build("v4", { size: 2 ** 28, mode: "fsdax" }).ns.pgmap.geometry,
    expected: "confirmed",
  },
  {
    id: "001-31",
    what: "tails of a 2M page: all but the first",
    unit: "",
    printed: "511",
    formula: basePages(SIZE_2M) - 1,
    measure: tailsOf2M,
    expected: "confirmed",
  },
  {
    id: "001-32",
    what: "heads in a 4K-aligned devmap",
    unit: "",
    printed: "0",
    formula: 0,
    measure: () => headAt("v4", 4096),
    expected: "confirmed",
  },
  {
    id: "001-38",
    what: "geometry of a 2M device: align >> PAGE_SHIFT",
    unit: "pages",
    printed: "512",
    formula: basePages(SIZE_2M),
    measure: () => pagesOfCompound("v4", SIZE_2M),
    expected: "confirmed",
  },
  {
    id: "001-56",
    what: "tails that differ from the last one, page pinned",
    unit: "",
    printed: "2",
    formula: tailsWithState(2),
    measure: () => tailsThatDiffer(UP_TO_PATCH_7),
    expected: "confirmed",
  },
  {
    id: "001-60",
    what: "struct pages with information of their own",
    unit: "",
    printed: "3",
    formula: 1 + tailsWithState(2),
    measure: () => headAt("v4", SIZE_2M) + tailsThatDiffer(UP_TO_PATCH_7),
    expected: "confirmed",
  },
];

/** Whether the first data frame is a compound head. */
function headAt(kernel: string, align: number): number {
  const { k, data } = build(kernel, { size: 2 ** 28, align });
  return yes(isPageHead(k, data));
}

/** Reference count of a page so far from the first data frame. */
export function refcount(kernel: string, offset: number): number {
  const { k, data } = build(kernel, { size: 2 ** 28, align: SIZE_2M });
  return pageRefcount(k, data + offset);
}

function tailsOf2M(): number {
  const { k, data } = build(UP_TO_PATCH_7, { size: 2 ** 28, align: SIZE_2M });
  let tails = 0;
  for (let pfn = data + 1; pfn < data + basePages(SIZE_2M); pfn++) if (compoundHead(k, pfn) === data) tails++;
  return tails;
}

/** Tails of a pinned 2M page, each with storage of its own, whose words are not those of its last tail. */
function tailsThatDiffer(kernel: KernelConfig): number {
  const built = build(kernel, { size: 2 ** 28, align: SIZE_2M });
  const { k, data } = built;
  const area = mapDevice(built, 8 * SIZE_2M);
  populateArea(k, area, basePages(SIZE_2M));
  gupFast(k, area.mm, area.start, 1, "pin", new Float64Array(1), 0);
  const last = data + basePages(SIZE_2M) - 1;
  let differing = 0;
  for (let pfn = data + 1; pfn < last; pfn++) {
    let same = true;
    for (let at = 0; at < k.structPageSize; at += 4) same &&= readPage(k, pfn, at) === readPage(k, last, at);
    if (!same) differing++;
  }
  return differing;
}

const INITIALISED: readonly Claim[] = [
  {
    id: "001-24/work",
    what: "altmap: struct pages written, against 5.14",
    unit: "x",
    formula: structsToWrite(SIZE_1G, SIZE_2M, "none") / basePages(SIZE_1G),
    measure: () => writtenWithAltmap("v4") / writtenWithAltmap("5.14"),
    expected: "equal",
  },
  {
    id: "001-26",
    what: "patch 7 alone writes fewer struct pages",
    unit: YES_NO,
    printed: "1",
    formula: yes(structsToWrite(SIZE_1G, SIZE_2M, "none") < basePages(SIZE_1G)),
    measure: () => yes(written(UP_TO_PATCH_7, SIZE_2M) < written("5.14", SIZE_2M)),
    expected: "contradicted",
    note: "all of them are still written; patch 13 is the one that skips",
  },
  {
    id: "001-65/before",
    what: "struct pages written per section before",
    unit: "",
    printed: "32768",
    formula: structsToWrite(SECTION, SIZE_2M, "none"),
    measure: () => written(UP_TO_PATCH_7, SIZE_2M) / (SIZE_1G / SECTION),
    expected: "confirmed",
  },
  {
    id: "001-65",
    what: "struct pages needed per section, 2M pages",
    unit: "",
    printed: "128",
    formula: structsToWrite(SECTION, SIZE_2M, "pte"),
    measure: () => written("v4", SIZE_2M) / (SIZE_1G / SECTION),
    expected: "contradicted",
    note: "8192: 32768 counts a section, 128 one of its 64 compounds; 512 become 128, a quarter, not 1 in 256",
  },
  {
    id: "001-66",
    what: "struct pages needed per 1G page",
    unit: "",
    printed: "128",
    formula: structsToWrite(SIZE_1G, SIZE_1G, "pte+table"),
    measure: () => written("v4", SIZE_1G),
    expected: "confirmed",
  },
  {
    id: "001-66/before",
    what: "struct pages written per 1G page before",
    unit: "",
    printed: "262144",
    formula: structsToWrite(SIZE_1G, SIZE_1G, "none"),
    measure: () => written(UP_TO_PATCH_7, SIZE_1G),
    expected: "confirmed",
  },
  {
    id: "001-67",
    what: "unique struct pages of a 2M compound",
    unit: "",
    printed: "128",
    formula: uniqueStructs(SIZE_2M, "pte"),
    measure: () => written("v4", SIZE_2M) / (SIZE_1G / SIZE_2M),
    expected: "confirmed",
  },
  {
    id: "001-68",
    what: "pageblocks of a 1G page the shortened loop leaves untyped",
    unit: "",
    printed: "0",
    formula: untypedPageblocks(SIZE_1G, uniqueStructs(SIZE_1G, "pte")),
    measure: () => untyped(withErratum("v4", "pageblockInShortLoop")),
    expected: "contradicted",
    note: "the loop also set the type of each pageblock, and 128 struct pages reach only the first of 512",
  },
];

/** Struct pages written for 1 GiB. */
function written(kernel: string | KernelConfig, align: number): number {
  const size = align === SIZE_1G ? 2 * SIZE_1G : SIZE_1G;
  return build(kernel, { size, align }).k.stat[C.structPagesWrittenDram] / (size / SIZE_1G);
}

function writtenWithAltmap(kernel: string): number {
  return namespaceOf({ size: SIZE_1G, align: SIZE_2M, map: "dev", kernel }).structPages.initialised;
}

/** Pageblocks of a 1G page that have no type. */
export function untyped(kernel: KernelConfig): number {
  const { k, data } = build(kernel, { size: 2 * SIZE_1G, align: SIZE_1G });
  let count = 0;
  for (let block = data; block < data + basePages(SIZE_1G); block += basePages(SIZE_2M)) {
    if (k.sections.migratetype(block) === MIGRATE_NONE) count++;
  }
  return count;
}

/** Claims about struct pages. */
export const INIT_CLAIMS: readonly Claim[] = [...STRUCT_PAGES, ...INITIALISED];
