// SPDX-License-Identifier: GPL-2.0-only
// The inner loops of gup-fast: one pass over the struct pages of a stretch of memmap that is contiguous in memory. One
// source serves a machine with one CPU and one that workers share: where Linux patches its lock prefixes in and out, a
// branch that always goes the same way costs nothing that could be measured. No allocation, no translation inside, and
// no calls but for fetchAhead(); counters are added, and the call moved on, by the caller per stretch.
//
// `words` is a window of the machine's memory, `at` the index in it of the first struct page, `pfn` its frame, `n` how
// many there are. Struct pages are 64 bytes here; those of another size straddle pages, never lie contiguous, and take
// the general accessors of page.ts.

import type { GupCall } from "../../include/gup.ts";
import { WORD } from "../../include/mm_types.ts";

const { COMPOUND_HEAD: HEAD, FLAGS, REFCOUNT, STEP } = WORD;
/**
 * Recorded pfns are doubles, so the loops count in doubles. A constant step or a converted index would pass through an
 * integer register for every page; a value read from a Float64Array does not.
 */
const doubles = new Float64Array([0, 1, 2]);

function double(x: number): number {
  doubles[0] = x;
  return doubles[0];
}

/** Struct pages that fetchAhead() reads; the fastest of 4 to 32. */
const AHEAD = 8;
/** What it read: the compiler drops loads whose result is unused. */
const seen = new Int32Array(1);

/**
 * Reads the next struct pages of a locked loop. An atomic instruction waits for earlier loads and delays later ones, so
 * a page-by-page loop waits for one cache line at a time. Read together, the lines arrive in half the time.
 */
function fetchAhead(words: Int32Array, at: number, n: number): void {
  let all = 0;
  const end = at + Math.min(n, AHEAD) * STEP;
  for (let page = at; page < end; page = (page + STEP) | 0) all |= words[page];
  seen[0] = all;
}

/**
 * SetPageReferenced and try_grab_page on base pages, each recorded. Returns how many were grabbed; it stops at a tail
 * and at a page without a reference.
 */
export function grabEach(call: GupCall, words: Int32Array, at: number, n: number, pfn: number, delta: number): number {
  const { locked, pages, referenced } = call;
  const out = call.next | 0;
  let frame = double(pfn);
  const one = doubles[1];
  const end = out + n;
  for (let i = out, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (locked && ((i - out) & (AHEAD - 1)) === 0) fetchAhead(words, page, end - i);
    if ((words[page + HEAD] & 1) !== 0) return i - out;
    const count = words[page + REFCOUNT];
    if (count <= 0) return i - out;
    if (locked) {
      Atomics.or(words, page + FLAGS, referenced);
      Atomics.add(words, page + REFCOUNT, delta);
    } else {
      words[page + FLAGS] |= referenced;
      words[page + REFCOUNT] = count + delta;
    }
    pages[i] = frame;
  }
  return n;
}

/**
 * The same for tails of the call's head: reads each tail's compound_head, then updates the head's reference count, and
 * its pin count if it is pinned. Stops at the first page with another head.
 */
export function grabTails(call: GupCall, words: Int32Array, at: number, n: number, pfn: number): number {
  const { locked, pages, referenced, heads, headAt, headLo, pinAt } = call;
  const out = call.next | 0;
  let frame = double(pfn);
  const one = doubles[1];
  const end = out + n;
  for (let i = out, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (words[page + HEAD] !== headLo) return i - out;
    const count = heads[headAt + REFCOUNT];
    if (count <= 0) return i - out;
    if (locked) {
      Atomics.or(heads, headAt + FLAGS, referenced);
      Atomics.add(heads, headAt + REFCOUNT, 1);
      if (pinAt >= 0) Atomics.add(heads, pinAt, 1);
    } else {
      heads[headAt + FLAGS] |= referenced;
      heads[headAt + REFCOUNT] = count + 1;
      if (pinAt >= 0) heads[pinAt]++;
    }
    pages[i] = frame;
  }
  return n;
}

/** put_page on recorded base pages; returns how many pages of the run it found recorded. */
export function putEach(call: GupCall, words: Int32Array, at: number, n: number, pfn: number, delta: number): number {
  const { locked, pages } = call;
  const from = call.next | 0;
  let frame = double(pfn);
  const one = doubles[1];
  const end = from + n;
  for (let i = from, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (locked && ((i - from) & (AHEAD - 1)) === 0) fetchAhead(words, page, end - i);
    if (pages[i] !== frame || (words[page + HEAD] & 1) !== 0) return i - from;
    if (locked) Atomics.sub(words, page + REFCOUNT, delta);
    else words[page + REFCOUNT] -= delta;
  }
  return n;
}

/** put_page on recorded tails of the call's head; stops at a page with another head. */
export function putTails(call: GupCall, words: Int32Array, at: number, n: number, pfn: number): number {
  const { locked, pages, heads, headLo } = call;
  const from = call.next | 0;
  const count = call.headAt + REFCOUNT;
  let frame = double(pfn);
  const one = doubles[1];
  const end = from + n;
  for (let i = from, head = at + HEAD; i < end; i = (i + 1) | 0, head = (head + STEP) | 0, frame += one) {
    if (pages[i] !== frame || words[head] !== headLo) return i - from;
    if (locked) Atomics.sub(heads, count, 1);
    else heads[count]--;
  }
  return n;
}

/** How many of the recorded pages are consecutive and tails of the call's head. */
export function countTails(call: GupCall, words: Int32Array, at: number, n: number, pfn: number): number {
  const { pages, headLo } = call;
  const from = call.next | 0;
  let frame = double(pfn);
  const one = doubles[1];
  const end = from + n;
  for (let i = from, page = at; i < end; i = (i + 1) | 0, page = (page + STEP) | 0, frame += one) {
    if (pages[i] !== frame || words[page + HEAD] !== headLo) return i - from;
  }
  return n;
}

/** `record_subpages`: `n` consecutive pages, no struct page touched. */
export function recordSubpages(call: GupCall, pfn: number, n: number): void {
  const { pages } = call;
  let even = double(pfn);
  let odd = even + doubles[1];
  const two = doubles[2];
  let i = call.next | 0;
  const end = i + n;
  for (; i < end - 1; i = (i + 2) | 0) {
    pages[i] = even;
    pages[(i + 1) | 0] = odd;
    even += two;
    odd += two;
  }
  if (i < end) pages[i] = even;
}
