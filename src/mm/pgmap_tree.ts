// SPDX-License-Identifier: GPL-2.0-only
// pgmap_array (mm/memremap.c): which dev_pagemap a ZONE_DEVICE frame belongs to. The kernel's xarray becomes a sorted
// list of ranges; a machine has a dozen of them. Lookups are counted by the caller.

import type { DevPagemap, PfnRange } from "../include/memremap.ts";

/** Ranges of frames and the pgmap of each, ascending. */
export class PgmapTree {
  readonly #entries: { readonly range: PfnRange; readonly pgmap: DevPagemap }[] = [];

  /** The pgmap of a frame, or null. */
  lookup(pfn: number): DevPagemap | null {
    for (let i = 0; i < this.#entries.length; i++) {
      const { range, pgmap } = this.#entries[i];
      if (pfn >= range.start && pfn < range.end) return pgmap;
    }
    return null;
  }

  /** `xa_store_range`. */
  store(range: PfnRange, pgmap: DevPagemap): void {
    this.#entries.push({ range, pgmap });
    this.#entries.sort((a, b) => a.range.start - b.range.start);
  }

  /** `pgmap_array_delete`. */
  delete(range: PfnRange): void {
    const i = this.#entries.findIndex((e) => e.range.start === range.start && e.range.end === range.end);
    if (i >= 0) this.#entries.splice(i, 1);
  }

  /** Whether any range overlaps [start, end). */
  overlaps(start: number, end: number): boolean {
    return this.#entries.some(({ range }) => range.start < end && start < range.end);
  }

  /** Every range with its pgmap, ascending. */
  get entries(): readonly { readonly range: PfnRange; readonly pgmap: DevPagemap }[] {
    return this.#entries;
  }
}
