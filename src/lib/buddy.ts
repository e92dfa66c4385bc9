// SPDX-License-Identifier: GPL-2.0-only
// The buddy algorithm on one run of units: split on allocation, merge on free. Serves both the frames of a zone
// (mm/page_alloc.c) and the backing slots of the emulator. Unlike Linux, which pops the most recently freed block off a
// list, it hands out the lowest block, so runs are repeatable; the free lists are bitmaps, one per order.

import { powerOf2 } from "./align.ts";
import { SummaryBitmap } from "./bitmap.ts";
import { panic } from "./bug.ts";

/** Buddy allocator over units `base .. base + length - 1`; blocks are aligned to their size relative to `base`. */
export class Buddy {
  readonly base: number;
  readonly length: number;
  readonly maxOrder: number;
  readonly #free: SummaryBitmap[] = [];
  #freeUnits = 0;

  /** Starts with nothing free. `base` must be aligned to the largest block for blocks to be aligned absolutely. */
  constructor(base: number, length: number, maxOrder: number) {
    this.base = base;
    this.length = length;
    this.maxOrder = maxOrder;
    for (let o = 0; o <= maxOrder; o++) this.#free.push(new SummaryBitmap(Math.ceil(length / powerOf2(o))));
  }

  /** Units free now. */
  get freeUnits(): number {
    return this.#freeUnits;
  }

  /** Free blocks of exactly this order. */
  freeBlocks(order: number): number {
    return this.#free[order].count;
  }

  /** Takes the lowest free block of `1 << order` units; -1 when there is none. */
  alloc(order: number): number {
    const free = this.#free;
    let o = order;
    while (o <= this.maxOrder && free[o].count === 0) o++;
    if (o > this.maxOrder) return -1;
    let block = free[o].first();
    free[o].clear(block);
    while (o > order) {
      o--;
      block *= 2;
      free[o].set(block + 1);
    }
    this.#freeUnits -= 1 << order;
    return this.base + block * (1 << order);
  }

  /**
   * Takes `count` single units into `out` from index `at` on, the same ones in the same order as `count` calls of
   * alloc(0). Returns how many it got.
   */
  allocUnits(out: Float64Array, at: number, count: number): number {
    const free = this.#free;
    let got = 0;
    while (got < count) {
      let o = 0;
      while (o <= this.maxOrder && free[o].count === 0) o++;
      if (o > this.maxOrder) break;
      const block = free[o].first();
      free[o].clear(block);
      const size = 1 << o;
      const n = Math.min(size, count - got);
      const unit = this.base + block * size;
      for (let i = 0; i < n; i++) out[at + got + i] = unit + i;
      // Frees the rest of the block as splitting would have: all smaller lists are empty.
      for (let rest = n; rest < size; rest += rest & -rest) {
        const order = 31 - Math.clz32(rest & -rest);
        free[order].set((block << (o - order)) + (rest >> order));
      }
      got += n;
    }
    this.#freeUnits -= got;
    return got;
  }

  /** Frees a block and merges it with its buddies. Panics if any part of it is already free. */
  free(unit: number, order: number): void {
    const free = this.#free;
    let block = (unit - this.base) >>> order;
    if (this.#holds(block, order) || this.#touches(block, order)) {
      panic(`Buddy.free: unit ${unit} order ${order} is already free`);
    }
    this.#freeUnits += 1 << order;
    let o = order;
    while (o < this.maxOrder && free[o].test(block ^ 1)) {
      free[o].clear(block ^ 1);
      block >>>= 1;
      o++;
    }
    free[o].set(block);
  }

  /** Frees any run of units, in the largest aligned blocks. */
  freeRange(start: number, end: number): void {
    let at = start;
    while (at < end) {
      const rel = at - this.base;
      let order = rel === 0 ? this.maxOrder : Math.min(this.maxOrder, 31 - Math.clz32(rel & -rel));
      while (at + powerOf2(order) > end) order--;
      this.free(at, order);
      at += powerOf2(order);
    }
  }

  /** Takes one particular block if all of it is free (alloc_contig_range); false and nothing changed otherwise. */
  take(unit: number, order: number): boolean {
    const wanted = (unit - this.base) >>> order;
    let o = order;
    let block = wanted;
    while (o <= this.maxOrder && !this.#free[o].test(block)) {
      block >>>= 1;
      o++;
    }
    if (o > this.maxOrder) return false;
    this.#free[o].clear(block);
    while (o > order) {
      o--;
      const half = wanted >>> (o - order);
      this.#free[o].set(half ^ 1);
    }
    this.#freeUnits -= 1 << order;
    return true;
  }

  /** Whether this unit is in a free block. */
  isFree(unit: number): boolean {
    return this.#holds(unit - this.base, 0);
  }

  /** Free units recounted from the bitmaps, for the invariant checker. */
  recount(): number {
    return this.#free.reduce((sum, bits, order) => sum + bits.recount() * 2 ** order, 0);
  }

  #holds(block: number, order: number): boolean {
    for (let o = order; o <= this.maxOrder; o++, block >>>= 1) {
      if (this.#free[o].test(block)) return true;
    }
    return false;
  }

  /** Whether a smaller block inside this one is free. */
  #touches(block: number, order: number): boolean {
    for (let o = order - 1; o >= 0; o--) {
      const n = powerOf2(order - o);
      if (this.#free[o].testAny(block * n, n)) return true;
    }
    return false;
  }
}
