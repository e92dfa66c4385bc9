// SPDX-License-Identifier: GPL-2.0-only
// Fresh struct pages (__init_single_page() of mm/mm_init.c): one reference, zone and node, a list head that points to
// itself. One by one, for frames an allocator hands out, or for a run of frames with one translation per memmap page.
// Left out: what debug options add, page extensions.

import {
  PAGE_COMPOUND_HEAD,
  PAGE_COMPOUND_HEAD_HI,
  PAGE_FLAGS,
  PAGE_FLAGS_HI,
  PAGE_MAPCOUNT,
  PAGE_REFCOUNT,
  PAGE_ZONE_DEVICE_DATA,
  PAGE_ZONE_DEVICE_DATA_HI,
  STRETCH_STRUCT_SIZE,
} from "../include/mm_types.ts";
import { pageLinksHi } from "../include/page_flags.ts";
import type { Kernel } from "./kernel.ts";
import { pageAddressHi, pageAddressLo, pagesBehind, pageWordForWrite, writePage } from "./page.ts";

// Words of the fields. Copies, for the reason given at `C` of vmstat.ts.
const FLAGS = PAGE_FLAGS / 4;
const FLAGS_HI = PAGE_FLAGS_HI / 4;
const MAPCOUNT = PAGE_MAPCOUNT / 4;
const COMPOUND_HEAD = PAGE_COMPOUND_HEAD / 4;
const COMPOUND_HEAD_HI = PAGE_COMPOUND_HEAD_HI / 4;
const ZONE_DEVICE_DATA = PAGE_ZONE_DEVICE_DATA / 4;
const ZONE_DEVICE_DATA_HI = PAGE_ZONE_DEVICE_DATA_HI / 4;
const REFCOUNT = PAGE_REFCOUNT / 4;
const BYTES = STRETCH_STRUCT_SIZE;
const STEP = BYTES / 4;

/** `__init_single_page`: a struct page with one reference that belongs to a zone; lru points to itself. */
export function initSinglePage(k: Kernel, pfn: number, zone: number, nid: number): void {
  const lru = pageAddressLo(k, pfn) + PAGE_COMPOUND_HEAD | 0;
  const lruHi = pageAddressHi(k, pfn);
  if (k.structPageSize === BYTES) {
    initWords(k.phys.words, pageWordForWrite(k, pfn, 0), 0, pageLinksHi(zone, nid), lru, lruHi);
    return;
  }
  for (let offset = 0; offset < k.structPageSize; offset += 4) writePage(k, pfn, offset, 0);
  writePage(k, pfn, PAGE_FLAGS_HI, pageLinksHi(zone, nid));
  writePage(k, pfn, PAGE_REFCOUNT, 1);
  writePage(k, pfn, PAGE_MAPCOUNT, -1);
  writePage(k, pfn, PAGE_COMPOUND_HEAD, lru);
  writePage(k, pfn, PAGE_COMPOUND_HEAD_HI, lruHi);
  writePage(k, pfn, PAGE_ZONE_DEVICE_DATA, lru);
  writePage(k, pfn, PAGE_ZONE_DEVICE_DATA_HI, lruHi);
}

/**
 * Gives a struct page one reference, after initialising it unless it is that of this frame, in this zone, already. What
 * it held says nothing by itself: memmap of boot memory is not initialised, and its bytes may have been another
 * memmap's.
 */
export function readySinglePage(k: Kernel, pfn: number, zone: number, nid: number): void {
  if (k.structPageSize !== BYTES) return initSinglePage(k, pfn, zone, nid);
  readyNeighbours(k, pfn, 1, pageLinksHi(zone, nid));
}

/** The same for `n` frames from `frames[from]` on: one translation for neighbours. */
export function readySinglePages(
  k: Kernel,
  frames: Float64Array,
  from: number,
  n: number,
  zone: number,
  nid: number,
): void {
  if (k.structPageSize !== BYTES) {
    for (let i = from; i < from + n; i++) initSinglePage(k, frames[i], zone, nid);
    return;
  }
  const links = pageLinksHi(zone, nid);
  for (let i = from; i < from + n;) {
    const pfn = frames[i];
    const most = Math.min(pagesBehind(k, pfn), from + n - i);
    let run = 1;
    while (run < most && frames[i + run] === pfn + run) run++;
    readyNeighbours(k, pfn, run, links);
    i += run;
  }
}

/** readySinglePage() for `n` struct pages of one memmap page. */
function readyNeighbours(k: Kernel, pfn: number, n: number, links: number): void {
  const word = pageWordForWrite(k, pfn, 0);
  const words = k.phys.window(word);
  const lruHi = pageAddressHi(k, pfn);
  let lru = pageAddressLo(k, pfn) + PAGE_COMPOUND_HEAD | 0;
  let at = k.phys.inWindow(word);
  for (const end = at + n * STEP; at < end; at += STEP) {
    const differs = (words[at + MAPCOUNT] ^ -1) | words[at + FLAGS] | (words[at + FLAGS_HI] ^ links) |
      (words[at + COMPOUND_HEAD] ^ lru) | (words[at + COMPOUND_HEAD_HI] ^ lruHi);
    if (differs === 0) words[at + REFCOUNT] = 1;
    else initWords(words, at, 0, links, lru, lruHi);
    lru = lru + BYTES | 0;
  }
}

/** initSinglePage for [pfn, pfn + n), with flags: one translation per memmap page. */
export function initPages(k: Kernel, pfn: number, n: number, zone: number, nid: number, flags: number): void {
  if (k.structPageSize !== BYTES) {
    for (let i = pfn; i < pfn + n; i++) {
      initSinglePage(k, i, zone, nid);
      writePage(k, i, PAGE_FLAGS, flags);
    }
    return;
  }
  const { words } = k.phys;
  const perPage = k.pageBytes / BYTES;
  const links = pageLinksHi(zone, nid);
  for (let at = pfn; at < pfn + n;) {
    const stop = Math.min(at + perPage - at % perPage, pfn + n);
    const hi = pageAddressHi(k, at);
    let lru = pageAddressLo(k, at) + PAGE_COMPOUND_HEAD | 0;
    for (let word = pageWordForWrite(k, at, 0); at < stop; at++, word += STEP) {
      initWords(words, word, flags, links, lru, hi);
      lru = lru + BYTES | 0;
    }
  }
}

/** The 16 words of a fresh 64-byte struct page from word `at` on. */
function initWords(words: Int32Array, at: number, flags: number, links: number, lru: number, lruHi: number): void {
  for (let w = at; w < at + STEP; w++) words[w] = 0;
  words[at + FLAGS] = flags;
  words[at + FLAGS_HI] = links;
  words[at + REFCOUNT] = 1;
  words[at + MAPCOUNT] = -1;
  words[at + COMPOUND_HEAD] = lru;
  words[at + COMPOUND_HEAD_HI] = lruHi;
  words[at + ZONE_DEVICE_DATA] = lru;
  words[at + ZONE_DEVICE_DATA_HI] = lruHi;
}
