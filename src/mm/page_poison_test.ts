// SPDX-License-Identifier: GPL-2.0-only
// Poison of struct pages: exactly the given range, through every alias; nothing without debug.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { boot } from "../boot.ts";
import { PAGE_POISON_WORD } from "../include/mm_types.ts";
import { machine, mustCreate } from "../testing.ts";
import type { Kernel } from "./kernel.ts";
import { readPage } from "./page.ts";
import { initSinglePage, pageInitPoison, wholePagePoisoned } from "./page_init.ts";
import fc from "fast-check";

/** Struct pages of a namespace without sharing, all of them initialised. */
function initialised(words: string, n: number): { k: Kernel; start: number } {
  const k = boot(machine(`kernel=5.14 ${words}`));
  const { start } = mustCreate(k, { align: 256 }).pgmap.ranges[0];
  for (let pfn = start; pfn < start + n; pfn++) initSinglePage(k, pfn, 0, 0);
  return { k, start };
}

Deno.test("pageInitPoison() fills exactly the given struct pages, even if they straddle pages", () => {
  fc.assert(
    fc.property(fc.constantFrom(56, 64, 72, 80), fc.nat(31), fc.nat(31), (size, first, n) => {
      const { k, start } = initialised(`struct=${size}`, 64);
      pageInitPoison(k, start + first, n);
      for (let i = 0; i < 64; i++) assertEquals(wholePagePoisoned(k, start + i), i >= first && i < first + n, `${i}`);
      if (first > 0) assertNotEquals(readPage(k, start + first - 1, size - 4), PAGE_POISON_WORD);
      assertNotEquals(readPage(k, start + first + n, 0), PAGE_POISON_WORD);
    }),
    { numRuns: 40 },
  );
});

Deno.test("pageInitPoison() stores through aliases: struct pages that share a frame are poisoned", () => {
  for (const kernel of ["v4", "v7", "v7+head"]) {
    const k = boot(machine(`kernel=${kernel}`));
    const { start } = mustCreate(k, { align: 4096 }).pgmap.ranges[0];
    // The last vmemmap page of a compound maps the frame of its first tails.
    pageInitPoison(k, start + 12, 4);
    assert(wholePagePoisoned(k, start + 8), kernel);
    pageInitPoison(k, start, 16);
    for (let i = 0; i < 16; i++) assert(wholePagePoisoned(k, start + i), `${kernel}, struct page ${i}`);
  }
});

Deno.test("pageInitPoison() of a kernel without debug stores nothing", () => {
  const k = boot({ ...machine("kernel=5.14"), debug: false });
  const { start } = mustCreate(k).pgmap.ranges[0];
  pageInitPoison(k, start, 16);
  for (let pfn = start; pfn < start + 16; pfn++) assert(!wholePagePoisoned(k, pfn));
});
