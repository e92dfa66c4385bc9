// SPDX-License-Identifier: GPL-2.0-only
// Shared by the gup tests: a device of one page size on a small machine, mapped and touched; holding and returning
// pages as gup_test does; and the counts that the rules demand. Only tests import this file.
//
//   toy: 256-frame device pages (PUD), 16-frame ones (PMD), base pages (PTE), and base pages behind PMD entries (5.14)

import { assertEquals } from "@std/assert";
import { daxMmap } from "../../drivers/dax/device.ts";
import type { GupVariant, KernelConfig } from "../../include/kernel_config.ts";
import { machine, mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { gupFast } from "./gup.ts";
import { putPages, unpinPages } from "./put.ts";
import type { GupMode } from "../../include/gup.ts";
import type { Kernel, Mm, VmArea } from "../kernel.ts";
import { mmAlloc, mmPut, populateArea } from "../memory.ts";
import { hasPincount, pageRefcount, pincountPlace, readPage } from "../page.ts";
import { levelPages } from "../pgtable.ts";
import type { CounterValues } from "../vmstat.ts";

/** The ways gup reaches reference counts. */
export const VARIANTS: readonly GupVariant[] = ["per-page", "compound", "compound-range", "no-pgmap", "grab-one"];

/** A device of one page size, mapped at an address aligned to every page size, and touched. */
export interface Box {
  readonly k: Kernel;
  readonly mm: Mm;
  readonly area: VmArea;
  /** First frame of the mapping. */
  readonly first: number;
  /** Frames per entry of the user's table, and per compound. */
  readonly entry: number;
  readonly geometry: number;
}

/** Boots, maps and touches a device with pages of `align` bytes, runs the case, and checks that nothing is left. */
export function withBox<T>(
  text: string,
  kernel: KernelConfig,
  align: number,
  run: (box: Box) => T,
  map: "mem" | "dev" = "mem",
): T {
  return withKernel({ ...machine(text), kernel }, (k) => {
    const ns = mustCreate(k, { align, map });
    const mm = mmAlloc(k);
    if (typeof mm === "number") throw new Error(`mmAlloc: ${mm}`);
    const entry = align / k.pageBytes;
    const [{ start, end }] = ns.dev!.ranges;
    const area = daxMmap(k, ns.dev!, mm, 4 * levelPages(k, 2), end - start, 0);
    if (typeof area === "number") throw new Error(`daxMmap: ${area}`);
    assertEquals(populateArea(k, area, entry), "nopage");
    const result = run({ k, mm, area, first: start, entry, geometry: ns.pgmap.geometry });
    checkInvariants(k);
    mmPut(k, mm);
    mustDestroy(k, ns);
    return result;
  });
}

/** Calls of at most `batch` pages, as gup_test makes them. */
export function hold({ k, mm, area }: Box, at: number, n: number, batch: number, mode: GupMode): Float64Array {
  const pages = new Float64Array(n).fill(-1);
  for (let done = 0; done < n; done += batch) {
    const count = Math.min(batch, n - done);
    assertEquals(gupFast(k, mm, area.start + at + done, count, mode, pages, done), count);
  }
  return pages;
}

/** Returns pages the way they were taken. */
export function release({ k }: Box, pages: Float64Array, mode: GupMode): void {
  if (mode === "pin") unpinPages(k, pages, 0, pages.length);
  else putPages(k, pages, 0, pages.length);
}

/** References beyond the first one of each head or base page in [first, first + n), by offset; zeros left out. */
export function extra({ k, first, geometry }: Box, n: number): [offset: number, refs: number, pins: number][] {
  const found: [number, number, number][] = [];
  for (let at = 0; at < n; at += geometry) {
    const { tail, offset } = pincountPlace(k);
    const pins = geometry > 1 && hasPincount(k, first + at) ? readPage(k, first + at + tail, offset) : 0;
    const refs = pageRefcount(k, first + at) - 1;
    if (refs !== 0 || pins !== 0) found.push([at, refs, pins]);
  }
  return found;
}

/** Expected counts (I20): one reference and one pin per page, on its head; 1024 references on a pinned base page. */
export function wanted(box: Box, at: number, n: number, mode: GupMode): [number, number, number][] {
  const { geometry } = box;
  const found: [number, number, number][] = [];
  for (let head = Math.floor(at / geometry) * geometry; head < at + n; head += geometry) {
    const pages = Math.min(head + geometry, at + n) - Math.max(head, at);
    const pin = mode === "pin";
    found.push(geometry > 1 ? [head, pages, pin ? pages : 0] : [head, pin ? 1024 : 1, 0]);
  }
  return found;
}

/** Stores on reference counts, wherever the struct pages lie. */
export const stores = (c: CounterValues) => c.refcountStoresDram + c.refcountStoresPmem;
/** Stores on pin counts. */
export const pinStores = (c: CounterValues) => c.pincountStoresDram + c.pincountStoresPmem;

/** Configurations that differ in how pages are mapped and how their struct pages are shared. */
export const KINDS: readonly (readonly [name: string, kernel: string, align: number])[] = [
  ["base pages", "v7", 256],
  ["16-frame compounds", "v7", 4096],
  ["256-frame compounds", "v7", 65536],
  ["256-frame compounds, tables shared", "v4", 65536],
  ["16-frame compounds, head page shared", "v7+head", 4096],
  ["256-frame compounds, head page shared", "v7+head", 65536],
  ["base pages behind PMD entries", "5.14", 4096],
  ["base pages behind PUD entries", "5.14", 65536],
  ["6.1's pin count", "6.1", 4096],
];
