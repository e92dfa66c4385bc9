// SPDX-License-Identifier: GPL-2.0-only
// Tails of huge pages on both sides of where the high word of a struct page's address changes, which is 2^32 bytes of
// vmemmap or 256 GiB of memory.

import { assertEquals, assertNotEquals } from "@std/assert";
import { boot } from "../boot.ts";
import { PAGE_COMPOUND_HEAD, PAGE_ZONE_DEVICE_DATA, PAGE_ZONE_DEVICE_DATA_HI } from "../include/mm_types.ts";
import { SZ_1G, SZ_2M } from "../include/sizes.ts";
import { allocHugePageAt, sizeToHstate } from "./hugetlb/hugetlb.ts";
import { compoundHead, pageAddressHi, pageAddressLo, readPage } from "./page.ts";

Deno.test("stampTails() points every tail to its own head and its list to itself, whatever the head before was", () => {
  const k = boot({ dram: [272 * SZ_1G] });
  const h = sizeToHstate(k, SZ_2M)!;
  const border = 2 ** 26;
  assertNotEquals(pageAddressHi(k, border - 1), pageAddressHi(k, border));
  for (const head of [border, border - h.pages, border + h.pages]) {
    assertEquals(allocHugePageAt(k, h, head), true);
    for (let pfn = head + 1; pfn < head + h.pages; pfn++) {
      assertEquals(compoundHead(k, pfn), head);
      const prev = [readPage(k, pfn, PAGE_ZONE_DEVICE_DATA), readPage(k, pfn, PAGE_ZONE_DEVICE_DATA_HI)];
      // The first tail keeps order and counts there.
      if (pfn > head + 1) assertEquals(prev, [pageAddressLo(k, pfn) + PAGE_COMPOUND_HEAD, pageAddressHi(k, pfn)]);
    }
  }
});
