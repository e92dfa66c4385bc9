// SPDX-License-Identifier: GPL-2.0-only
// The boot allocator (mm/memblock.c): hands out frames top-down from a node's memory until the buddy allocator takes
// over, then gives it the rest. Left out: flags, physical alignment limits, freeing.

import { alignDown } from "../lib/align.ts";
import type { DramRange } from "../machine/topology.ts";

/** Memory and reservations, in frames. */
export class Memblock {
  readonly memory: readonly DramRange[];
  readonly #reserved: { start: number; end: number }[] = [];

  constructor(memory: readonly DramRange[]) {
    this.memory = memory;
  }

  /** `memblock_reserve`. */
  reserve(start: number, end: number): void {
    // Top-down allocation usually extends the run above.
    const above = this.#reserved.find((r) => r.start === end);
    if (above !== undefined && !this.#reserved.some((r) => r.end >= start && r.end < end)) {
      above.start = start;
      return;
    }
    this.#reserved.push({ start, end });
    this.#reserved.sort((a, b) => a.start - b.start);
    const merged: { start: number; end: number }[] = [];
    for (const r of this.#reserved) {
      const last = merged[merged.length - 1];
      if (last !== undefined && last.end >= r.start) last.end = Math.max(last.end, r.end);
      else merged.push(r);
    }
    this.#reserved.splice(0, Infinity, ...merged);
  }

  /** `memblock_alloc_try_nid`: the highest free aligned block, on `nid` if it has one; -1 without memory. */
  alloc(frames: number, align: number, nid: number): number {
    for (const wanted of [true, false]) {
      for (let m = this.memory.length - 1; m >= 0; m--) {
        const range = this.memory[m];
        if ((range.nid === nid) !== wanted) continue;
        const at = this.#findTopDown(range, frames, align);
        if (at < 0) continue;
        this.reserve(at, at + frames);
        return at;
      }
    }
    return -1;
  }

  /** Reserved runs, ascending. */
  get reserved(): readonly { readonly start: number; readonly end: number }[] {
    return this.#reserved;
  }

  /** Unreserved runs of a memory range, ascending. */
  free(range: DramRange): { start: number; end: number }[] {
    const runs = [];
    let at = range.start;
    for (const r of this.#reserved) {
      if (r.end <= at || r.start >= range.end) continue;
      if (r.start > at) runs.push({ start: at, end: r.start });
      at = r.end;
    }
    if (at < range.end) runs.push({ start: at, end: range.end });
    return runs;
  }

  #findTopDown(range: DramRange, frames: number, align: number): number {
    let end = range.end;
    for (let r = this.#reserved.length - 1; r >= 0; r--) {
      const reserved = this.#reserved[r];
      if (reserved.start >= range.end || reserved.end <= range.start) continue;
      const at = alignDown(end - frames, align);
      if (at >= reserved.end) return at;
      end = reserved.start;
    }
    const at = alignDown(end - frames, align);
    return at >= range.start ? at : -1;
  }
}
