// SPDX-License-Identifier: GPL-2.0-only
// Checks memmap that must not be initialised (I32), in kernels that poison it: struct pages of memory blocks that are
// offline, and of the frames before a namespace's data that hold no memmap (its label and info block).

import { panic } from "../lib/bug.ts";
import type { Kernel } from "../mm/kernel.ts";
import { poisons, wholePagePoisoned } from "../mm/page_init.ts";

/** Ranges of up to this many struct pages are checked in full. */
const DENSE = 512;
const STRIDE = 61;

/** I32: nothing was stored to an uninitialised struct page. */
export function checkPoison(k: Kernel): void {
  if (!poisons(k)) return;
  for (const block of k.hotplug.blocks.values()) {
    if (block.zone < 0) checkRange(k, block.start, block.end, `offline block ${block.id}`);
  }
  for (const { range, pgmap } of k.pgmaps.entries) {
    const { altmap } = pgmap;
    const up = pgmap.ranges.indexOf(range) < pgmap.nrRange;
    if (altmap !== null && up) checkRange(k, altmap.basePfn, altmap.basePfn + altmap.reserve, "an altmap's reserve");
  }
}

function checkRange(k: Kernel, start: number, end: number, what: string): void {
  for (let pfn = start; pfn < end; pfn += end - start > DENSE ? STRIDE : 1) {
    if (!wholePagePoisoned(k, pfn)) panic(`checkInvariants: I32 struct page of frame ${pfn} of ${what} is not poison`);
  }
}
