// SPDX-License-Identifier: GPL-2.0-only
// memory_failure() for device pages (mm/memory-failure.c: memory_failure_dev_pagemap, with patch 1 of seed 001): a
// machine check at a frame poisons the dax page it is in and finds who maps it. Left out: fsdax page locking, soft
// offline, delivering the signal.

import { EBUSY, ENXIO } from "../include/errno.ts";
import { PAGE_INDEX, PAGE_INDEX_HI, PAGE_MAPPING, PAGE_MAPPING_HI } from "../include/mm_types.ts";
import { PG_HWPOISON } from "../include/page_flags.ts";
import { alignDown } from "../lib/align.ts";
import { memoryFailureHugetlb } from "./hugetlb_poison.ts";
import { type Kernel, objectAt } from "./kernel.ts";
import { pfnToOnlinePage } from "./hotplug/memory_hotplug.ts";
import { getDevPagemap, pfnFirst, putDevPagemap } from "./memremap.ts";
import { mappedPages, unmapMapping } from "./memory.ts";
import type { AddressSpace, Mm } from "./mm.ts";
import { compoundHead, readPage, setPageFlags } from "./page.ts";

/**
 * A process that must be told: where it had the page mapped (virtual page), and how many pages that entry took along.
 */
export interface ToKill {
  readonly mm: Mm;
  readonly vpn: number;
  readonly pages: number;
}

/**
 * `memory_failure`: marks the dax page of a ZONE_DEVICE frame (the head, with patch 1) and unmaps it everywhere.
 * Returns who mapped it; -ENXIO for a frame that holds no device data, -EBUSY when its struct page names no file.
 * System RAM is looked for in huge pages only: nobody to tell, or what memoryFailureHugetlb() says.
 */
export function memoryFailure(k: Kernel, pfn: number): readonly ToKill[] | number {
  if (pfnToOnlinePage(k, pfn) >= 0) return memoryFailureHugetlb(k, pfn) || [];
  const pgmap = getDevPagemap(k, pfn, null);
  if (pgmap === null) return -ENXIO;
  const range = pgmap.ranges.findIndex((r) => pfn >= r.start && pfn < r.end);
  // pgmap_pfn_valid: the altmap's own frames are nobody's data.
  if (pfn < pfnFirst(pgmap, range)) {
    putDevPagemap(pgmap);
    return -ENXIO;
  }
  const page = k.config.memoryFailureHead ? compoundHead(k, pfn) : pfn;
  const mapping = objectAt(k, readPage(k, page, PAGE_MAPPING), readPage(k, page, PAGE_MAPPING_HI));
  if (mapping === null) {
    putDevPagemap(pgmap);
    return -EBUSY;
  }
  setPageFlags(k, page, PG_HWPOISON);
  const index = readPage(k, page, PAGE_INDEX_HI) * 2 ** 32 + (readPage(k, page, PAGE_INDEX) >>> 0);
  const toKill = collectProcs(k, mapping as AddressSpace, index);
  const size = toKill.reduce((most, { pages }) => Math.max(most, pages), 0);
  if (size > 0) {
    const first = alignDown(index, size);
    unmapMapping(k, mapping as AddressSpace, first, first + size);
  }
  putDevPagemap(pgmap);
  return toKill;
}

/** `collect_procs`: address spaces whose tables map the file at this index. */
function collectProcs(k: Kernel, mapping: AddressSpace, index: number): ToKill[] {
  const found: ToKill[] = [];
  for (const mm of k.mms) {
    for (const area of mm.areas) {
      const vpn = area.start + index - area.pgoff;
      if (area.mapping !== mapping || vpn < area.start || vpn >= area.end) continue;
      const pages = mappedPages(k, mm, vpn);
      if (pages > 0) found.push({ mm, vpn, pages });
    }
  }
  return found;
}
