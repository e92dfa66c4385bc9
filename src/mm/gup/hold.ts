// SPDX-License-Identifier: GPL-2.0-only
// The ways gup-fast takes references inside one huge devmap entry (__gup_device_huge of mm/gup.c): page by page as
// before the series, a compound at once (patch 8 of document 001), or one reference first and the rest after a look at
// the head (001:4201). Pages are recorded as they are held.

import { GUP_PIN_COUNTING_BIAS, WORD } from "../../include/mm_types.ts";
import { grabEach, grabTails, recordSubpages } from "./loops.ts";
import { aimAtHead, putCompoundHead, setReferenced, stretch, tryGrabCompoundHead } from "./refs.ts";
import type { Kernel } from "../kernel.ts";
import { clearPageFlags, compoundHead, compoundOrder, hasPincount, inPmem, pageWordForWrite } from "../page.ts";
import { touchBasePages, touchHead, touchTails } from "./lines.ts";
import { C } from "../vmstat.ts";

const {
  follPinAcquired,
  nodeStatUpdates,
  pageFlagStoresDram,
  pageFlagStoresPmem,
  pagesRecorded,
  pincountStoresDram,
  pincountStoresPmem,
  refcountStoresDram,
  refcountStoresPmem,
} = C;
const { COMPOUND_HEAD, FLAGS } = WORD;

/** One step of the compound-aware variants: the rest of one compound, or a stretch of base pages. */
export function grabCompound(k: Kernel, pfn: number, n: number): number {
  const head = compoundHead(k, pfn);
  const order = compoundOrder(k, head);
  if (order === 0) return grabPages(k, pfn, n);
  const { errata, gup } = k.config;
  if (gup === "grab-one") return grabOneThenRest(k, pfn, n);
  // Patch 8 as posted: "@end is assumed to be limited at most one compound page".
  const whole = gup === "compound" && errata.grabWholeRange;
  return grabHead(k, head, pfn, whole ? n : inCompound(head, order, pfn, n));
}

/** Pages from `pfn` to the end of its compound, at most `n`. */
function inCompound(head: number, order: number, pfn: number, n: number): number {
  return Math.min(n, head + (1 << order) - pfn);
}

/** Patch 8 for one compound: record, mark the head, take all references at once. */
export function grabHead(k: Kernel, head: number, pfn: number, n: number): number {
  const call = k.gup;
  recordSubpages(call, pfn, n);
  k.stat[pagesRecorded] += n;
  setReferenced(k, head);
  k.tracer?.enter("try_grab_compound_head", { head, refs: n });
  const held = tryGrabCompoundHead(k, head, n, call.mode);
  k.tracer?.leave(held);
  if (!held) {
    clearPageFlags(k, head, k.layout.referenced);
    return 0;
  }
  call.next += n;
  return n;
}

/** 001:4201: takes one reference on the head, then reads its order and takes the rest. */
function grabOneThenRest(k: Kernel, pfn: number, n: number): number {
  const call = k.gup;
  const head = compoundHead(k, pfn);
  if (!tryGrabCompoundHead(k, head, 1, call.mode)) return 0;
  // The sketch counts from the head, but only pages up to the end of the compound may be taken.
  const { grabOneFromHead } = k.config.errata;
  const count = inCompound(head, compoundOrder(k, head), grabOneFromHead ? head : pfn, n);
  recordSubpages(call, pfn, count);
  k.stat[pagesRecorded] += count;
  setReferenced(k, head);
  const rest = count - 1;
  if (rest > (k.config.errata.grabOneMoreThanTwo ? 1 : 0)) {
    if (!tryGrabCompoundHead(k, head, rest, call.mode)) {
      putCompoundHead(k, head, 1, call.mode);
      return 0;
    }
  }
  call.next += count;
  return count;
}

/** Before the series: a flag store and a reference count store for every page, on the page or on its head. */
export function grabPages(k: Kernel, pfn: number, n: number): number {
  const call = k.gup;
  const at = pageWordForWrite(k, pfn, 0);
  const run = stretch(k, pfn, n);
  const { words } = k.phys;
  if (run === 0 || (words[at + FLAGS] & k.layout.head) !== 0) return grabOnePage(k, pfn, compoundHead(k, pfn));
  const got = (words[at + COMPOUND_HEAD] & 1) === 0 ? grabBasePages(k, pfn, at, run) : grabTailPages(k, pfn, at, run);
  call.next += got;
  k.stat[pagesRecorded] += got;
  if (call.mode === "pin") {
    k.stat[follPinAcquired] += got;
    k.stat[nodeStatUpdates] += got;
  }
  return got;
}

/** A stretch of base pages: each has its own counts. */
function grabBasePages(k: Kernel, pfn: number, at: number, run: number): number {
  const call = k.gup;
  const delta = call.mode === "pin" ? GUP_PIN_COUNTING_BIAS : 1;
  const got = grabEach(call, k.phys.window(at), k.phys.inWindow(at), run, pfn, delta);
  k.gupRefs += got * delta;
  const pmem = inPmem(k, pfn);
  touchBasePages(k, pmem, got);
  k.stat[pmem ? pageFlagStoresPmem : pageFlagStoresDram] += got;
  k.stat[pmem ? refcountStoresPmem : refcountStoresDram] += got;
  return got;
}

/** A stretch of tails, all counted on their head. */
function grabTailPages(k: Kernel, pfn: number, at: number, run: number): number {
  const call = k.gup;
  const head = compoundHead(k, pfn);
  const pinned = call.mode === "pin" && hasPincount(k, head);
  aimAtHead(k, head, pinned);
  const got = grabTails(call, k.phys.window(at), k.phys.inWindow(at), run, pfn);
  const pins = pinned ? got : 0;
  k.gupRefs += got;
  k.gupPins += pins;
  touchTails(k, pfn, at, got);
  touchHead(k, head, pinned);
  const pmem = inPmem(k, head);
  k.stat[pmem ? pageFlagStoresPmem : pageFlagStoresDram] += got;
  k.stat[pmem ? refcountStoresPmem : refcountStoresDram] += got;
  k.stat[pmem ? pincountStoresPmem : pincountStoresDram] += pins;
  return got;
}

/** One page through the general accessors: a head, or a struct page that straddles or aliases. */
function grabOnePage(k: Kernel, pfn: number, head: number): number {
  const call = k.gup;
  setReferenced(k, head);
  if (!tryGrabCompoundHead(k, head, 1, call.mode)) return 0;
  call.pages[call.next++] = pfn;
  k.stat[pagesRecorded]++;
  return 1;
}
