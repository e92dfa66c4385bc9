// SPDX-License-Identifier: GPL-2.0-only
// get_user_pages_fast() and pin_user_pages_fast() over device memory, put_page() and unpin_user_pages() (mm/gup.c with
// patch 8 of seed 001 and the alternatives of its thread). The walk reads the user's tables without locks; every huge
// entry leads to gupDeviceHuge(), whose variants differ in how they reach the reference counts:
//
//   per-page        512 x { pgmap step, flag, refcount on the page or its head }
//   compound        1 x { pgmap step, flag, refcount += 512 }                      patch 8
//   compound-range  the same per compound inside the entry                         001:2998
//   no-pgmap        the same, no pgmap reference                                   001:3271
//   grab-one        refcount += 1, look at the head, refcount += 511               001:4200
//
// A pin (FOLL_PIN) adds to the pin count of a compound page as well, or 1024 references to a base page. Left out:
// FOLL_LONGTERM (which refuses devmap), COW unsharing, pages that are no devmap.

import {
  GUP_PIN_COUNTING_BIAS,
  PAGE_COMPOUND_HEAD,
  PAGE_FLAGS,
  PAGE_REFCOUNT,
  STRETCH_STRUCT_SIZE,
} from "../include/mm_types.ts";
import { PG_HEAD, PG_REFERENCED } from "../include/page_flags.ts";
import type { DevPagemap } from "../include/memremap.ts";
import { panic } from "../lib/bug.ts";
import {
  countTails,
  grabEachLocked,
  grabEachPlain,
  grabTailsLocked,
  grabTailsPlain,
  putEachLocked,
  putEachPlain,
  putTailsLocked,
  putTailsPlain,
  recordSubpages,
} from "./gup_grab.ts";
import type { Kernel } from "./kernel.ts";
import { inPmem, touchBasePages, touchHead, touchTails } from "./memmap_lines.ts";
import { getDevPagemap, putDevPagemap } from "./memremap.ts";
import { handleFault } from "./memory.ts";
import type { Mm } from "./mm.ts";
import {
  addPageCount,
  addPageCountUnlessZero,
  clearPageFlags,
  compoundHead,
  compoundOrder,
  hasPincount,
  isPageHead,
  pageAddressLo,
  pageRefcount,
  pageWordForWrite,
  pincountPlace,
  readPage,
  setPageFlags,
  vmemmapPage,
} from "./page.ts";
import { entryAt, entryFrame, entryHuge, entryNone, levelPages, tableEntries, tableIndex } from "./pgtable.ts";
import { C } from "./vmstat.ts";

const FLAGS = PAGE_FLAGS / 4;
const HEAD = PAGE_COMPOUND_HEAD / 4;

/** How pages are held: FOLL_GET or FOLL_PIN. */
export type GupMode = "get" | "pin";

/**
 * `get_user_pages_fast` / `pin_user_pages_fast`: holds `n` user pages from virtual page `vpn` on and records their pfns
 * at `pages[out]`. Pages that are not mapped are faulted in. Returns how many are held, from the first on.
 */
export function gupFast(
  k: Kernel,
  mm: Mm,
  vpn: number,
  n: number,
  mode: GupMode,
  pages: Float64Array,
  out: number,
): number {
  let done = 0;
  k.stat[C.gupCalls]++;
  while (done < n) {
    const got = lockless(k, mm, vpn + done, n - done, mode, pages, out + done);
    done += got;
    if (done === n) break;
    // The slow path faults the page in and looks again; a page that is there and cannot be held is final.
    if (got === 0 && mapped(k, mm, vpn + done)) break;
    if (handleFault(k, mm, vpn + done) !== "nopage") break;
  }
  return done;
}

/** `put_page` on every recorded page. */
export function putPages(k: Kernel, pages: Float64Array, from: number, n: number): void {
  const end = from + n;
  for (let i = from; i < end;) {
    const pfn = pages[i];
    const at = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - i);
    const { words } = k.phys;
    let head = pfn;
    let done = 0;
    if (run > 0 && (words[at + FLAGS] & PG_HEAD) === 0 && (words[at + HEAD] & 1) === 0) {
      done = putBasePages(k, pfn, at, run, 1, pages, i);
    } else {
      head = compoundHead(k, pfn);
      done = putCompoundPages(k, head, pages, i, end);
    }
    if (pageRefcount(k, head) < 1) panic(`putPages: frame ${head} lost its last reference`);
    k.stat[refcountCounter(k, head)] += done;
    k.gupRefs -= done;
    i += done;
  }
}

