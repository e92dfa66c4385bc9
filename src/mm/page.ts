// SPDX-License-Identifier: GPL-2.0-only
// Access to struct pages as in the kernel: pfn_to_page() is arithmetic, and the kernel page table, through the TLB of
// the current CPU, says where the bytes are (include/asm-generic/memory_model.h, include/linux/page-flags.h, mm.h). A
// struct page is named by its pfn; every access translates, so an alias or a stale translation shows.
//
//   byte in vmemmap = pfn * sizeof(struct page) + field        page number = byte / page size
//
// Left out: folios, tracepoints, page extensions.

import {
  PAGE_COMPOUND_HEAD,
  PAGE_COMPOUND_HEAD_HI,
  PAGE_FLAGS,
  PAGE_FLAGS_HI,
  PAGE_INDEX,
  PAGE_INDEX_HI,
  PAGE_MAPPING,
  PAGE_POISON_WORD,
  PAGE_REFCOUNT,
  PAGE_ZONE_DEVICE_DATA,
  STRETCH_STRUCT_SIZE,
  WORD,
} from "../include/mm_types.ts";
import { flagsHiNid } from "../include/page_flags.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import { C } from "./vmstat.ts";

const { STEP } = WORD;
const BYTES = STRETCH_STRUCT_SIZE;

/** The vmemmap page (vmemmap offset / page size) that holds this byte of a struct page. */
export function vmemmapPage(k: Kernel, pfn: number, offset = 0): number {
  // Integer arithmetic is enough for struct pages that fill their page and frames below 8 TiB.
  if (k.vmemmapShift >= 0 && (pfn | 0) === pfn) return pfn >> k.vmemmapShift;
  return Math.floor((pfn * k.structPageSize + offset) / k.pageBytes);
}

/**
 * Index, in its vmemmap page, of the word of this byte of a struct page. Math.imul() keeps the low bits of any product
 * exact.
 */
function wordInPage(k: Kernel, pfn: number, offset: number): number {
  return ((Math.imul(pfn, k.structPageSize) + offset) & (k.pageBytes - 1)) >> 2;
}

/** Index of a field's word, for reading. Panics if the memmap is not mapped, where the kernel would oops. */
export function pageWord(k: Kernel, pfn: number, offset: number): number {
  const base = k.cpu.mmu.read(vmemmapPage(k, pfn, offset));
  if (base < 0) panic(`pageWord: memmap of frame ${pfn} is not mapped`);
  return base + wordInPage(k, pfn, offset);
}

/** Index of a field's word, for writing. Panics on a read-only mapping too. */
export function pageWordForWrite(k: Kernel, pfn: number, offset: number): number {
  const base = k.cpu.mmu.write(vmemmapPage(k, pfn, offset));
  if (base === -2) panic(`pageWordForWrite: store to the read-only struct page of frame ${pfn}`);
  if (base < 0) panic(`pageWordForWrite: memmap of frame ${pfn} is not mapped`);
  return base + wordInPage(k, pfn, offset);
}

/** One word of a struct page. */
export function readPage(k: Kernel, pfn: number, offset: number): number {
  return k.phys.words[pageWord(k, pfn, offset)];
}

/** Stores one word of a struct page. */
export function writePage(k: Kernel, pfn: number, offset: number, value: number): void {
  k.phys.words[pageWordForWrite(k, pfn, offset)] = value;
}

/** Adds to a counter word (atomic_add_return); atomic on a machine shared with workers. Returns the new value. */
export function addPageCount(k: Kernel, pfn: number, offset: number, n: number): number {
  const at = pageWordForWrite(k, pfn, offset);
  const words = k.phys.words;
  if (k.locked) return Atomics.add(words, at, n) + n;
  return words[at] += n;
}

/**
 * `page_ref_add_unless` zero: adds to a reference count and counts the store; false if the count is not positive.
 * Atomic where addPageCount() is.
 */
export function addPageCountUnlessZero(k: Kernel, pfn: number, offset: number, n: number): boolean {
  const at = pageWordForWrite(k, pfn, offset);
  const { words } = k.phys;
  if (!k.locked) {
    if (words[at] <= 0) return false;
    words[at] += n;
    countRefStore(k, pfn);
    return true;
  }
  for (let seen = Atomics.load(words, at); seen > 0;) {
    const now = Atomics.compareExchange(words, at, seen, seen + n);
    if (now === seen) {
      countRefStore(k, pfn);
      return true;
    }
    seen = now;
  }
  return false;
}

function countRefStore(k: Kernel, pfn: number): void {
  k.stat[inPmem(k, pfn) ? C.refcountStoresPmem : C.refcountStoresDram]++;
}

/** `page_count` without looking for the head. */
export function pageRefcount(k: Kernel, pfn: number): number {
  return readPage(k, pfn, PAGE_REFCOUNT);
}

/** `get_page` on a frame's own struct page. */
export function getPage(k: Kernel, pfn: number): void {
  if (addPageCount(k, pfn, PAGE_REFCOUNT, 1) <= 1) panic(`getPage: frame ${pfn} had no reference`);
}

