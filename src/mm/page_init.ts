// SPDX-License-Identifier: GPL-2.0-only
// Writing struct pages of System RAM. Fresh ones (__init_single_page() of mm/mm_init.c) have one reference, zone and
// node, and a list head that points to itself: one by one for frames that an allocator hands out, or a run of frames
// with one translation per memmap page. Tails of a compound page (prep_compound_tail in a loop) differ only in the
// address that the unused half of their list head holds, so an image of a whole memmap page is copied and the links are
// stored over it. page_init_poison() (mm/debug.c) fills uninitialised struct pages with ones.
// Left out: page extensions, page_poisoning=, the contents of data pages.

import {
  PAGE_COMPOUND_HEAD,
  PAGE_COMPOUND_HEAD_HI,
  PAGE_FLAGS,
  PAGE_FLAGS_HI,
  PAGE_MAPCOUNT,
  PAGE_POISON_WORD,
  PAGE_REFCOUNT,
  PAGE_ZONE_DEVICE_DATA,
  PAGE_ZONE_DEVICE_DATA_HI,
  STRETCH_STRUCT_SIZE,
  WORD,
} from "../include/mm_types.ts";
import { pageLinksHi } from "../include/page_flags.ts";
import type { Kernel } from "./kernel.ts";
import {
  compoundInfoHi,
  compoundInfoLo,
  eachMemmapRun,
  pageAddressHi,
  pageAddressLo,
  pagesBehind,
  pageWord,
  pageWordForWrite,
  readPage,
  writePage,
} from "./page.ts";
import { panic } from "../lib/bug.ts";
import { traced } from "./trace.ts";

const {
  COMPOUND_HEAD,
  COMPOUND_HEAD_HI,
  FLAGS,
  FLAGS_HI,
  MAPCOUNT,
  REFCOUNT,
  STEP,
  ZONE_DEVICE_DATA,
  ZONE_DEVICE_DATA_HI,
} = WORD;
const BYTES = STRETCH_STRUCT_SIZE;

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
 * Gives a struct page one reference, and initialises it unless it already is that of this frame in this zone. Every
 * field is compared, because boot's memmap is not initialised and may hold bytes of an older memmap.
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
  const links = pageLinksHi(zone, nid);
  eachMemmapRun(k, pfn, n, (words, from, first, count) => {
    const hi = pageAddressHi(k, first);
    let lru = pageAddressLo(k, first) + PAGE_COMPOUND_HEAD | 0;
    for (let w = from; w < from + count * STEP; w += STEP) {
      initWords(words, w, flags, links, lru, hi);
      lru = lru + BYTES | 0;
    }
  });
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

/** A vmemmap page full of copies of this struct page. */
export function pageImage(k: Kernel, pfn: number): Int32Array {
  const from = pageWord(k, pfn, 0);
  const image = new Int32Array(k.phys.pageWords);
  for (let i = 0; i < image.length; i++) image[i] = k.phys.words[from + i % STEP];
  return image;
}

/**
 * Writes struct pages [pfn, pfn + n) from an image of tails, as tails of `head`; `lru.prev` is as INIT_LIST_HEAD() left
 * it. Their addresses share one high word, which goes into the image with the head.
 */
export function stampTails(
  k: Kernel,
  pfn: number,
  n: number,
  image: Int32Array,
  head: number,
  order: number,
): void {
  pointImage(image, compoundInfoLo(k, head, order), compoundInfoHi(k, head), pageAddressHi(k, pfn));
  eachMemmapRun(k, pfn, n, (words, from, first, count) => {
    words.set(count * STEP === image.length ? image : image.subarray(0, count * STEP), from);
    let prev = pageAddressLo(k, first) + PAGE_COMPOUND_HEAD | 0;
    for (let w = from + ZONE_DEVICE_DATA; w < from + count * STEP; w += STEP) {
      words[w] = prev;
      prev = prev + BYTES | 0;
    }
  });
}

/** Points the tails of an image to one head. */
function pointImage(image: Int32Array, headLo: number, headHi: number, prevHi: number): void {
  for (let w = 0; w < image.length; w += STEP) {
    image[w + COMPOUND_HEAD] = headLo;
    image[w + COMPOUND_HEAD_HI] = headHi;
    image[w + ZONE_DEVICE_DATA_HI] = prevHi;
  }
}

/**
 * `page_init_poison`: poisons struct pages [pfn, pfn + n) when memmap is added and when its frames leave their zone, so
 * that using one uninitialised is noticed. Struct pages that share a frame are all stored to, but never through a
 * missing or read-only mapping (I32). Without debug nothing is stored.
 */
export const pageInitPoison = traced("page_init_poison(pfn, n)", (k: Kernel, pfn: number, n: number): void => {
  if (!poisons(k)) return;
  const { words, pageWords } = k.phys;
  const end = (pfn + n) * k.structPageSize / 4;
  for (let word = pfn * k.structPageSize / 4; word < end;) {
    const vpage = Math.floor(word / pageWords);
    const base = k.cpu.mmu.write(vpage);
    if (base < 0) panic(`pageInitPoison: I32 vmemmap page ${vpage} is not mapped for writing`);
    const stop = Math.min((vpage + 1) * pageWords, end);
    words.fill(PAGE_POISON_WORD, base + word - vpage * pageWords, base + stop - vpage * pageWords);
    word = stop;
  }
});

/** Whether this kernel poisons struct pages: it has CONFIG_DEBUG_VM, and struct pages are written. */
export function poisons(k: Kernel): boolean {
  return k.machine.spec.debug && k.contents;
}

/** Whether every word of a struct page is still poison. */
export function wholePagePoisoned(k: Kernel, pfn: number): boolean {
  for (let offset = 0; offset < k.structPageSize; offset += 4) {
    if (readPage(k, pfn, offset) !== PAGE_POISON_WORD) return false;
  }
  return true;
}
