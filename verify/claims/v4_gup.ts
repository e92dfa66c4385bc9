// SPDX-License-Identifier: GPL-2.0-only
// Seed 001, taking references: patch 8, its measurements, and the alternatives of the thread.

import { gupFast } from "../../src/mm/gup/gup.ts";
import { putPages } from "../../src/mm/gup/put.ts";
import type { GupMode } from "../../src/include/gup.ts";
import { insertPfn, mmAlloc, populateArea } from "../../src/mm/memory.ts";
import { compoundHead, compoundOrder as orderOf, pageRefcount } from "../../src/mm/page.ts";
import { levelPages } from "../../src/mm/pgtable.ts";
import { type KernelConfig, PRESETS } from "../../mod.ts";
import { type Claim, YES_NO } from "./claim.ts";
import {
  basePages,
  compoundOrder,
  gib,
  gupStores,
  mib,
  reserve,
  SIZE_1G,
  SIZE_2M,
  sketchPages,
  sketchReferences,
} from "../formulas/vmemmap.ts";
import {
  build,
  gupRound,
  inGiB,
  inMiB,
  mapDevice,
  namespaceOf,
  pagesHeld,
  panics,
  withErratum,
  yes,
} from "../measure/measure.ts";

/** Memory that most of these hold: 32 pages of 2 MiB. */
const HELD = 32 * SIZE_2M;
const PAGES_2M = 512;

/** Claims about gup. */
export function gupClaims(): Claim[] {
  return [...stores(), ...sizes(), ...thread(), ...threadOrders()];
}

function stores(): Claim[] {
  const row = (id: string, what: string, printed: string, formula: number, measure: () => number): Claim => ({
    id,
    what,
    unit: "",
    printed,
    formula,
    measure,
    expected: "confirmed",
  });
  const after = gupStores("compound", false, true, PAGES_2M);
  const before = gupStores("per-page", true, false, PAGES_2M);
  return [
    row("001-10", "adds to the head to get a 2M page, patch 8", "1", after.get, () => per2M("v4", "get").refs),
    row("001-22", "pages held by a call with -n 512", "512", PAGES_2M, pagesPerCall),
    row("001-39", "compounds a huge entry's range covers", "1", 1, compoundsPerGrab),
    row(
      "001-84",
      "pgmap references for the 512 steps of a 2M page",
      "1",
      before.lookups,
      () => per2M("5.14", "get").taken,
    ),
    row("001-88", "atomic adds to pin a 2M page before", "512", before.get, () => per2M("5.14", "pin").refs),
    row("001-88/lookups", "pgmap lookups for it", "1", before.lookups, () => per2M("5.14", "pin").lookups),
    row("001-91", "heads among the pages of a PMD of order-0 pages", "512", basePages(SIZE_2M), headsIn2M),
  ];
}

/** Work to get one 2M page. */
function per2M(kernel: string, mode: GupMode): { refs: number; lookups: number; taken: number } {
  const { getCounters } = gupRound(kernel, { size: HELD, align: SIZE_2M, mode });
  const pages = HELD / SIZE_2M;
  return {
    refs: getCounters.refcountStoresDram / pages,
    lookups: getCounters.pgmapLookups / pages,
    taken: getCounters.pgmapRefs / pages,
  };
}

/** On a device of 1G pages one entry covers many calls, so that the pages of a call are those of one grab. */
function pagesPerCall(): number {
  const { pages, getCounters } = gupRound("v4", { size: SIZE_1G, align: SIZE_1G, mode: "get", batch: PAGES_2M });
  return pages / getCounters.refcountStoresDram;
}

/** A call for several huge pages is cut at each entry. */
function compoundsPerGrab(): number {
  const { pages, getCounters } = gupRound("v4", { size: HELD, align: SIZE_2M, mode: "get", batch: 4 * PAGES_2M });
  return pages / getCounters.refcountStoresDram / PAGES_2M;
}

function headsIn2M(): number {
  const { k, data } = build("5.14", { size: 2 ** 28, align: SIZE_2M });
  const heads = new Set<number>();
  for (let pfn = data; pfn < data + PAGES_2M; pfn++) heads.add(compoundHead(k, pfn));
  return heads.size;
}

/** The DIMM of the large run: a 126 GiB region, whose namespace has 129022 MiB of data with map=mem. */
const DIMM = 126 * SIZE_1G;
const LARGE_RUN = 129022 * 2 ** 20;

function sizes(): Claim[] {
  const data = (map: "mem" | "dev") => reserve(0, DIMM, SIZE_2M, map)!.usable;
  return [
    {
      id: "001-20",
      what: 'what the "128G" runs pin',
      unit: "GiB",
      printed: "128",
      formula: gib(LARGE_RUN),
      measure: () => inGiB(pagesHeld(LARGE_RUN, "v4") * 4096),
      expected: "contradicted",
      note: "-m 129022 is 126.0 GiB",
    },
    {
      id: "001-20/usable",
      what: "data of a 126 GiB namespace, map=mem",
      unit: "MiB",
      printed: "129022",
      formula: mib(data("mem")),
      measure: () => usableMiB("mem"),
      expected: "confirmed",
    },
    {
      id: "001-21/taken",
      what: "data that map=dev takes from it",
      unit: "MiB",
      formula: mib(data("mem") - data("dev")),
      measure: () => usableMiB("mem") - usableMiB("dev"),
      expected: "equal",
    },
  ];
}