/** put_page() on the recorded pages from `from` on that belong to one head, a store each; returns how many. */
function putCompoundPages(k: Kernel, head: number, pages: Float64Array, from: number, end: number): number {
  const put = k.machine.spec.shared ? putTailsLocked : putTailsPlain;
  const headLo = pageAddressLo(k, head) | 1;
  const headAt = pageWordForWrite(k, head, 0);
  const heads = k.phys.window(headAt);
  const headIndex = k.phys.inWindow(headAt);
  let i = from;
  while (i < end) {
    const pfn = pages[i];
    const at = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - i);
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
  const put = k.machine.spec.shared ? putEachLocked : putEachPlain;
  const done = put(k.phys.window(at), k.phys.inWindow(at), run, delta, pages, from | 0, pfn);
  touchBasePages(k, pfn, done);
  return done;
}

/** `unpin_user_pages`: consecutive pages of one compound are returned together. */
export function unpinPages(k: Kernel, pages: Float64Array, from: number, n: number): void {
  for (let i = from; i < from + n;) {
    const pfn = pages[i];
    const at = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, from + n - i);
    const { words } = k.phys;
    if (run > 0 && (words[at + FLAGS] & PG_HEAD) === 0 && (words[at + HEAD] & 1) === 0) {
      const done = putBasePages(k, pfn, at, run, GUP_PIN_COUNTING_BIAS, pages, i);
      k.stat[refcountCounter(k, pfn)] += done;
      k.gupRefs -= done * GUP_PIN_COUNTING_BIAS;
      k.stat[C.follPinReleased] += done;
      k.stat[C.nodeStatUpdates] += done;
      i += done;
      continue;
    }
    const head = compoundHead(k, pfn);
    const together = compoundNext(k, pages, i, from + n, head);
    putCompoundHead(k, head, together, "pin");
    i += together;
  }
}

/** `page_maybe_dma_pinned`. */
export function pageMaybeDmaPinned(k: Kernel, pfn: number): boolean {
  const head = compoundHead(k, pfn);
  if (!hasPincount(k, head)) return pageRefcount(k, head) >= GUP_PIN_COUNTING_BIAS;
  const { tail, offset } = pincountPlace(k);
  return readPage(k, head + tail, offset) > 0;
}

/** `lockless_pages_from_mm`: the fast walk. Stops at the first page it cannot hold. */
function lockless(
  k: Kernel,
  mm: Mm,
  vpn: number,
  n: number,
  mode: GupMode,
  pages: Float64Array,
  out: number,
): number {
  const end = vpn + n;
  let done = 0;
  for (let at = vpn; at < end;) {
    let table = mm.rootPfn;
    let level = k.arch.format.topLevel;
    let entry = 0;
    for (;; level--) {
      entry = entryAt(k, table, tableIndex(k, at, level));
      if (entryNone(k, entry) || level === 0 || entryHuge(k, entry)) break;
      table = entryFrame(k, entry);
    }
    k.stat[C.gupWalkSteps] += 4 - level;
    if (entryNone(k, entry)) return done;
    const span = levelPages(k, level);
    const inEntry = at - Math.floor(at / span) * span;
    const count = Math.min(span - inEntry, end - at);
    if (level === 0) {
      const ptes = Math.min(tableEntries(k) - tableIndex(k, at, 0), end - at);
      const got = gupPteRange(k, entry, ptes, mode, pages, out + done);
      done += got;
      if (got < ptes) return done;
      at += ptes;
      continue;
    }
    const got = gupEntry(k, entry, entryFrame(k, entry) + inEntry, count, mode, pages, out + done);
    done += got;
    if (got < count) return done;
    at += count;
  }
  return done;
}

/** `gup_pte_range`: `n` entries of one PTE table from word `entry` on, with one pgmap reference for all of them. */
function gupPteRange(k: Kernel, entry: number, n: number, mode: GupMode, pages: Float64Array, out: number): number {
  const { words } = k.phys;
  let pgmap: DevPagemap | null = null;
  let done = 0;
  for (; done < n; done++) {
    const at = entry + 2 * done;
    const lo = words[at];
    const hi = words[at + 1];
    if (entryNone(k, at)) break;
    const pfn = entryFrame(k, at);
    pgmap = getDevPagemap(k, pfn, pgmap);
    if (pgmap === null) {
      undoDevPagemap(k, pages, out, done, mode);
      done = 0;
      break;
    }
    const head = compoundHead(k, pfn);
    if (!tryGrabCompoundHead(k, head, 1, mode)) break;
    if (words[at] !== lo || words[at + 1] !== hi) {
      putCompoundHead(k, head, 1, mode);
      break;
    }
    setReferenced(k, head);
    pages[out + done] = pfn;
  }
  putDevPagemap(pgmap);
  k.stat[C.pagesRecorded] += done;
  k.stat[C.gupWalkSteps] += Math.max(0, done - 1);
  return done;
}

