// SPDX-License-Identifier: GPL-2.0-only
// Document 001 on taking references: patch 8, its measurements, and the thread's alternatives.

import { gupFast } from "../../src/mm/gup/gup.ts";
import { putPages } from "../../src/mm/gup/put.ts";
import type { GupMode } from "../../src/include/gup.ts";
import type { Kernel, Mm } from "../../src/mm/kernel.ts";
import { insertPfn, mmAlloc } from "../../src/mm/memory.ts";
import { compoundHead, compoundOrder as orderOf, pageRefcount } from "../../src/mm/page.ts";
import { levelPages } from "../../src/mm/pgtable.ts";
import { type KernelConfig, PRESETS } from "../../mod.ts";
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";
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
  mappedDevice,
  namespaceOf,
  pagesHeld,
  panics,
  withErratum,
  yes,
} from "../measure/measure.ts";

/** Memory held in most of these runs: 32 pages of 2 MiB. */
const HELD = 32 * SIZE_2M;
const PAGES_2M = 512;

export function gupClaims(): Claim[] {
  return [...stores(), ...sizes(), ...thread(), ...threadOrders()];
}

function stores(): Claim[] {
  const after = gupStores("compound", false, true, PAGES_2M);
  const before = gupStores("per-page", true, false, PAGES_2M);
  return [
    claim("001-10", after.get, () => per2M("v4", "get").refs),
    claim("001-22", PAGES_2M, pagesPerCall),
    ...rangeOfOneCompound(),
    claim("001-84", before.lookups, () => per2M("5.14", "get").taken),
    claim("001-88", before.get, () => per2M("5.14", "pin").refs),
    claim("001-88/lookups", before.lookups, () => per2M("5.14", "pin").lookups),
    claim("001-91", basePages(SIZE_2M), headsIn2M),
  ];
}

/** Work to get one 2M page. */
export function per2M(kernel: string | KernelConfig, mode: GupMode): { refs: number; lookups: number; taken: number } {
  const { getCounters } = gupRound(kernel, { size: HELD, align: SIZE_2M, mode });
  const pages = HELD / SIZE_2M;
  return {
    refs: getCounters.refcountStoresDram / pages,
    lookups: getCounters.pgmapLookups / pages,
    taken: getCounters.pgmapRefs / pages,
  };
}

/** On a device of 1G pages, one entry covers many calls, so each call is one grab. */
function pagesPerCall(): number {
  const { heldPages: pages, getCounters } = gupRound("v4", {
    size: SIZE_1G,
    align: SIZE_1G,
    mode: "get",
    batch: PAGES_2M,
  });
  return pages / getCounters.refcountStoresDram;
}

/**
 * Patch 8 as posted assumes that a range is in one compound. The driver's entries satisfy that, since a call for
 * several huge pages is cut at each entry, but the walk does not enforce it.
 */
function rangeOfOneCompound(): Claim[] {
  const posted = withErratum("v4", "grabWholeRange");
  return [
    claim("001-39", 1, () => compoundsPerGrab(posted)),
    claim("001-39/posted", 0, () => secondHeadReferences(posted)),
    claim("001-39/put", 1, () => yes(panics(/lost its last reference/, () => putAcross(posted)))),
    claim("001-39/clipped", PAGES_2M / 2, () => secondHeadReferences(PRESETS["v4"])),
  ];
}

/** Compounds whose pages one store takes, in a call for four. */
function compoundsPerGrab(kernel: KernelConfig): number {
  const { heldPages: pages, getCounters } = gupRound(kernel, {
    size: HELD,
    align: SIZE_2M,
    mode: "get",
    batch: 4 * PAGES_2M,
  });
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
    claim("001-20", gib(LARGE_RUN), () => inGiB(pagesHeld(LARGE_RUN, "v4") * 4096)),
    claim("001-20/usable", mib(data("mem")), () => usableMiB("mem")),
    claim("001-21/taken", mib(data("mem") - data("dev")), () => usableMiB("mem") - usableMiB("dev")),
  ];
}

