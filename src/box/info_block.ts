// SPDX-License-Identifier: GPL-2.0-only
// The inverse of the info block: ndctl prints how much data a namespace has, but is asked for its whole size. Both
// directions use the emulated nd_pfn_init().

import { boot } from "../boot.ts";
import { type MapMode, ndPfnInit } from "../drivers/nvdimm/pfn_devs.ts";
import { alignUp } from "../lib/align.ts";
import type { Kernel } from "../mm/kernel.ts";
import type { SizeRange } from "../lib/units.ts";
import { standsFor } from "./size.ts";

/** Machines that only lay out info blocks, by architecture. */
const LAYOUTS = new Map<string, Kernel>();

function layoutKernel(arch: string): Kernel {
  const have = LAYOUTS.get(arch);
  if (have !== undefined) return have;
  const k = boot({ arch, contents: false, hostMemoryBytes: 2 ** 26 });
  LAYOUTS.set(arch, k);
  return k;
}

/** What the layout of a namespace depends on. */
export interface Layout {
  readonly arch: string;
  readonly align: number;
  readonly map: MapMode;
}

/** Bytes from the start of a namespace to its data, and bytes of data; null if there is no room. */
export function dataOf(
  { arch, align, map }: Layout,
  start: number,
  size: number,
): { readonly offset: number; readonly bytes: number } | null {
  const k = layoutKernel(arch);
  const info = ndPfnInit(k, start, size, align, map);
  return typeof info === "number" || info.npfns <= 0 ? null : { offset: info.dataoff, bytes: info.npfns * k.pageBytes };
}

/**
 * The least size of a namespace at `start` whose data is what ndctl printed, in multiples of `unit` up to `most`; null
 * if no size has that much. For a rounded figure, the largest size that it may stand for.
 */
export function sizeFor(layout: Layout, start: number, usable: SizeRange, unit: number, most: number): number | null {
  let found: number | null = null;
  const first = alignUp(usable.least, unit);
  const last = Math.min(most, alignUp(usable.most * 64 / 63, unit) + 2 * layout.align + 4 * unit);
  // The reserve grows with the size, so the answer is not far above 64/63 of the data.
  const from = layout.map === "dev" ? Math.max(first, Math.floor(usable.least * 64 / 63 / unit) * unit) : first;
  for (let size = from; size <= last; size += unit) {
    const bytes = dataOf(layout, start, size)?.bytes ?? 0;
    if (bytes > usable.most) break;
    if (!standsFor(usable, bytes)) continue;
    if (usable.least === usable.most) return size;
    found = size;
  }
  return found;
}