function usableMiB(map: "mem" | "dev"): number {
  return inMiB(namespaceOf({ size: DIMM, align: SIZE_2M, map, kernel: "v4", contents: false }).usableBytes);
}

const GRAB_ONE: KernelConfig = { ...PRESETS["v4"], name: "v4, grab one", gup: "grab-one" };

function thread(): Claim[] {
  const sketch: KernelConfig = { ...withErratum("v4", "grabOneMoreThanTwo"), gup: "grab-one" };
  return [
    {
      id: "001-82",
      what: "references on the head after two pages, by the sketch",
      unit: "",
      printed: "2",
      formula: sketchReferences(2),
      measure: () => refsAfter(sketch, 0, 2),
      expected: "contradicted",
      note: '"npages > 2" takes one for two pages, so the second put drops the device\'s own; "> 1" is meant',
    },
    {
      id: "001-82/put",
      what: "and the device's own reference is lost in putting",
      unit: YES_NO,
      formula: yes(sketchReferences(2) < 2),
      measure: () => yes(panics(/lost its last reference/, () => putBack(sketch, 2))),
      expected: "equal",
    },
    {
      id: "001-82/three",
      what: "and after three",
      unit: "",
      formula: sketchReferences(3),
      measure: () => refsAfter(sketch, 0, 3),
      expected: "equal",
    },
    {
      id: "001-82/meant",
      what: "the same with > 1",
      unit: "",
      printed: "2",
      formula: 2,
      measure: () => refsAfter(GRAB_ONE, 0, 2),
      expected: "confirmed",
    },
  ];
}

/** The rest of the thread: where in a compound a range begins, and the order of a page. */
function threadOrders(): Claim[] {
  return [
    {
      id: "001-83",
      what: "references for 512 pages from the middle of a 2M page",
      unit: "",
      printed: "256",
      formula: sketchPages(PAGES_2M, PAGES_2M / 2, PAGES_2M),
      measure: () => refsAfter(GRAB_ONE, PAGES_2M / 2, PAGES_2M),
      expected: "confirmed",
      note: "1 << compound_order counts from the head; only the end of the huge entry keeps it inside the compound",
    },
    {
      id: "001-83/several",
      what: "references on the next page, where an entry maps several",
      unit: "",
      printed: "256",
      formula: 0,
      measure: () => secondHeadReferences({ ...withErratum("v4", "grabOneFromHead"), gup: "grab-one" }),
      expected: "contradicted",
      note: "512 pages from the middle of a page are all put on its head, 256 of them belong to the next: it must be " +
        "1 << compound_order less the offset",
    },
    {
      id: "001-87",
      what: "compound_order() of a PMD-sized page",
      unit: "",
      printed: "21",
      formula: compoundOrder(SIZE_2M),
      measure: orderOf2M,
      expected: "contradicted",
      note: "the assertion compares it with PMD_SHIFT, a shift of bytes; the order is PMD_SHIFT - PAGE_SHIFT",
    },
  ];
}

/** References the head of the first page gained by a gup of `n` pages from `offset` pages into the device. */
export function refsAfter(kernel: KernelConfig, offset: number, n: number): number {
  const { k, data, area } = mappedDevice(kernel);
  const before = pageRefcount(k, data);
  gupFast(k, area.mm, area.start + offset, n, "get", new Float64Array(n), 0);
  return pageRefcount(k, data) - before;
}

/**
 * References on the second of two 2M pages after a gup of 512 pages from the middle of the first. One PUD entry maps
 * both: no driver of the series makes such an entry, but the sketch's loop is there for them.
 */
export function secondHeadReferences(kernel: KernelConfig): number {
  const built = build(kernel, { size: 3 * SIZE_1G, align: SIZE_2M });
  const { k, data } = built;
  const area = mapDevice(built, SIZE_2M);
  const mm = mmAlloc(k);
  if (typeof mm === "number") throw new Error("verify: no memory for an address space");
  const pud = levelPages(k, 2);
  const first = Math.ceil(data / pud) * pud;
  if (insertPfn(k, { ...area, mm }, pud, 2, first) !== "nopage") throw new Error("verify: the entry cannot be made");
  const before = pageRefcount(k, first + PAGES_2M);
  gupFast(k, mm, pud + PAGES_2M / 2, PAGES_2M, "get", new Float64Array(PAGES_2M), 0);
  return pageRefcount(k, first + PAGES_2M) - before;
}

/** Gets the first `n` pages of a device and puts them again. */
function putBack(kernel: KernelConfig, n: number): void {
  const { k, area } = mappedDevice(kernel);
  const pages = new Float64Array(n);
  gupFast(k, area.mm, area.start, n, "get", pages, 0);
  putPages(k, pages, 0, n);
}

function mappedDevice(kernel: KernelConfig) {
  const built = build(kernel, { size: 2 ** 28, align: SIZE_2M });
  const area = mapDevice(built, 8 * SIZE_2M);
  populateArea(built.k, area, PAGES_2M);
  return { ...built, area };
}

function orderOf2M(): number {
  const { k, data } = build("v4", { size: 2 ** 28, align: SIZE_2M });
  return orderOf(k, data);
}
