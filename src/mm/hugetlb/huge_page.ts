// SPDX-License-Identifier: GPL-2.0-only
// The struct pages of one huge page (prep_new_huge_page, prep_compound_page, __update_and_free_page of mm/hugetlb.c).
// The emulator's frames have no struct page before they are first handed out, so preparing writes all of them: the
// head, the tails that keep private words, and the tails that are all alike. Left out: demotion into smaller huge
// pages.

import {
  HPG_FREED,
  type Hstate,
  HUGETLB_PAGE_DTOR,
  NR_USED_SUBPAGE,
  PGTY_HUGETLB,
  SUBPAGE_INDEX_HWPOISON,
} from "../../include/hugetlb.ts";
import {
  COMPOUND_PAGE_DTOR,
  PAGE_COMPOUND_HEAD,
  PAGE_COMPOUND_HEAD_HI,
  PAGE_FLAGS_HI,
  PAGE_MAPCOUNT,
  PAGE_MAPPING,
  PAGE_MAPPING_HI,
  PAGE_PRIVATE,
  PAGE_REFCOUNT,
  STRETCH_STRUCT_SIZE,
  TAIL_MAPPING_LO,
  WORD,
} from "../../include/mm_types.ts";
import { pageLinksHi } from "../../include/page_flags.ts";
import { panic } from "../../lib/bug.ts";
import type { Kernel } from "../kernel.ts";
import { prepCompoundTail } from "../mm_init.ts";
import {
  clearPageFlags,
  compoundHead,
  compoundInfoLo,
  compoundOrder,
  eachMemmapRun,
  isPageHead,
  pageAddressLo,
  pageFlags,
  prepCompoundHead,
  readPage,
  setPageFlags,
  writePage,
} from "../page.ts";
import { initSinglePage, pageImage, stampTails } from "../page_init.ts";
import { C } from "../vmstat.ts";
import { traced } from "../trace.ts";

const { COMPOUND_HEAD, COMPOUND_HEAD_HI, MAPPING, MAPPING_HI, STEP } = WORD;

/**
 * Turns `h.pages` frames into one free huge page (`prep_compound_page`) without references. `structs` is how many of
 * its struct pages have storage of their own.
 */
export const prepHugePage = traced(
  "prep_compound_page(_, head)",
  (k: Kernel, h: Hstate, head: number, zone: number, nid: number, structs: number = h.pages): void => {
    initSinglePage(k, head, zone, nid);
    setPageFlags(k, head, k.layout.head);
    writePage(k, head, PAGE_REFCOUNT, 0);
    writePage(k, head, PAGE_PRIVATE, HPG_FREED);
    if (!k.contents) return;
    prepTails(k, head, h.order, structs, zone, nid);
    prepCompoundHead(k, head, h.order, HUGETLB_PAGE_DTOR);
    if (k.layout.hugetlbMark === "type") writePage(k, head, PAGE_MAPCOUNT, PGTY_HUGETLB << 24);
    k.stat[C.hugetlbPagesPrepared] += structs;
  },
);

function prepTails(k: Kernel, head: number, order: number, pages: number, zone: number, nid: number): void {
  if (k.structPageSize === STRETCH_STRUCT_SIZE) {
    stampTails(k, head + 1, pages - 1, tailImage(k, head, zone, nid), head, order);
    return;
  }
  for (let tail = head + 1; tail < head + pages; tail++) {
    initSinglePage(k, tail, zone, nid);
    prepCompoundTail(k, tail, head, order);
  }
}

/** Image of a vmemmap page full of this zone's tails, built from the first tail of `head` and cached. */
function tailImage(k: Kernel, head: number, zone: number, nid: number): Int32Array {
  const state = k.hugetlb;
  if (state.tailImage !== null && state.tailImageLinks === pageLinksHi(zone, nid)) return state.tailImage;
  initSinglePage(k, head + 1, zone, nid);
  prepCompoundTail(k, head + 1, head, 0);
  state.tailImageLinks = readPage(k, head + 1, PAGE_FLAGS_HI);
  return state.tailImage = pageImage(k, head + 1);
}

/** `free_tail_page_prepare`: whether a tail beyond the head's vmemmap page has a mapping other than TAIL_MAPPING. */
export function hasBadTails(k: Kernel, h: Hstate, head: number): boolean {
  const perPage = k.pageBytes / k.structPageSize;
  for (let tail = head + perPage; tail < head + h.pages; tail++) {
    if (readPage(k, tail, PAGE_MAPPING) !== TAIL_MAPPING_LO) return true;
  }
  return false;
}

/**
 * Splits a huge page into single frames (`destroy_compound_page` and the checks of freeing). All its memmap must be
 * writable. Panics where free_pages_prepare() and free_tail_pages_check() complain: `head` has another order, or a tail
 * has another head.
 */
