// SPDX-License-Identifier: GPL-2.0-only
// The page of tails that all huge pages of an order share in a zone (7.1), word by word.

import { assertEquals } from "@std/assert";
import { boot } from "../../boot.ts";
import { PAGE_ZONE_DEVICE_DATA, PAGE_ZONE_DEVICE_DATA_HI } from "../../include/mm_types.ts";
import { SZ_2M } from "../../include/sizes.ts";
import { setNrHugepages, sizeToHstate } from "../hugetlb/hugetlb.ts";
import { readPage } from "../page.ts";

/** Where the words of a struct page are. */
const WORDS = Array.from({ length: 16 }, (_, i) => 4 * i);

/** Words of the tails of a huge page's second page of memmap, shared or its own. */
function tails(shared: boolean): number[][] {
  const k = boot({ kernel: "7.3", dram: [2 ** 28], hugetlbFreeVmemmap: shared });
  const h = sizeToHstate(k, SZ_2M)!;
  assertEquals(setNrHugepages(k, h, 1), 1);
  assertEquals(k.hugetlb.sharedTails.length, shared ? 1 : 0);
  const [head] = h.freeLists[0];
  return Array.from({ length: 64 }, (_, i) => WORDS.map((word) => readPage(k, head + 64 + i, word)));
}

Deno.test("fillTails() writes the same words as unshared tails have, except for their list head", () => {
  const list = (i: number) => WORDS[i] === PAGE_ZONE_DEVICE_DATA || WORDS[i] === PAGE_ZONE_DEVICE_DATA_HI;
  assertEquals(tails(true), tails(false).map((tail) => tail.map((value, i) => list(i) ? 0 : value)));
});
