// SPDX-License-Identifier: GPL-2.0-only
// Questions about a dev_pagemap that several paths must answer alike (include/linux/memremap.h, mm.h).

import type { DevPagemap } from "../include/memremap.ts";
import { isPowerOf2 } from "../lib/align.ts";
import type { Kernel } from "./kernel.ts";

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