export function destroyHugePage(k: Kernel, h: Hstate, head: number): void {
  if (k.contents && compoundOrder(k, head) !== h.order) {
    panic(`destroyHugePage: I8 frame ${head} is not a head of order ${h.order}`);
  }
  clearPageFlags(k, head, k.layout.head);
  writePage(k, head, PAGE_PRIVATE, 0);
  if (!k.contents) return;
  for (let i = 1; i < NR_USED_SUBPAGE && i < h.pages; i++) writePage(k, head + i, PAGE_PRIVATE, 0);
  unmarkHugetlb(k, head);
  if (k.structPageSize === STRETCH_STRUCT_SIZE) unlinkTails(k, head, h.pages);
  else {
    for (let tail = head + 1; tail < head + h.pages; tail++) {
      for (const offset of [PAGE_COMPOUND_HEAD, PAGE_COMPOUND_HEAD_HI, PAGE_MAPPING, PAGE_MAPPING_HI]) {
        writePage(k, tail, offset, 0);
      }
    }
  }
  k.stat[C.hugetlbPagesDestroyed] += h.pages;
}

/**
 * `__folio_clear_hugetlb`, and what freeing does to the first tail: a destructor becomes COMPOUND_PAGE_DTOR and the
 * order beside it stays; an order kept in the tail's flags is cleared with them (PAGE_FLAGS_SECOND).
 */
function unmarkHugetlb(k: Kernel, head: number): void {
  const { hugetlbMark, order } = k.layout;
  const word = readPage(k, head + 1, order.offset) & ~0xff;
  writePage(k, head + 1, order.offset, hugetlbMark === "dtor" ? word | COMPOUND_PAGE_DTOR : word);
  if (hugetlbMark === "type") writePage(k, head, PAGE_MAPCOUNT, -1);
}

/** Whether a head carries HugeTLB's mark. */
function markedHugetlb(k: Kernel, head: number): boolean {
  return k.layout.hugetlbMark === "type"
    ? readPage(k, head, PAGE_MAPCOUNT) >>> 24 === PGTY_HUGETLB
    : (readPage(k, head + 1, k.layout.order.offset) & 0xff) === HUGETLB_PAGE_DTOR;
}

/** Clears compound_head and mapping of every tail. */
function unlinkTails(k: Kernel, head: number, pages: number): void {
  const headLo = compoundInfoLo(k, head, Math.log2(pages));
  eachMemmapRun(k, head + 1, pages - 1, (words, at, pfn, count) => {
    for (let w = at; w < at + count * STEP; w += STEP) {
      if (words[w + COMPOUND_HEAD] !== headLo) {
        panic(`destroyHugePage: frame ${pfn + (w - at) / STEP} is not a tail of ${head}`);
      }
      words[w + COMPOUND_HEAD] = 0;
      words[w + COMPOUND_HEAD_HI] = 0;
      words[w + MAPPING] = 0;
      words[w + MAPPING_HI] = 0;
    }
  });
}

/**
 * `PageHuge`: the head of the huge page a frame is in, or -1. Uninitialised struct pages may hold bytes of an earlier
 * memmap, so the head's list must point to itself and the frame must lie inside the page.
 */
export function hugetlbHead(k: Kernel, pfn: number): number {
  const head = compoundHead(k, pfn);
  if (!isPageHead(k, head) || !markedHugetlb(k, head)) return -1;
  const self = readPage(k, head, PAGE_COMPOUND_HEAD) === (pageAddressLo(k, head) + PAGE_COMPOUND_HEAD | 0);
  return self && pfn < head + 2 ** compoundOrder(k, head) ? head : -1;
}

/** Private word of one of the tails that have one (SUBPAGE_INDEX_*); `page_private(head + index)`. */
export function subpagePrivate(k: Kernel, head: number, index: number): number {
  return readPage(k, head + index, PAGE_PRIVATE);
}

/** `set_page_private(head + index)`. RangeError for a tail whose memmap may be shared, which the series forbids. */
export function setSubpagePrivate(k: Kernel, head: number, index: number, value: number): void {
  if (index < 1 || index >= NR_USED_SUBPAGE) {
    throw new RangeError(`Cannot keep private data in tail ${index}: expected 1 to ${NR_USED_SUBPAGE - 1}`);
  }
  writePage(k, head + index, PAGE_PRIVATE, value);
}

/**
 * `hwpoison_subpage_deliver` on a page whose vmemmap is whole: moves the mark to the raw frame. Returns that frame, or
 * -1 without a mark.
 */
export function deliverHwpoison(k: Kernel, head: number): number {
  if ((pageFlags(k, head) & k.layout.hwpoison) === 0) return -1;
  const raw = head + subpagePrivate(k, head, SUBPAGE_INDEX_HWPOISON);
  clearPageFlags(k, head, k.layout.hwpoison);
  setPageFlags(k, raw, k.layout.hwpoison);
  return raw;
}