/** __gup_device_huge_pmd and _pud for one entry: hold, then look whether the entry is still the same. */
function gupEntry(
  k: Kernel,
  entry: number,
  pfn: number,
  n: number,
  mode: GupMode,
  pages: Float64Array,
  out: number,
): number {
  const { words } = k.phys;
  const lo = words[entry];
  const hi = words[entry + 1];
  const got = gupDeviceHuge(k, pfn, n, mode, pages, out);
  if (got === n && words[entry] === lo && words[entry + 1] === hi) return n;
  undoDevPagemap(k, pages, out, got, mode);
  return 0;
}

/** `__gup_device_huge` in the configured variant: holds and records pages pfn .. pfn + n - 1; how many it could. */
function gupDeviceHuge(k: Kernel, pfn: number, n: number, mode: GupMode, pages: Float64Array, out: number): number {
  const variant = k.config.gup;
  if (variant === "no-pgmap" && compoundOrder(k, compoundHead(k, pfn)) > 0) {
    return grabHead(k, pfn, n, mode, pages, out);
  }
  let pgmap: DevPagemap | null = null;
  let done = 0;
  while (done < n) {
    const at = pfn + done;
    pgmap = getDevPagemap(k, at, pgmap);
    if (pgmap === null) return done;
    const got = variant === "per-page"
      ? grabPages(k, at, n - done, mode, pages, out + done)
      : grabCompound(k, at, n - done, mode, pages, out + done);
    done += got;
    if (got === 0) break;
  }
  putDevPagemap(pgmap);
  return done;
}

/** One step of the variants that know compounds: the rest of one compound, or a stretch of base pages. */
function grabCompound(k: Kernel, pfn: number, n: number, mode: GupMode, pages: Float64Array, out: number): number {
  const head = compoundHead(k, pfn);
  if (!isPageHead(k, head)) return grabPages(k, pfn, n, mode, pages, out);
  if (k.config.gup === "grab-one") return grabOneThenRest(k, pfn, n, mode, pages, out);
  return grabHead(k, pfn, inCompound(k, head, pfn, n), mode, pages, out);
}

/** Pages from `pfn` to the end of its compound, at most `n`. A range handed to gup covers at most one (patch 8). */
function inCompound(k: Kernel, head: number, pfn: number, n: number): number {
  return Math.min(n, head + (1 << compoundOrder(k, head)) - pfn);
}

/** Patch 8 for one compound: record, mark the head, take all references at once. */
function grabHead(k: Kernel, pfn: number, n: number, mode: GupMode, pages: Float64Array, out: number): number {
  const head = compoundHead(k, pfn);
  recordSubpages(pages, out | 0, k.config.mutation === "recordsHeads" ? head : pfn, n);
  k.stat[C.pagesRecorded] += n;
  setReferenced(k, head);
  if (tryGrabCompoundHead(k, head, n, mode)) return n;
  clearPageFlags(k, head, PG_REFERENCED);
  return 0;
}

/** 001:4200: nothing of a struct page is trusted before a reference is held, then the rest follows. */
function grabOneThenRest(k: Kernel, pfn: number, n: number, mode: GupMode, pages: Float64Array, out: number): number {
  const head = compoundHead(k, pfn);
  if (!tryGrabCompoundHead(k, head, 1, mode)) return 0;
  // The sketch counts from the head; what may be taken ends with the compound.
  const { grabOneFromHead } = k.config.errata;
  const count = inCompound(k, head, grabOneFromHead ? head : pfn, n);
  recordSubpages(pages, out | 0, pfn, count);
  k.stat[C.pagesRecorded] += count;
  setReferenced(k, head);
  const rest = count - 1;
  if (rest > (k.config.errata.grabOneMoreThanTwo ? 1 : 0)) {
    if (!tryGrabCompoundHead(k, head, rest, mode)) {
      putCompoundHead(k, head, 1, mode);
      return 0;
    }
  }
  return count;
}

