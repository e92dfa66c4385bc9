// SPDX-License-Identifier: GPL-2.0-only
// page_init_poison() (mm/debug.c) of kernels built to debug: struct pages that mean nothing are all ones, so that who
// takes one for initialised is noticed. Memmap is poisoned when it is added and when its frames leave their zone. Every
// struct page gets its stores, those that share a frame with others too: the same bytes are stored again and again,
// and never through a mapping that is gone or read-only (I32). Left out: page_poisoning=, the contents of data pages.

import { PAGE_POISON_WORD } from "../include/mm_types.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "./kernel.ts";
import { readPage } from "./page.ts";

/** `page_init_poison`: struct pages [pfn, pfn + n) are not initialised; without debug nothing is stored. */
export function pageInitPoison(k: Kernel, pfn: number, n: number): void {
  if (!poisons(k) || k.config.mutation === "memmapNotPoisoned") return;
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
}

/** Whether this kernel poisons struct pages: CONFIG_DEBUG_VM, and there are bytes to store to. */
export function poisons(k: Kernel): boolean {
  return k.machine.spec.debug && k.contents;
}

/** Whether a whole struct page is poison, whatever its frame: nobody stored a word of it since. */
export function wholePagePoisoned(k: Kernel, pfn: number): boolean {
  for (let offset = 0; offset < k.structPageSize; offset += 4) {
    if (readPage(k, pfn, offset) !== PAGE_POISON_WORD) return false;
  }
  return true;
}
