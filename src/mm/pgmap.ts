// SPDX-License-Identifier: GPL-2.0-only
// Questions about a dev_pagemap that several paths must answer alike (include/linux/memremap.h, mm.h).

import type { DevPagemap, PfnRange } from "../include/memremap.ts";
import { alignDown, isPowerOf2 } from "../lib/align.ts";
import { altmapHas } from "./vmemmap/altmap.ts";
import type { Kernel } from "./kernel.ts";
import { vmemmapPage } from "./page.ts";
import { levelPages, lookupAddress, vmemmapVpn } from "./pgtable.ts";
import { sectionsUse } from "./vmemmap/sub_pmd.ts";

/**
 * `vmemmap_can_optimize`: whether tails of this pgmap share their memmap. Not with an altmap, not when struct pages
 * straddle pages, not when a compound has no more than the pages that stay, and not where the architecture must opt in
 * and did not.
 */
export function vmemmapCanOptimize(k: Kernel, pgmap: DevPagemap | null): boolean {
  if (pgmap === null || pgmap.altmap !== null || k.config.dedup === "none") return false;
  if (k.config.dedupOptIn && !k.arch.wantsDaxDedup) return false;
  if (!isPowerOf2(k.structPageSize) && !k.config.errata.dedupAnyStructSize) return false;
  const kept = k.config.dedup === "pte+head" ? 1 : 2;
  return pgmap.geometry * k.structPageSize > kept * k.pageBytes;
}

/**
 * Whether a neighbour's struct pages lie in this pgmap's altmap, on the first or last page (or leaf) of its memmap.
 * Then its pmem cannot go yet. Linux does not ask: there the page goes with whichever of the two goes first.
 */
export function altmapLent(k: Kernel, pgmap: DevPagemap): boolean {
  if (pgmap.altmap === null || pgmap.nrRange === 0) return false;
  const [range] = pgmap.ranges;
  return lent(k, pgmap, vmemmapPage(k, range.start), range) || lent(k, pgmap, vmemmapPage(k, range.end - 1), range);
}

function lent(k: Kernel, { altmap }: DevPagemap, vpage: number, range: PfnRange): boolean {
  const leaf = lookupAddress(k, k.rootPfn, vmemmapVpn(k, vpage));
  if (leaf === null || !altmapHas(altmap!, leaf.pfn)) return false;
  const span = levelPages(k, leaf.level);
  return sectionsUse(k, alignDown(vpage, span), span, range);
}
