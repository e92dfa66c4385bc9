// SPDX-License-Identifier: GPL-2.0-only
// The inner loops of gup on hand-made memory: the locked form equals the plain one, and both stop where they must.
// Struct pages here are 16 words; word 2 is compound_head, 13 the reference count.

import { assertEquals } from "@std/assert";
import { countTails, grabEach, grabTails, putEach, putTails, recordSubpages } from "./loops.ts";
import { type GupCall, newGupCall } from "../../include/gup.ts";
import { PAGE_LAYOUTS } from "../../include/page_layout.ts";
import fc from "fast-check";

const { referenced: PG_REFERENCED } = PAGE_LAYOUTS["6.1"];

const STEP = 16;
const [FLAGS, HEAD, REFCOUNT] = [0, 2, 13];
const N = 12;
/** Where the run begins, which pfn that is, where a head lies, and the word with its pin count. */
const [AT, PFN, HEAD_AT, PIN_AT] = [3 * STEP, 1000, 0, 2 * STEP];
const HEAD_LO = 0x4001;

/** A call on these pages, whose next one is `next`; `words` begins with the head. */
function callOf(
  locked: boolean,
  pages: Float64Array,
  next = 0,
  words: Int32Array = new Int32Array(0),
  pinAt = -1,
): GupCall {
  return { ...newGupCall(locked, PG_REFERENCED), pages, next, heads: words, headAt: HEAD_AT, headLo: HEAD_LO, pinAt };
}

/** A head, and after it a run of pages with their compound_head and reference count. */
interface Run {
  readonly heads: number[];
  readonly counts: number[];
  readonly headCount: number;
}

const run: fc.Arbitrary<Run> = fc.record({
  heads: fc.array(fc.constantFrom(HEAD_LO, HEAD_LO, HEAD_LO, 0x8001, 0x8000), { minLength: N, maxLength: N }),
  counts: fc.array(fc.constantFrom(0, 1, 1, 1, 1, 2, 5), { minLength: N, maxLength: N }),
  headCount: fc.constantFrom(0, 1, 7),
});

const bases: fc.Arbitrary<Run> = run.map((r) => ({ ...r, heads: r.heads.map((h) => h === 0x8001 ? h : 0x8000) }));

function memory({ heads, counts, headCount }: Run): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer((AT + N * STEP) * 4));
  words[HEAD_AT + REFCOUNT] = headCount;
  for (let i = 0; i < N; i++) {
    words[AT + i * STEP + HEAD] = heads[i];
    words[AT + i * STEP + REFCOUNT] = counts[i];
  }
  return words;
}

/** Pages recorded as held, consecutive except at `broken`. */
function recorded(broken: number): Float64Array {
  const pages = Float64Array.from({ length: N }, (_, i) => PFN + i);
  if (broken < N) pages[broken] = 5;
  return pages;
}

/** Offset of the first page for which `stops` holds, or N. */
function firstStop(stops: (i: number) => boolean): number {
  let i = 0;
  while (i < N && !stops(i)) i++;
  return i;
}

Deno.test("grabEach: one count per base page up to a tail or a page without a reference, plain and locked alike", () => {
  fc.assert(fc.property(bases, fc.constantFrom(1, 1024), (r, delta) => {
    const stop = firstStop((i) => (r.heads[i] & 1) !== 0 || r.counts[i] <= 0);
    for (const locked of [false, true]) {
      const words = memory(r);
      const pages = new Float64Array(N + 2);
      assertEquals(grabEach(callOf(locked, pages, 2), words, AT, N, PFN, delta), stop);
      for (let i = 0; i < N; i++) {
        const got = i < stop;
        assertEquals(words[AT + i * STEP + REFCOUNT], r.counts[i] + (got ? delta : 0));
        if (i !== stop) assertEquals(words[AT + i * STEP + FLAGS], got ? PG_REFERENCED : 0);
        assertEquals(pages[2 + i], got ? PFN + i : 0);
      }
    }
  }));
});

Deno.test("grabTails: every tail counts on the head, up to a page of another head, plain and locked alike", () => {
  fc.assert(fc.property(run, fc.boolean(), (r, pin) => {
    const stop = r.headCount <= 0 ? 0 : firstStop((i) => r.heads[i] !== HEAD_LO);
    for (const locked of [false, true]) {
      const words = memory(r);
      const pages = new Float64Array(N);
      assertEquals(grabTails(callOf(locked, pages, 0, words, pin ? PIN_AT : -1), words, AT, N, PFN), stop);
      assertEquals([words[HEAD_AT + REFCOUNT], words[PIN_AT]], [r.headCount + stop, pin ? stop : 0]);
      assertEquals(words[HEAD_AT + FLAGS], stop > 0 ? PG_REFERENCED : 0);
      assertEquals(Array.from(pages), Array.from(pages, (_, i) => i < stop ? PFN + i : 0));
      for (let i = 0; i < N; i++) assertEquals(words[AT + i * STEP + REFCOUNT], r.counts[i], "tails have no count");
    }
  }));
});

Deno.test("putEach: returns recorded base pages up to a gap or a tail, plain and locked alike", () => {
  fc.assert(fc.property(bases, fc.nat(N), fc.constantFrom(1, 1024), (r, broken, delta) => {
    const stop = firstStop((i) => i === broken || (r.heads[i] & 1) !== 0);
    for (const locked of [false, true]) {
      const words = memory(r);
      assertEquals(putEach(callOf(locked, recorded(broken)), words, AT, N, PFN, delta), stop);
      for (let i = 0; i < N; i++) {
        assertEquals(words[AT + i * STEP + REFCOUNT], r.counts[i] - (i < stop ? delta : 0));
      }
    }
  }));
});

Deno.test("putTails and countTails: recorded tails of one head up to a gap or another head", () => {
  fc.assert(fc.property(run, fc.nat(N), (r, broken) => {
    const stop = firstStop((i) => i === broken || r.heads[i] !== HEAD_LO);
    for (const locked of [false, true]) {
      const words = memory(r);
      assertEquals(putTails(callOf(locked, recorded(broken), 0, words), words, AT, N, PFN), stop);
      assertEquals(words[HEAD_AT + REFCOUNT], r.headCount - stop);
    }
    const words = memory(r);
    const before = Array.from(words);
    assertEquals(countTails(callOf(false, recorded(broken)), words, AT, N, PFN), stop);
    assertEquals(Array.from(words), before);
  }));
});

Deno.test("recordSubpages() writes consecutive pfns and nothing else", () => {
  fc.assert(fc.property(fc.nat(9), fc.nat(9), fc.integer({ min: 0, max: 2 ** 34 }), (n, out, pfn) => {
    const pages = new Float64Array(20).fill(-1);
    recordSubpages(callOf(false, pages, out), pfn, n);
    assertEquals(Array.from(pages), Array.from(pages, (_, i) => i >= out && i < out + n ? pfn + i - out : -1));
  }));
});
