// SPDX-License-Identifier: GPL-2.0-only
// Writing the tails of one compound page of System RAM at once (prep_compound_tail in a loop). They differ in nothing
// but the address that the unused half of their list head holds, so an image of a whole vmemmap page is copied and the
// links are stored over it. For struct pages of 64 bytes, of which a page holds a whole number.

import {
  PAGE_COMPOUND_HEAD,
  PAGE_COMPOUND_HEAD_HI,
  PAGE_ZONE_DEVICE_DATA,
  PAGE_ZONE_DEVICE_DATA_HI,
  STRETCH_STRUCT_SIZE,
} from "../include/mm_types.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import { pageAddressHi, pageAddressLo, pageWord } from "./page.ts";

const BYTES = STRETCH_STRUCT_SIZE;
const STEP = BYTES / 4;
/** Byte of `lru`, which points to itself. */
const LRU = PAGE_COMPOUND_HEAD;
/** Words of `compound_head` and of `lru.prev`. */
const HEAD = PAGE_COMPOUND_HEAD / 4;
const HEAD_HI = PAGE_COMPOUND_HEAD_HI / 4;
const PREV = PAGE_ZONE_DEVICE_DATA / 4;
const PREV_HI = PAGE_ZONE_DEVICE_DATA_HI / 4;

/** A vmemmap page full of copies of this struct page. */
export function pageImage(k: Kernel, pfn: number): Int32Array {
  const from = pageWord(k, pfn, 0);
  const image = new Int32Array(k.phys.pageWords);
  for (let i = 0; i < image.length; i++) image[i] = k.phys.words[from + i % STEP];
  return image;
}

/**
 * Writes struct pages [pfn, pfn + n) from an image of tails, as tails of `head`; `lru.prev` as INIT_LIST_HEAD() left
 * it. All of them lie behind one high word of an address, which goes into the image together with the head.
 */
export function stampTails(k: Kernel, pfn: number, n: number, image: Int32Array, head: number): void {
  const perPage = k.pageBytes / BYTES;
  pointImage(image, pageAddressLo(k, head) | 1, pageAddressHi(k, head), pageAddressHi(k, pfn));
  for (let at = pfn; at < pfn + n;) {
    const vpage = Math.floor(at / perPage);
    const first = at - vpage * perPage;
    const count = Math.min(perPage - first, pfn + n - at);
    const base = k.cpu.mmu.write(vpage);
    if (base < 0) panic(`stampTails: memmap of frame ${at} is not mapped for writing`);
    const words = k.phys.window(base);
    const to = k.phys.inWindow(base) + first * STEP;
    words.set(count === perPage ? image : image.subarray(0, count * STEP), to);
    let lo = pageAddressLo(k, at) + LRU | 0;
    for (let w = to + PREV; w < to + count * STEP; w += STEP) {
      words[w] = lo;
      lo = lo + BYTES | 0;
    }
    at += count;
  }
}

/** Makes the tails of an image those of one head. */
function pointImage(image: Int32Array, headLo: number, headHi: number, prevHi: number): void {
  for (let w = 0; w < image.length; w += STEP) {
    image[w + HEAD] = headLo;
    image[w + HEAD_HI] = headHi;
    image[w + PREV_HI] = prevHi;
  }
}
