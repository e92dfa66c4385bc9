// SPDX-License-Identifier: GPL-2.0-only
// Document 001 on what is written to struct pages: patches 2 to 4, 7 and 13.

import { MIGRATE_NONE } from "../../src/include/mmzone.ts";
import { gupFast } from "../../src/mm/gup/gup.ts";
import { compoundHead, isPageHead, pageRefcount, readPage } from "../../src/mm/page.ts";
import { C } from "../../src/mm/vmstat.ts";
import { type KernelConfig, PRESETS } from "../../mod.ts";
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";
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
import { build, countPages, mappedDevice, namespaceOf, pagesOfCompound, withErratum, yes } from "../measure/measure.ts";

/** Patches 1 to 7: compounds, but nothing is shared and everything is initialised. */
export const UP_TO_PATCH_7: KernelConfig = {
  ...PRESETS["v4"],
  name: "v4 up to patch 7",
  dedup: "none",
  initUniqueOnly: false,
  gup: "per-page",
};

const STRUCT_PAGES: readonly Claim[] = [
  claim("001-01", yes(basePages(SIZE_2M) > 1), () => headAt("v4", SIZE_2M)),
  claim("001-02", 0, () => refcount("v4", 1)),
  claim("001-09", basePages(4096), () => build("v4", { size: 2 ** 28, mode: "fsdax" }).ns.pgmap.geometry),
  claim("001-31", basePages(SIZE_2M) - 1, tailsOf2M),
  claim("001-32", 0, () => headAt("v4", 4096)),
  claim("001-38", basePages(SIZE_2M), () => pagesOfCompound("v4", SIZE_2M)),
  claim("001-56", tailsWithState(2), () => tailsThatDiffer(UP_TO_PATCH_7)),
  claim("001-60", 1 + tailsWithState(2), () => headAt("v4", SIZE_2M) + tailsThatDiffer(UP_TO_PATCH_7)),
];

/** Whether the first data frame is a compound head. */
function headAt(kernel: string, align: number): number {
  const { k, data } = build(kernel, { size: 2 ** 28, align });
  return yes(isPageHead(k, data));
}

/** Reference count of the page at `offset` from the first data frame. */
export function refcount(kernel: string, offset: number): number {
  const { k, data } = build(kernel, { size: 2 ** 28, align: SIZE_2M });
  return pageRefcount(k, data + offset);
}

function tailsOf2M(): number {
  const { k, data } = build(UP_TO_PATCH_7, { size: 2 ** 28, align: SIZE_2M });
  return countPages(data + 1, basePages(SIZE_2M) - 1, (pfn) => compoundHead(k, pfn) === data);
}

/** Tails of a pinned 2M page, each with its own storage, that differ from the last tail. */
function tailsThatDiffer(kernel: KernelConfig): number {
  const { k, data, area } = mappedDevice(kernel);
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
  claim(
    "001-24/work",
    structsToWrite(SIZE_1G, SIZE_2M, "none") / basePages(SIZE_1G),
    () => writtenWithAltmap("v4") / writtenWithAltmap("5.14"),
  ),
  claim(
    "001-26",
    yes(structsToWrite(SIZE_1G, SIZE_2M, "none") < basePages(SIZE_1G)),
    () => yes(written(UP_TO_PATCH_7, SIZE_2M) < written("5.14", SIZE_2M)),
  ),
  claim(
    "001-65/before",
    structsToWrite(SECTION, SIZE_2M, "none"),
    () => written(UP_TO_PATCH_7, SIZE_2M) / (SIZE_1G / SECTION),
  ),
  claim("001-65", structsToWrite(SECTION, SIZE_2M, "pte"), () => written("v4", SIZE_2M) / (SIZE_1G / SECTION)),
  claim("001-66", structsToWrite(SIZE_1G, SIZE_1G, "pte+table"), () => written("v4", SIZE_1G)),
  claim("001-66/before", structsToWrite(SIZE_1G, SIZE_1G, "none"), () => written(UP_TO_PATCH_7, SIZE_1G)),
  claim("001-67", uniqueStructs(SIZE_2M, "pte"), () => written("v4", SIZE_2M) / (SIZE_1G / SIZE_2M)),
  claim(
    "001-68",
    untypedPageblocks(SIZE_1G, uniqueStructs(SIZE_1G, "pte")),
    () => untyped(withErratum("v4", "pageblockInShortLoop")),
  ),
];

/** Struct pages written per 1 GiB. */
export function written(kernel: string | KernelConfig, align: number): number {
  const size = align === SIZE_1G ? 2 * SIZE_1G : SIZE_1G;
  return build(kernel, { size, align }).k.stat[C.structPagesWrittenDram] / (size / SIZE_1G);
}

function writtenWithAltmap(kernel: string): number {
  return namespaceOf({ size: SIZE_1G, align: SIZE_2M, map: "dev", kernel }).structPages.initialised;
}

/** Pageblocks of a 1G page without a type. */
export function untyped(kernel: KernelConfig): number {
  const { k, data } = build(kernel, { size: 2 * SIZE_1G, align: SIZE_1G });
  let count = 0;
  for (let block = data; block < data + basePages(SIZE_1G); block += basePages(SIZE_2M)) {
    if (k.sections.migratetype(block) === MIGRATE_NONE) count++;
  }
  return count;
}

export const INIT_CLAIMS: readonly Claim[] = [...STRUCT_PAGES, ...INITIALISED];