/** `get_page`, `gets[i]` times for frame i of `n`, one store each. Neighbours share a translation. */
export function getEachPage(k: Kernel, frames: Float64Array, gets: Int32Array, n: number): void {
  const locked = k.locked;
  for (let i = 0; i < n;) {
    const first = frames[i];
    const word = pageWordForWrite(k, first, PAGE_REFCOUNT);
    const words = k.phys.window(word);
    const near = pagesBehind(k, first);
    const base = k.phys.inWindow(word);
    for (; i < n && frames[i] >= first && frames[i] < first + near; i++) {
      const at = base + (frames[i] - first) * STEP;
      if (words[at] < 1) panic(`getEachPage: frame ${frames[i]} had no reference`);
      if (locked) { for (let g = gets[i]; g > 0; g--) Atomics.add(words, at, 1); }
      else for (let g = gets[i]; g > 0; g--) words[at]++;
    }
  }
}

/**
 * Calls `visit` for each run of struct pages of [pfn, pfn + n) in one memmap page, with their words, the index and
 * frame of the first, and their number. All must be writable, and none may straddle pages.
 */
export function eachMemmapRun(
  k: Kernel,
  pfn: number,
  n: number,
  visit: (words: Int32Array, at: number, pfn: number, count: number) => void,
): void {
  for (let at = pfn; at < pfn + n;) {
    const count = Math.min(pagesBehind(k, at), pfn + n - at);
    const word = pageWordForWrite(k, at, 0);
    visit(k.phys.window(word), k.phys.inWindow(word), at, count);
    at += count;
  }
}

/** Struct pages from this one to the end of its memmap page; 1 if they straddle pages. */
export function pagesBehind(k: Kernel, pfn: number): number {
  if (k.structPageSize !== BYTES) return 1;
  const perPage = k.pageBytes / BYTES;
  return perPage - pfn % perPage;
}

/** Whether this frame's memmap lies in pmem. */
export function inPmem(k: Kernel, pfn: number): boolean {
  return k.cpu.mmu.inPmem(vmemmapPage(k, pfn));
}

/** How many of `n` struct pages from `pfn` on lie in pmem. */
export function countInPmem(k: Kernel, pfn: number, n: number): number {
  let count = 0;
  for (let at = pfn; at < pfn + n;) {
    const pmem = inPmem(k, at);
    const vpage = vmemmapPage(k, at);
    const next = Math.ceil((vpage + k.cpu.mmu.contiguous(vpage)) * k.pageBytes / k.structPageSize);
    const stop = Math.min(next, pfn + n);
    if (pmem) count += stop - at;
    at = stop;
  }
  return count;
}

/** `put_page_testzero`: drops one reference, tells whether it was the last. */
export function putPageTestzero(k: Kernel, pfn: number): boolean {
  const left = addPageCount(k, pfn, PAGE_REFCOUNT, -1);
  if (left < 0) panic(`putPageTestzero: frame ${pfn} has refcount ${left}`);
  return left === 0;
}

/** `page_to_nid`. */
export function pageNid(k: Kernel, pfn: number): number {
  return flagsHiNid(readPage(k, pfn, PAGE_FLAGS_HI));
}

/** Flags of a struct page; panics on poison, which means that the memmap was never initialised. */
export function pageFlags(k: Kernel, pfn: number): number {
  const flags = readPage(k, pfn, PAGE_FLAGS);
  if (flags === PAGE_POISON_WORD) panic(`pageFlags: struct page of frame ${pfn} is poisoned`);
  return flags;
}

/** Sets bits in the low word of the flags. */
export function setPageFlags(k: Kernel, pfn: number, bits: number): void {
  const at = pageWordForWrite(k, pfn, PAGE_FLAGS);
  if (k.locked) Atomics.or(k.phys.words, at, bits);
  else k.phys.words[at] |= bits;
}

/** Clears bits in the low word of the flags. */
export function clearPageFlags(k: Kernel, pfn: number, bits: number): void {
  const at = pageWordForWrite(k, pfn, PAGE_FLAGS);
  if (k.locked) Atomics.and(k.phys.words, at, ~bits);
  else k.phys.words[at] &= ~bits;
}

/** Low word of the address of a struct page. */
export function pageAddressLo(k: Kernel, pfn: number): number {
  return pfn * k.structPageSize | 0;
}

/** High word of the address of a struct page. */
export function pageAddressHi(k: Kernel, pfn: number): number {
  return (k.arch.vmemmapHi + Math.floor(pfn * k.structPageSize / 2 ** 32)) | 0;
}

/** The pfn whose struct page has this address (`page_to_pfn`). */
export function addressToPfn(k: Kernel, lo: number, hi: number): number {
  return (((hi >>> 0) - k.arch.vmemmapHi) * 2 ** 32 + (lo >>> 0)) / k.structPageSize;
}

/**
 * Low word of what the tails of `head` hold: the head's address with bit 0 set, or (7.1) the mask that leads there from
 * a tail's own address.
 */
export function compoundInfoLo(k: Kernel, head: number, order: number): number {
  return (k.headMask ? -(k.structPageSize * 2 ** order) : pageAddressLo(k, head)) | 1;
}