/** Before the series: a flag store and a reference count store for every page, on the page or on its head. */
function grabPages(k: Kernel, pfn: number, n: number, mode: GupMode, pages: Float64Array, out: number): number {
  const at = pageWordForWrite(k, pfn, 0);
  const run = stretch(k, pfn, n);
  const { words } = k.phys;
  if (run === 0 || (words[at + FLAGS] & PG_HEAD) !== 0) {
    return grabOnePage(k, pfn, compoundHead(k, pfn), mode, pages, out);
  }
  const got = (words[at + HEAD] & 1) === 0
    ? grabBasePages(k, pfn, at, run, mode, pages, out)
    : grabTailPages(k, pfn, at, run, mode, pages, out);
  k.stat[C.pagesRecorded] += got;
  if (mode === "pin") {
    k.stat[C.follPinAcquired] += got;
    k.stat[C.nodeStatUpdates] += got;
  }
  return got;
}

/** A stretch of base pages: each has its own counts. */
function grabBasePages(
  k: Kernel,
  pfn: number,
  at: number,
  run: number,
  mode: GupMode,
  pages: Float64Array,
  out: number,
): number {
  const delta = mode === "pin" ? GUP_PIN_COUNTING_BIAS : 1;
  const grab = k.machine.spec.shared ? grabEachLocked : grabEachPlain;
  const got = grab(k.phys.window(at), k.phys.inWindow(at), run, delta, pages, out | 0, pfn);
  k.gupRefs += got * delta;
  touchBasePages(k, pfn, got);
  const pmem = inPmem(k, pfn);
  k.stat[pmem ? C.pageFlagStoresPmem : C.pageFlagStoresDram] += got;
  k.stat[pmem ? C.refcountStoresPmem : C.refcountStoresDram] += got;
  return got;
}

/** A stretch of tails: every one counts on its head. */
function grabTailPages(
  k: Kernel,
  pfn: number,
  at: number,
  run: number,
  mode: GupMode,
  pages: Float64Array,
  out: number,
): number {
  const head = compoundHead(k, pfn);
  const pinAt = mode === "pin" && hasPincount(k, head) ? pinWord(k, head) : -1;
  const grab = k.machine.spec.shared ? grabTailsLocked : grabTailsPlain;
  const headLo = pageAddressLo(k, head) | 1;
  const headAt = pageWordForWrite(k, head, 0);
  const { phys } = k;
  const pinIndex = pinAt >= 0 ? phys.inWindow(pinAt) : -1;
  const heads = phys.window(headAt);
  const headIndex = phys.inWindow(headAt);
  const got = grab(
    phys.window(at),
    phys.inWindow(at),
    run,
    headLo,
    heads,
    headIndex,
    pinIndex,
    pages,
    out | 0,
    pfn,
  );
  const pins = pinAt >= 0 ? got : 0;
  k.gupRefs += got;
  k.gupPins += pins;
  touchTails(k, pfn, at, got);
  touchHead(k, head, pinAt >= 0);
  const pmem = inPmem(k, head);
  k.stat[pmem ? C.pageFlagStoresPmem : C.pageFlagStoresDram] += got;
  k.stat[pmem ? C.refcountStoresPmem : C.refcountStoresDram] += got;
  k.stat[pmem ? C.pincountStoresPmem : C.pincountStoresDram] += pins;
  return got;
}

/** One page through the general accessors: a head, or a struct page that straddles or aliases. */
function grabOnePage(k: Kernel, pfn: number, head: number, mode: GupMode, pages: Float64Array, out: number): number {
  setReferenced(k, head);
  if (!tryGrabCompoundHead(k, head, 1, mode)) return 0;
  pages[out] = pfn;
  k.stat[C.pagesRecorded]++;
  return 1;
}

/** `try_grab_compound_head`: `refs` references, and pins, on a head or base page; false when it has none to start from. */
export function tryGrabCompoundHead(k: Kernel, head: number, refs: number, mode: GupMode): boolean {
  const apart = mode === "pin" && hasPincount(k, head);
  const delta = mode === "pin" && !apart ? refs * GUP_PIN_COUNTING_BIAS : refs;
  const taken = apart && k.config.mutation === "pinWithoutReference" ? 0 : delta;
  if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, taken)) return false;
  k.stat[refcountCounter(k, head)]++;
  k.gupRefs += delta;
  if (apart) {
    const { tail, offset } = pincountPlace(k);
    addPageCount(k, head + tail, offset, refs);
    k.stat[pincountCounter(k, head + tail)]++;
    k.gupPins += refs;
  }
  touchCounts(k, head, apart);
  if (mode === "pin") {
    k.stat[C.follPinAcquired] += refs;
    k.stat[C.nodeStatUpdates]++;
  }
  return true;
}