function usableMiB(map: "mem" | "dev"): number {
  return inMiB(namespaceOf({ size: DIMM, align: SIZE_2M, map, kernel: "v4", contents: false }).usableBytes);
}

const GRAB_ONE: KernelConfig = { ...PRESETS["v4"], name: "v4, grab one", gup: "grab-one" };

function thread(): Claim[] {
  const sketch: KernelConfig = { ...withErratum("v4", "grabOneMoreThanTwo"), gup: "grab-one" };
  return [
    claim("001-82", sketchReferences(2), () => refsAfter(sketch, 0, 2)),
    claim(
      "001-82/put",
      yes(sketchReferences(2) < 2),
      () => yes(panics(/lost its last reference/, () => putBack(sketch, 2))),
    ),
    claim("001-82/three", sketchReferences(3), () => refsAfter(sketch, 0, 3)),
    claim("001-82/meant", 2, () => refsAfter(GRAB_ONE, 0, 2)),
  ];
}

/** The rest of the thread: where in a compound a range begins, and the order of a page. */
function threadOrders(): Claim[] {
  return [
    claim("001-83", sketchPages(PAGES_2M, PAGES_2M / 2, PAGES_2M), () => refsAfter(GRAB_ONE, PAGES_2M / 2, PAGES_2M)),
    claim(
      "001-83/several",
      0,
      () => secondHeadReferences({ ...withErratum("v4", "grabOneFromHead"), gup: "grab-one" }),
    ),
    claim("001-87", compoundOrder(SIZE_2M), orderOf2M),
  ];
}

/** References that the first page's head gains from a gup of `n` pages at `offset` pages into the device. */
export function refsAfter(kernel: KernelConfig, offset: number, n: number): number {
  const { k, data, area } = mappedDevice(kernel);
  const before = pageRefcount(k, data);
  gupFast(k, area.mm, area.start + offset, n, "get", new Float64Array(n), 0);
  return pageRefcount(k, data) - before;
}

/**
 * References on the second of two 2M pages after a gup of 512 pages from the middle of the first. One PUD entry maps
 * both: no driver of the series makes such an entry, but the sketch's loop handles them.
 */
export function secondHeadReferences(kernel: KernelConfig): number {
  const { k, mm, start, first } = entryOverTwo(kernel);
  const before = pageRefcount(k, first + PAGES_2M);
  gupFast(k, mm, start, PAGES_2M, "get", new Float64Array(PAGES_2M), 0);
  return pageRefcount(k, first + PAGES_2M) - before;
}

/** Gets the same pages and puts them again. */
function putAcross(kernel: KernelConfig): void {
  const { k, mm, start } = entryOverTwo(kernel);
  getAndPut(k, mm, start, PAGES_2M);
}

function getAndPut(k: Kernel, mm: Mm, vpn: number, n: number): void {
  const pages = new Float64Array(n);
  gupFast(k, mm, vpn, n, "get", pages, 0);
  putPages(k, pages, 0, n);
}

/** A PUD entry over 2M pages: the first starts at frame `first`, and its middle is mapped at `start`. */
function entryOverTwo(kernel: KernelConfig) {
  const built = build(kernel, { size: 3 * SIZE_1G, align: SIZE_2M });
  const { k, data } = built;
  const area = mapDevice(built, SIZE_2M);
  const mm = mmAlloc(k);
  if (typeof mm === "number") throw new Error("verify: no memory for an address space");
  const pud = levelPages(k, 2);
  const first = Math.ceil(data / pud) * pud;
  if (insertPfn(k, { ...area, mm }, pud, 2, first) !== "nopage") throw new Error("verify: the entry cannot be made");
  return { k, mm, first, start: pud + PAGES_2M / 2 };
}

/** Gets the first `n` pages of a device and puts them again. */
function putBack(kernel: KernelConfig, n: number): void {
  const { k, area } = mappedDevice(kernel);
  getAndPut(k, area.mm, area.start, n);
}

function orderOf2M(): number {
  const { k, data } = build("v4", { size: 2 ** 28, align: SIZE_2M });
  return orderOf(k, data);
}
