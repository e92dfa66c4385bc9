// SPDX-License-Identifier: GPL-2.0-only
// Shared by gup-fast and its counterparts (mm/gup.c): references and pins on one head or base page, the stretch of
// struct pages that a loop may run over, and the counter of a store. A pin (FOLL_PIN) adds to the pin count of a
// compound page as well, or 1024 references to a base page. Left out: the second store that some updates take up to
// 5.17 (put_compound_head() puts all references but one, then the last; a base page in a table is got, then pinned).

import { GUP_PIN_COUNTING_BIAS, PAGE_FLAGS, PAGE_REFCOUNT, STRETCH_STRUCT_SIZE } from "../../include/mm_types.ts";
import { panic } from "../../lib/bug.ts";
import type { Kernel } from "../kernel.ts";
import {
  addPageCount,
  addPageCountUnlessZero,
  compoundHead,
  hasPincount,
  inPmem,
  pageRefcount,
  pageWordForWrite,
  pincountPlace,
  readPage,
  setPageFlags,
  tailInfoLo,
  vmemmapPage,
} from "../page.ts";
import { touchBasePages, touchHead } from "./lines.ts";
import { C } from "../vmstat.ts";
import type { GupMode } from "../../include/gup.ts";

const {
  follPinAcquired,
  follPinReleased,
  nodeStatUpdates,
  pageFlagStoresDram,
  pageFlagStoresPmem,
  pincountStoresDram,
  pincountStoresPmem,
  refcountStoresDram,
  refcountStoresPmem,
} = C;

const BYTES = STRETCH_STRUCT_SIZE;

/** `page_maybe_dma_pinned`. */
export function pageMaybeDmaPinned(k: Kernel, pfn: number): boolean {
  const head = compoundHead(k, pfn);
  if (!hasPincount(k, head)) return pageRefcount(k, head) >= GUP_PIN_COUNTING_BIAS;
  const { tail, offset } = pincountPlace(k);
  return readPage(k, head + tail, offset) > 0;
}

/** `try_grab_compound_head`: takes `refs` references, and pins, on a head or base page; false if its count is zero. */
export function tryGrabCompoundHead(k: Kernel, head: number, refs: number, mode: GupMode): boolean {
  const apart = mode === "pin" && hasPincount(k, head);
  const delta = mode === "pin" && !apart ? refs * GUP_PIN_COUNTING_BIAS : refs;
  if (!addPageCountUnlessZero(k, head, PAGE_REFCOUNT, delta)) return false;
  k.gupRefs += delta;
  if (apart) {
    const { tail, offset } = pincountPlace(k);
    addPageCount(k, head + tail, offset, refs);
    k.stat[pincountCounter(k, head + tail)]++;
    k.gupPins += refs;
  }
  touchCounts(k, head, apart);
  if (mode === "pin") {
    k.stat[follPinAcquired] += refs;
    k.stat[nodeStatUpdates]++;
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
    k.stat[follPinReleased] += refs;
    k.stat[nodeStatUpdates]++;
  }
}

/** `SetPageReferenced` on a head or base page. */
export function setReferenced(k: Kernel, head: number): void {
  setPageFlags(k, head, k.layout.referenced);
  k.stat[flagCounter(k, head)]++;
}

/** Makes this the head whose counts the loops over tails update. */
export function aimAtHead(k: Kernel, head: number, pinned: boolean): void {
  const { gup: call, phys } = k;
  const at = pageWordForWrite(k, head, 0);
  call.heads = phys.window(at);
  call.headAt = phys.inWindow(at);
  call.headLo = tailInfoLo(k, head);
  call.pinAt = -1;
  if (!pinned) return;
  const { tail, offset } = pincountPlace(k);
  call.pinAt = phys.inWindow(pageWordForWrite(k, head + tail, offset));
}

/**
 * Struct pages from this one on, at most `n`, that are contiguous in memory: to the end of the vmemmap page, or of the
 * block if the CPU holds a huge translation. 0 if struct pages straddle pages. Translate the page first.
 */
export function stretch(k: Kernel, pfn: number, n: number): number {
  if (k.structPageSize !== BYTES) return 0;
  const perPage = k.pageBytes / BYTES;
  const run = k.cpu.mmu.contiguous(vmemmapPage(k, pfn)) * perPage - (pfn & (perPage - 1));
  return run < n ? run : n;
}

/** Counts the cache line of a head, or of a base page; tails are not counted. */
export function touchCounts(k: Kernel, head: number, pinned: boolean): void {
  if ((readPage(k, head, PAGE_FLAGS) & k.layout.head) !== 0) touchHead(k, head, pinned);
  else touchBasePages(k, inPmem(k, head), 1);
}

/** The counter of stores to this frame's reference count. */
export function refcountCounter(k: Kernel, pfn: number): number {
  return inPmem(k, pfn) ? refcountStoresPmem : refcountStoresDram;
}

function pincountCounter(k: Kernel, pfn: number): number {
  return inPmem(k, pfn) ? pincountStoresPmem : pincountStoresDram;
}

function flagCounter(k: Kernel, pfn: number): number {
  return inPmem(k, pfn) ? pageFlagStoresPmem : pageFlagStoresDram;
}
