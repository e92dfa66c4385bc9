// SPDX-License-Identifier: GPL-2.0-only
// Returning pages that gup holds (mm/gup.c, mm/swap.c): put_page() page by page, each a store on the page or its head,
// and unpin_user_pages(), which returns consecutive pages of one compound together. Left out: dirtying pages.

import { GUP_PIN_COUNTING_BIAS, PAGE_REFCOUNT, WORD } from "../../include/mm_types.ts";
import { panic } from "../../lib/bug.ts";
import { countTails, putEach, putTails } from "./loops.ts";
import { aimAtHead, putCompoundHead, refcountCounter, stretch, touchCounts } from "./refs.ts";
import type { Kernel } from "../kernel.ts";
import { addPageCount, compoundHead, inPmem, pageRefcount, pageWord, pageWordForWrite, tailInfoLo } from "../page.ts";
import { touchBasePages, touchHead, touchTails } from "./lines.ts";
import { C } from "../vmstat.ts";

const { follPinReleased, nodeStatUpdates } = C;
const { COMPOUND_HEAD, FLAGS } = WORD;

/** `put_page` on every recorded page. */
export function putPages(k: Kernel, pages: Float64Array, from: number, n: number): void {
  const call = k.gup;
  const { words } = k.phys;
  const end = from + n;
  call.pages = pages;
  call.next = from;
  while (call.next < end) {
    const pfn = pages[call.next];
    k.tracer?.enter("put_page", { pfn });
    const at = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - call.next);
    let head = pfn;
    let done = 0;
    if (run > 0 && (words[at + FLAGS] & k.layout.head) === 0 && (words[at + COMPOUND_HEAD] & 1) === 0) {
      done = putBasePages(k, pfn, at, run, 1);
    } else {
      head = compoundHead(k, pfn);
      done = putCompoundPages(k, head, end);
    }
    if (pageRefcount(k, head) < 1) panic(`putPages: frame ${head} lost its last reference`);
    k.stat[refcountCounter(k, head)] += done;
    k.gupRefs -= done;
    k.tracer?.leave(done);
  }
}

/**
 * `run` if the tails from `pfn` on belong to `head`, else 0. Masks are the same in all compounds of an order, so they
 * need the head.
 */
function tailsOf(k: Kernel, head: number, pfn: number, run: number): number {
  return !k.headMask || compoundHead(k, pfn) === head ? run : 0;
}

/** How many recorded pages from `pages[from]` on are tails of `head` whose struct pages lie in one run of memmap. */
export function tailsAhead(k: Kernel, pages: Float64Array, from: number, end: number, head: number): number {
  const call = k.gup;
  const pfn = pages[from];
  const word = pageWord(k, pfn, 0);
  call.pages = pages;
  call.next = from;
  call.headLo = tailInfoLo(k, head);
  const run = tailsOf(k, head, pfn, stretch(k, pfn, end - from));
  return countTails(call, k.phys.window(word), k.phys.inWindow(word), run, pfn);
}

/** put_page() on the next recorded pages that belong to one head, a store each; returns how many. */
function putCompoundPages(k: Kernel, head: number, end: number): number {
  const call = k.gup;
  const from = call.next;
  aimAtHead(k, head, false);
  while (call.next < end) {
    const pfn = call.pages[call.next];
    const at = pageWordForWrite(k, pfn, 0);
    const run = tailsOf(k, head, pfn, stretch(k, pfn, end - call.next));
    const done = putTails(call, k.phys.window(at), k.phys.inWindow(at), run, pfn);
    call.next += done;
    if (done > 0) {
      touchTails(k, pfn, at, done);
      touchHead(k, head, false);
      continue;
    }
    // This is the head itself, a tail that looks like one, a struct page that straddles, or the next compound.
    if (compoundHead(k, pfn) !== head) break;
    addPageCount(k, head, PAGE_REFCOUNT, -1);
    touchCounts(k, head, false);
    call.next++;
  }
  return call.next - from;
}

function putBasePages(k: Kernel, pfn: number, at: number, run: number, delta: number): number {
  const done = putEach(k.gup, k.phys.window(at), k.phys.inWindow(at), run, pfn, delta);
  touchBasePages(k, inPmem(k, pfn), done);
  k.gup.next += done;
  return done;
}

/** `unpin_user_pages`: returns consecutive pages of one compound together. */
export function unpinPages(k: Kernel, pages: Float64Array, from: number, n: number): void {
  k.tracer?.enter("unpin_user_pages", { n });
  const call = k.gup;
  const { words } = k.phys;
  const end = from + n;
  call.pages = pages;
  call.next = from;
  while (call.next < end) {
    const pfn = pages[call.next];
    const at = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - call.next);
    if (run > 0 && (words[at + FLAGS] & k.layout.head) === 0 && (words[at + COMPOUND_HEAD] & 1) === 0) {
      const done = putBasePages(k, pfn, at, run, GUP_PIN_COUNTING_BIAS);
      k.stat[refcountCounter(k, pfn)] += done;
      k.gupRefs -= done * GUP_PIN_COUNTING_BIAS;
      k.stat[follPinReleased] += done;
      k.stat[nodeStatUpdates] += done;
      continue;
    }
    const head = compoundHead(k, pfn);
    const together = compoundNext(k, end, head);
    k.tracer?.enter("put_compound_head", { head, refs: together });
    putCompoundHead(k, head, together, "pin");
    k.tracer?.leave();
  }
  k.tracer?.leave();
}

/** `compound_next`: how many of the next recorded pages belong to `head`; the first one does. */
function compoundNext(k: Kernel, end: number, head: number): number {
  const call = k.gup;
  const { words } = k.phys;
  const from = call.next++;
  call.headLo = tailInfoLo(k, head);
  while (call.next < end) {
    const pfn = call.pages[call.next];
    const word = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - call.next);
    if (run === 0 || (words[word + COMPOUND_HEAD] & 1) === 0) {
      if (compoundHead(k, pfn) !== head) break;
      call.next++;
      continue;
    }
    const tails = tailsOf(k, head, pfn, run);
    const count = countTails(call, k.phys.window(word), k.phys.inWindow(word), tails, pfn);
    if (count === 0) break;
    touchTails(k, pfn, word, count);
    call.next += count;
  }
  return call.next - from;
}
