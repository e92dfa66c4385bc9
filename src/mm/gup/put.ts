// SPDX-License-Identifier: GPL-2.0-only
// Returning pages that gup holds (mm/gup.c, mm/swap.c): put_page() page by page, each a store on the page or its head,
// and unpin_user_pages(), which returns pages of one compound together that follow one another in the array. Left out:
// dirtying pages.

import { GUP_PIN_COUNTING_BIAS, PAGE_REFCOUNT, WORD } from "../../include/mm_types.ts";
import { panic } from "../../lib/bug.ts";
import { countTails, putEachLocked, putEachPlain, putTailsLocked, putTailsPlain } from "./loops.ts";
import { putCompoundHead, refcountCounter, stretch, touchCounts } from "./refs.ts";
import type { Kernel } from "../kernel.ts";
import { addPageCount, compoundHead, inPmem, pageRefcount, pageWordForWrite, tailInfoLo } from "../page.ts";
import { touchBasePages, touchHead, touchTails } from "./lines.ts";
import { C } from "../vmstat.ts";

const { follPinReleased, nodeStatUpdates } = C;
const { COMPOUND_HEAD, FLAGS } = WORD;

/** `put_page` on every recorded page. */
export function putPages(k: Kernel, pages: Float64Array, from: number, n: number): void {
  const end = from + n;
  for (let i = from; i < end;) {
    const pfn = pages[i];
    k.tracer?.enter("put_page", { pfn });
    const at = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - i);
    const { words } = k.phys;
    let head = pfn;
    let done = 0;
    if (run > 0 && (words[at + FLAGS] & k.layout.head) === 0 && (words[at + COMPOUND_HEAD] & 1) === 0) {
      done = putBasePages(k, pfn, at, run, 1, pages, i);
    } else {
      head = compoundHead(k, pfn);
      done = putCompoundPages(k, head, pages, i, end);
    }
    if (pageRefcount(k, head) < 1) panic(`putPages: frame ${head} lost its last reference`);
    k.stat[refcountCounter(k, head)] += done;
    k.gupRefs -= done;
    k.tracer?.leave(done);
    i += done;
  }
}

/** Of a run of tails, those of `head`: tails that hold a mask look like those of any compound of the same order. */
function tailsOf(k: Kernel, head: number, pfn: number, run: number): number {
  return !k.headMask || compoundHead(k, pfn) === head ? run : 0;
}

/** put_page() on the recorded pages from `from` on that belong to one head, a store each; returns how many. */
function putCompoundPages(k: Kernel, head: number, pages: Float64Array, from: number, end: number): number {
  const put = k.locked ? putTailsLocked : putTailsPlain;
  const headLo = tailInfoLo(k, head);
  const headAt = pageWordForWrite(k, head, 0);
  const heads = k.phys.window(headAt);
  const headIndex = k.phys.inWindow(headAt);
  let i = from;
  while (i < end) {
    const pfn = pages[i];
    const at = pageWordForWrite(k, pfn, 0);
    const run = tailsOf(k, head, pfn, stretch(k, pfn, end - i));
    const done = put(k.phys.window(at), k.phys.inWindow(at), run, headLo, heads, headIndex, pages, i | 0, pfn);
    i += done;
    if (done > 0) {
      touchTails(k, pfn, at, done);
      touchHead(k, head, false);
      continue;
    }
    // The head itself, a tail that looks like one, or a struct page that straddles; else the next compound.
    if (compoundHead(k, pfn) !== head) break;
    addPageCount(k, head, PAGE_REFCOUNT, -1);
    touchCounts(k, head, false);
    i++;
  }
  return i - from;
}

function putBasePages(
  k: Kernel,
  pfn: number,
  at: number,
  run: number,
  delta: number,
  pages: Float64Array,
  from: number,
): number {
  const put = k.locked ? putEachLocked : putEachPlain;
  const done = put(k.phys.window(at), k.phys.inWindow(at), run, delta, pages, from | 0, pfn);
  touchBasePages(k, inPmem(k, pfn), done);
  return done;
}

/** `unpin_user_pages`: pages of one compound that follow one another are returned together. */
export function unpinPages(k: Kernel, pages: Float64Array, from: number, n: number): void {
  k.tracer?.enter("unpin_user_pages", { n });
  for (let i = from; i < from + n;) {
    const pfn = pages[i];
    const at = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, from + n - i);
    const { words } = k.phys;
    if (run > 0 && (words[at + FLAGS] & k.layout.head) === 0 && (words[at + COMPOUND_HEAD] & 1) === 0) {
      const done = putBasePages(k, pfn, at, run, GUP_PIN_COUNTING_BIAS, pages, i);
      k.stat[refcountCounter(k, pfn)] += done;
      k.gupRefs -= done * GUP_PIN_COUNTING_BIAS;
      k.stat[follPinReleased] += done;
      k.stat[nodeStatUpdates] += done;
      i += done;
      continue;
    }
    const head = compoundHead(k, pfn);
    const together = compoundNext(k, pages, i, from + n, head);
    k.tracer?.enter("put_compound_head", { head, refs: together });
    putCompoundHead(k, head, together, "pin");
    k.tracer?.leave();
    i += together;
  }
  k.tracer?.leave();
}

/** `compound_next`: how many recorded pages from `i` on belong to one head. */
function compoundNext(k: Kernel, pages: Float64Array, i: number, end: number, head: number): number {
  const headLo = tailInfoLo(k, head);
  const { words } = k.phys;
  let at = i + 1;
  while (at < end) {
    const pfn = pages[at];
    const word = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - at);
    if (run === 0 || (words[word + COMPOUND_HEAD] & 1) === 0) {
      if (compoundHead(k, pfn) !== head) break;
      at++;
      continue;
    }
    const tails = tailsOf(k, head, pfn, run);
    const count = countTails(k.phys.window(word), k.phys.inWindow(word), tails, headLo, pages, at | 0, pfn);
    if (count === 0) break;
    touchTails(k, pfn, word, count);
    at += count;
  }
  return at - i;
}