/** `put_compound_head`: the reverse. */
export function putCompoundHead(k: Kernel, head: number, refs: number, mode: GupMode): void {
  const apart = mode === "pin" && hasPincount(k, head);
  const delta = mode === "pin" && !apart ? refs * GUP_PIN_COUNTING_BIAS : refs;
  if (apart) {
    const { tail, offset } = pincountPlace(k);
    if (addPageCount(k, head + tail, offset, -refs) < 0) panic(`putCompoundHead: frame ${head} is unpinned too often`);
    k.stat[pincountCounter(k, head + tail)]++;
    k.gupPins -= refs;
  }
  if (addPageCount(k, head, PAGE_REFCOUNT, -delta) < 1) panic(`putCompoundHead: frame ${head} lost its last reference`);
  k.stat[refcountCounter(k, head)]++;
  k.gupRefs -= delta;
  touchCounts(k, head, apart);
  if (mode === "pin") {
    k.stat[C.follPinReleased] += refs;
    k.stat[C.nodeStatUpdates]++;
  }
}

/** `undo_dev_pagemap`: returns what was held of an entry that changed or could not be held as a whole. */
function undoDevPagemap(k: Kernel, pages: Float64Array, out: number, n: number, mode: GupMode): void {
  for (let i = 0; i < n; i++) clearPageFlags(k, compoundHead(k, pages[out + i]), PG_REFERENCED);
  if (mode === "pin") unpinPages(k, pages, out, n);
  else putPages(k, pages, out, n);
}

/** `compound_next`: how many recorded pages from `i` on belong to one head. */
function compoundNext(k: Kernel, pages: Float64Array, i: number, end: number, head: number): number {
  const headLo = pageAddressLo(k, head) | 1;
  const { words } = k.phys;
  let at = i + 1;
  while (at < end) {
    const pfn = pages[at];
    const word = pageWordForWrite(k, pfn, 0);
    const run = stretch(k, pfn, end - at);
    if (run === 0 || (words[word + HEAD] & 1) === 0) {
      if (compoundHead(k, pfn) !== head) break;
      at++;
      continue;
    }
    const count = countTails(k.phys.window(word), k.phys.inWindow(word), run, headLo, pages, at | 0, pfn);
    touchTails(k, pfn, word, count);
    at += count;
    if (count < run) break;
  }
  return at - i;
}

function setReferenced(k: Kernel, head: number): void {
  setPageFlags(k, head, PG_REFERENCED);
  k.stat[flagCounter(k, head)]++;
}

function pinWord(k: Kernel, head: number): number {
  const { tail, offset } = pincountPlace(k);
  return pageWordForWrite(k, head + tail, offset);
}

/**
 * Struct pages from this one on that lie contiguous in memory, at most `n`: to the end of its vmemmap page, or of its
 * block where the CPU holds a huge translation. 0 where they straddle pages. Translate the page first.
 */
function stretch(k: Kernel, pfn: number, n: number): number {
  if (k.structPageSize !== STRETCH_STRUCT_SIZE) return 0;
  const perPage = k.pageBytes / STRETCH_STRUCT_SIZE;
  const run = k.cpu.mmu.contiguous(vmemmapPage(k, pfn)) * perPage - (pfn & (perPage - 1));
  return run < n ? run : n;
}

/** Counts the line of a head, or of a page that is its own. */
function touchCounts(k: Kernel, head: number, pinned: boolean): void {
  if (isPageHead(k, head)) touchHead(k, head, pinned);
  else touchBasePages(k, head, 1);
}

function refcountCounter(k: Kernel, pfn: number): number {
  return inPmem(k, pfn) ? C.refcountStoresPmem : C.refcountStoresDram;
}

function pincountCounter(k: Kernel, pfn: number): number {
  return inPmem(k, pfn) ? C.pincountStoresPmem : C.pincountStoresDram;
}

function flagCounter(k: Kernel, pfn: number): number {
  return inPmem(k, pfn) ? C.pageFlagStoresPmem : C.pageFlagStoresDram;
}

/** Whether the user page is mapped at any level. */
function mapped(k: Kernel, mm: Mm, vpn: number): boolean {
  let table = mm.rootPfn;
  for (let level = k.arch.format.topLevel; level >= 0; level--) {
    const entry = entryAt(k, table, tableIndex(k, vpn, level));
    if (entryNone(k, entry)) return false;
    if (level === 0 || entryHuge(k, entry)) return true;
    table = entryFrame(k, entry);
  }
  return false;
}
