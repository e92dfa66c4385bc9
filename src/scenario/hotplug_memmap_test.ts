// SPDX-License-Identifier: GPL-2.0-only
// How a part of a block's memmap is mapped: a leaf counts once, and only with its pages in the range.

import { assertEquals } from "@std/assert";
import { SZ_1G } from "../include/sizes.ts";
import { withKernel } from "../testing.ts";
import { memmapMapping } from "./hotplug_memmap.ts";

const SECTION = SZ_1G / 8;

Deno.test("memmapMapping() counts the pages of the range, and each leaf once", () => {
  withKernel({ dram: [SZ_1G], contents: false }, (k) => {
    const sections = (n: number) => n * SECTION / k.pageBytes;
    const of = (start: number, end: number) => {
      const { mappedVmemmapPages: vmemmapPages, pmdLeaves, pteEntries, bytesPerTlbEntry } = memmapMapping(
        k,
        start,
        end,
      );
      return [vmemmapPages, pmdLeaves, pteEntries, bytesPerTlbEntry];
    };
    assertEquals(of(0, sections(2)), [1024, 2, 0, SECTION]);
    assertEquals(of(0, sections(1.5)), [768, 2, 0, SECTION * 0.75]);
    assertEquals(of(sections(0.5), sections(1)), [256, 1, 0, SECTION / 2]);
    assertEquals(of(sections(8), sections(9)), [0, 0, 0, 0]);
  });
});
