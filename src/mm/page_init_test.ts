// SPDX-License-Identifier: GPL-2.0-only
// Fresh struct pages: every word of the given ones and no other, whatever their size.

import { assertEquals } from "@std/assert";
import { STRUCT_PAGE_SIZES } from "../include/mm_types.ts";
import { ZONE_DEVICE } from "../include/mmzone.ts";
import { pageLinksHi } from "../include/page_flags.ts";
import { mustCreate, mustDestroy, withKernel } from "../testing.ts";
import { readPage, writePage } from "./page.ts";
import { initPages, initSinglePage, readySinglePages } from "./page_init.ts";
import { PAGE_LAYOUTS } from "../include/page_layout.ts";

const { reserved: PG_RESERVED } = PAGE_LAYOUTS["6.1"];

Deno.test("initSinglePage(), initPages() and readySinglePages() write every word of a struct page, whatever its size", () => {
  for (const struct of STRUCT_PAGE_SIZES) {
    // Frames beyond 2^26, so that the address does not fit one word.
    withKernel(`arch=x86-64 dram=128M pmem=32M@1T struct=${struct}`, (k) => {
      const ns = mustCreate(k);
      const { start } = ns.pgmap.ranges[0];
      const wanted = (pfn: number, flags: number) => {
        const lru = BigInt.asUintN(64, 0xffffea0000000000n + BigInt(pfn * struct) + 8n);
        const [lo, hi] = [Number(lru & 0xffffffffn) | 0, Number(lru >> 32n) | 0];
        const words = [flags, pageLinksHi(ZONE_DEVICE, 0), lo, hi, lo, hi, 0, 0, 0, 0, 0, 0, -1, 1, 0, 0, 0, 0, 0, 0];
        return words.slice(0, struct / 4);
      };
      const words = (pfn: number) => Array.from({ length: struct / 4 }, (_, i) => readPage(k, pfn, 4 * i));
      const spoil = () => {
        for (let i = 0; i < 40 * struct; i += 4) writePage(k, start + Math.floor(i / struct), i % struct, 0x5a5a5a5a);
      };
      const spoilt = Array(struct / 4).fill(0x5a5a5a5a);
      const frames = Float64Array.of(start + 3, start + 9, start + 10, start + 11, start + 30);
      const cases: readonly [() => void, readonly number[], number][] = [
        [() => initSinglePage(k, start + 7, ZONE_DEVICE, 0), [7], 0],
        [
          () => initPages(k, start + 2, 35, ZONE_DEVICE, 0, PG_RESERVED),
          Array.from({ length: 35 }, (_, i) => i + 2),
          PG_RESERVED,
        ],
        [() => readySinglePages(k, frames, 1, 3, ZONE_DEVICE, 0), [9, 10, 11], 0],
      ];
      const before = Array.from({ length: 40 }, (_, i) => words(start + i));
      for (const [write, written, flags] of cases) {
        spoil();
        write();
        for (let i = 0; i < 40; i++) {
          assertEquals(words(start + i), written.includes(i) ? wanted(start + i, flags) : spoilt);
        }
      }
      for (let i = 0; i < 40; i++) before[i].forEach((word, w) => writePage(k, start + i, 4 * w, word));
      mustDestroy(k, ns);
    });
  }
});
