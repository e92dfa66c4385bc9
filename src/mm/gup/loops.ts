// SPDX-License-Identifier: GPL-2.0-only
// The inner loops of gup-fast: one pass over the struct pages of a stretch of memmap that lies contiguous in memory.
// Each comes in two forms, as Linux patches its lock prefixes in and out: plain for a machine with one CPU, Atomics for
// one that workers share. No allocation, no calls, no translation inside; counters are added by the caller per stretch.
//
// `words` is a window of the machine's memory, `at` the index in it of the first struct page; `heads` and `headAt` are
// the same for the head of a compound. Struct pages are 64 bytes here; those of another size straddle pages, never lie
// contiguous, and take the general accessors of page.ts.

import { WORD } from "../../include/mm_types.ts";

const { COMPOUND_HEAD: HEAD, FLAGS, REFCOUNT, STEP } = WORD;
/**
 * Recorded pfns are doubles, and the loops count them in doubles too. A step written as a constant, or an index
 * converted on the way, would pass through an integer register for every page; what is read from an array stays where
 * it is.
 */
const doubles = new Float64Array([0, 1, 2]);

function double(x: number): number {
  doubles[0] = x;
  return doubles[0];
}

/**
 * SetPageReferenced (the bit `referenced`) and try_grab_page on `n` base pages, each recorded. Returns how many were grabbed; it stops at a
 * page that is a tail or has no reference to start from.
 */
export type GrabEach = (
  words: Int32Array,
  at: number,
  n: number,
  delta: number,
  pages: Float64Array,
  out: number,
  pfn: number,
  referenced: number,
) => number;

/**
 * The same for `n` tails of one compound: reads each tail's compound_head, then counts on the head. Stops at the first
 * page with another head. `pinAt` is the word of the head's pin count, in the same memmap page, or -1 for FOLL_GET.
 */
export type GrabTails = (
  words: Int32Array,
  at: number,
  n: number,
  headLo: number,
  heads: Int32Array,
  headAt: number,
  pinAt: number,
  pages: Float64Array,
  out: number,
  pfn: number,
  referenced: number,
) => number;

/** put_page on `n` recorded base pages; returns how many pages of the run it found recorded. */
export type PutEach = (
  words: Int32Array,
  at: number,
  n: number,
  delta: number,
  pages: Float64Array,
  from: number,
  pfn: number,
) => number;

export const grabEachPlain: GrabEach = (words, at, n, delta, pages, out, pfn, referenced) => {
  let frame = double(pfn);
  const one = doubles[1];
  const end = out + n;
  for (let i = out, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if ((words[page + HEAD] & 1) !== 0) return i - out;
    words[page + FLAGS] |= referenced;
    const count = words[page + REFCOUNT];
    if (count <= 0) return i - out;
    words[page + REFCOUNT] = count + delta;
    pages[i] = frame;
  }
  return n;
};

export const grabEachLocked: GrabEach = (words, at, n, delta, pages, out, pfn, referenced) => {
  let frame = double(pfn);
  const one = doubles[1];
  const end = out + n;
  for (let i = out, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if ((words[page + HEAD] & 1) !== 0) return i - out;
    if (words[page + REFCOUNT] <= 0) return i - out;
    Atomics.or(words, page + FLAGS, referenced);
    Atomics.add(words, page + REFCOUNT, delta);
    pages[i] = frame;
  }
  return n;
};

export const grabTailsPlain: GrabTails = (words, at, n, headLo, heads, headAt, pinAt, pages, out, pfn, referenced) => {
  let frame = double(pfn);
  const one = doubles[1];
  const end = out + n;
  for (let i = out, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (words[page + HEAD] !== headLo) return i - out;
    const count = heads[headAt + REFCOUNT];
    if (count <= 0) return i - out;
    heads[headAt + FLAGS] |= referenced;
    heads[headAt + REFCOUNT] = count + 1;
    if (pinAt >= 0) heads[pinAt]++;
    pages[i] = frame;
  }
  return n;
};

export const grabTailsLocked: GrabTails = (words, at, n, headLo, heads, headAt, pinAt, pages, out, pfn, referenced) => {
  let frame = double(pfn);
  const one = doubles[1];
  const end = out + n;
  for (let i = out, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (words[page + HEAD] !== headLo) return i - out;
    if (heads[headAt + REFCOUNT] <= 0) return i - out;
    Atomics.or(heads, headAt + FLAGS, referenced);
    Atomics.add(heads, headAt + REFCOUNT, 1);
    if (pinAt >= 0) Atomics.add(heads, pinAt, 1);
    pages[i] = frame;
  }
  return n;
};

export const putEachPlain: PutEach = (words, at, n, delta, pages, from, pfn) => {
  let frame = double(pfn);
  const one = doubles[1];
  const end = from + n;
  for (let i = from, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (pages[i] !== frame || (words[page + HEAD] & 1) !== 0) return i - from;
    words[page + REFCOUNT] -= delta;
  }
  return n;
};

export const putEachLocked: PutEach = (words, at, n, delta, pages, from, pfn) => {
  let frame = double(pfn);
  const one = doubles[1];
  const end = from + n;
  for (let i = from, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (pages[i] !== frame || (words[page + HEAD] & 1) !== 0) return i - from;
    Atomics.sub(words, page + REFCOUNT, delta);
  }
  return n;
};

/** put_page on `n` recorded tails of one compound; stops at a page with another head. */
export type PutTails = (
  words: Int32Array,
  at: number,
  n: number,
  headLo: number,
  heads: Int32Array,
  headAt: number,
  pages: Float64Array,
  from: number,
  pfn: number,
) => number;

export const putTailsPlain: PutTails = (words, at, n, headLo, heads, headAt, pages, from, pfn) => {
  let frame = double(pfn);
  const one = doubles[1];
  const count = headAt + REFCOUNT;
  const end = from + n;
  for (let i = from, head = at + HEAD; i < end; i = (i + 1) | 0, head = (head + STEP) | 0, frame += one) {
    if (pages[i] !== frame || words[head] !== headLo) return i - from;
    heads[count]--;
  }
  return n;
};

export const putTailsLocked: PutTails = (words, at, n, headLo, heads, headAt, pages, from, pfn) => {
  let frame = double(pfn);
  const one = doubles[1];
  const end = from + n;
  for (let i = from, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (pages[i] !== frame || words[page + HEAD] !== headLo) return i - from;
    Atomics.sub(heads, headAt + REFCOUNT, 1);
  }
  return n;
};

/** `record_subpages`: `n` consecutive pages, no struct page touched. */
export function recordSubpages(pages: Float64Array, out: number, pfn: number, n: number): void {
  let even = double(pfn);
  let odd = even + doubles[1];
  const two = doubles[2];
  const end = out + n;
  let i = out;
  for (; i < end - 1; i = (i + 2) | 0) {
    pages[i] = even;
    pages[(i + 1) | 0] = odd;
    even += two;
    odd += two;
  }
  if (i < end) pages[i] = even;
}

/** How many of the `n` recorded pages from `from` on are consecutive and tails of the same head. */
export function countTails(
  words: Int32Array,
  at: number,
  n: number,
  headLo: number,
  pages: Float64Array,
  from: number,
  pfn: number,
): number {
  let frame = double(pfn);
  const one = doubles[1];
  const end = from + n;
  for (let i = from, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (pages[i] !== frame || words[page + HEAD] !== headLo) return i - from;
  }
  return n;
}