/** The same for a head whose tails exist already. */
export function tailInfoLo(k: Kernel, head: number): number {
  return compoundInfoLo(k, head, k.headMask ? compoundOrder(k, head) : 0);
}

/** High word of the same address. */
export function compoundInfoHi(k: Kernel, head: number): number {
  return k.headMask ? -1 : pageAddressHi(k, head);
}

/** `set_compound_head`. */
export function setCompoundHead(k: Kernel, tail: number, head: number, order: number): void {
  writePage(k, tail, PAGE_COMPOUND_HEAD, compoundInfoLo(k, head, order));
  writePage(k, tail, PAGE_COMPOUND_HEAD_HI, compoundInfoHi(k, head));
}

/** The head that a tail's compound_head word, bit 0 set, leads to. */
function headOf(k: Kernel, tail: number, lo: number, hi: number): number {
  if (!k.headMask) return addressToPfn(k, lo - 1, hi);
  return tail - tail % ((1 - lo) / k.structPageSize);
}

/**
 * `compound_head`: the head of the compound page this frame is in, or the frame itself. Where a head's vmemmap page is
 * mapped for tails too, a tail can look like a head; page_fixed_fake_head() looks at the next struct page.
 */
export function compoundHead(k: Kernel, pfn: number): number {
  const lo = readPage(k, pfn, PAGE_COMPOUND_HEAD);
  if ((lo & 1) !== 0) return headOf(k, pfn, lo, readPage(k, pfn, PAGE_COMPOUND_HEAD_HI));
  if (!k.fakeHeads || (pfn * k.structPageSize) % k.pageBytes !== 0) return pfn;
  if ((readPage(k, pfn, PAGE_FLAGS) & k.layout.head) === 0) return pfn;
  const next = readPage(k, pfn + 1, PAGE_COMPOUND_HEAD);
  return (next & 1) === 0 ? pfn : headOf(k, pfn + 1, next, readPage(k, pfn + 1, PAGE_COMPOUND_HEAD_HI));
}

/** `PageHead`: true for the head of a compound page only. */
export function isPageHead(k: Kernel, pfn: number): boolean {
  return (readPage(k, pfn, PAGE_FLAGS) & k.layout.head) !== 0 && compoundHead(k, pfn) === pfn;
}

/** `page->index`: which page of its file this is. */
export function pageIndex(k: Kernel, pfn: number): number {
  return readPage(k, pfn, PAGE_INDEX_HI) * 2 ** 32 + (readPage(k, pfn, PAGE_INDEX) >>> 0);
}

/** Sets `page->index`. */
export function setPageIndex(k: Kernel, pfn: number, index: number): void {
  writePage(k, pfn, PAGE_INDEX, index | 0);
  writePage(k, pfn, PAGE_INDEX_HI, Math.floor(index / 2 ** 32));
}

/** `compound_order` of a head; 0 for a page that is not one. */
export function compoundOrder(k: Kernel, head: number): number {
  if (!isPageHead(k, head)) return 0;
  const { offset, shift } = k.layout.order;
  return (readPage(k, head + 1, offset) >>> shift) & 0xff;
}

/** The frame whose struct page holds a head's pin count, and in which word. */
export function pincountPlace(k: Kernel): { readonly tail: number; readonly offset: number } {
  return k.layout.pincount;
}

/** `hpage_pincount_available`: compound pages of more than two pages have a pin count of their own. */
export function hasPincount(k: Kernel, head: number): boolean {
  return compoundOrder(k, head) > 1;
}

/**
 * `prep_compound_head` (patch 2): what a compound page keeps in its first tails. They must be initialised already.
 * `dtor` is its destructor's number, where the kernel has one.
 */
export function prepCompoundHead(k: Kernel, head: number, order: number, dtor: number): void {
  const { layout } = k;
  const { offset, shift } = layout.order;
  // The order takes a byte, or two with the destructor; higher bytes stay.
  const kept = readPage(k, head + 1, offset) & ~(shift === 0 ? 0xff : 0xffff);
  writePage(k, head + 1, offset, kept | (shift === 0 ? order : dtor | (order << shift)));
  for (const word of layout.mapcounts) writePage(k, head + 1, word, -1);
  for (const word of layout.cleared) writePage(k, head + 1, word, 0);
  if (layout.nrPages < k.structPageSize) writePage(k, head + 1, layout.nrPages, 2 ** order);
  if (order > 1 && layout.deferredList) initDeferredList(k, head + 2);
  const { tail, offset: pins } = layout.pincount;
  if (tail < 2 ** order) writePage(k, head + tail, pins, 0);
}

/** INIT_LIST_HEAD(&folio->_deferred_list), in the second tail. */
export function initDeferredList(k: Kernel, tail: number): void {
  const list = pageAddressLo(k, tail) + PAGE_ZONE_DEVICE_DATA | 0;
  for (const offset of [PAGE_ZONE_DEVICE_DATA, PAGE_MAPPING]) {
    writePage(k, tail, offset, list);
    writePage(k, tail, offset + 4, pageAddressHi(k, tail));
  }
}
