// SPDX-License-Identifier: GPL-2.0-only
// Document 001: statements of its patches and thread, each shown by running it: which counts move, what a shift would
// rule out, what fsdax has, the cost of one more atomic operation.

import { gupFast } from "../../src/mm/gup/gup.ts";
import { compoundOrder, pageRefcount } from "../../src/mm/page.ts";
import { boot } from "../../src/boot.ts";
import { memremapPages, memunmapPages, newPgmap } from "../../src/mm/memremap.ts";
import { PRESETS } from "../../mod.ts";
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";
import { gupStores, PAGE, SIZE_2M, structsPerPage } from "../formulas/vmemmap.ts";
import {
  build,
  countPages,
  layoutOf,
  mappedDevice,
  mappedPages,
  pagesOfCompound,
  panics,
  withErratum,
  yes,
} from "../measure/measure.ts";
import { per2M } from "./v4_gup.ts";
import { UP_TO_PATCH_7 } from "./v4_init.ts";
import { poisoned } from "./v4_refs.ts";

const PAGES_2M = 512;
const FRAME_BYTES = 4096;
/** A geometry that is not a power of two. */
const ODD = 768;

export const STATEMENTS: readonly Claim[] = [
  claim(
    "001-93",
    PAGE / structsPerPage(),
    () => mappedPages(SIZE_2M, "5.14") * FRAME_BYTES / pagesOfCompound("v4", SIZE_2M),
  ),
  claim("001-94", 0, tailsCounted),
  claim("001-95", 1, mappedByBasePages),
  claim("001-96", 1, () => yes(memremapPages(...odd()) === 0)),
  claim("001-96/unmap", yes(!Number.isInteger(Math.log2(ODD))), () => yes(panics(/still in use/, mapAndUnmapOdd))),
  claim("001-97", 0, orderOnFsdax),
  claim(
    "001-98",
    gupStores("grab-one", false, true, PAGES_2M).get - gupStores("compound", false, true, PAGES_2M).get,
    () => addsToGet("grab-one") - addsToGet("compound"),
  ),
  claim("001-99", 0, () => poisonedOn514(true) - poisonedOn514(false)),
  claim("001-99/each", PAGES_2M, () => poisonedOn514(true)),
];

/** Tails whose own count rises when gup holds their compound; tails have storage of their own. */
function tailsCounted(): number {
  const { k, data, area } = mappedDevice(UP_TO_PATCH_7);
  const before = pageRefcount(k, data);
  gupFast(k, area.mm, area.start, PAGES_2M, "get", new Float64Array(PAGES_2M), 0);
  if (pageRefcount(k, data) - before !== PAGES_2M) throw new Error("verify: the head does not hold the pages");
  return countPages(data + 1, PAGES_2M - 1, (pfn) => pageRefcount(k, pfn) !== 0);
}

function mappedByBasePages(): number {
  return yes(layoutOf(SIZE_2M, "v4").frames.every((frame) => frame.level === 0));
}

/** A kernel with no more checks than the patches, and a pgmap of that geometry. */
function odd() {
  const k = boot({ kernel: withErratum("v4", "compoundStartUnchecked"), pmem: [{ bytes: 3 * 2 ** 30 }] });
  return [k, newPgmap(k, "generic", [k.machine.topology.pmem[0]], null, 0, ODD)] as const;
}

/** Sections are not a multiple of it, so a compound across an edge would share another compound's memmap. */
function mapAndUnmapOdd(): void {
  const [k, pgmap] = odd();
  if (memremapPages(k, pgmap) === 0) memunmapPages(k, pgmap);
}

function orderOnFsdax(): number {
  const { k, data } = build("v4", { size: 2 ** 28, mode: "fsdax" });
  return compoundOrder(k, data);
}

/** Atomic adds to get one 2M page. */
function addsToGet(gup: "grab-one" | "compound"): number {
  return per2M({ ...PRESETS["v4"], name: `v4, ${gup}`, gup }, "get").refs;
}

function poisonedOn514(memoryFailureHead: boolean): number {
  return poisoned({ ...PRESETS["5.14"], name: `5.14, patch 1 ${memoryFailureHead}`, memoryFailureHead });
}
