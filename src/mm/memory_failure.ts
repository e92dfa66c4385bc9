// SPDX-License-Identifier: GPL-2.0-only
// memory_failure() (mm/memory-failure.c). On a device page (memory_failure_dev_pagemap, with patch 1 of document 001),
// a machine check at a frame poisons the dax page it is in and finds its mappers. On a huge page (document 004 patches
// 11 and 12), shared tails are read-only, so the head is marked instead of the raw frame, and a private word of a tail
// records which frame it was. The mark moves to the frame once the vmemmap is whole.
// Left out: fsdax page locking, soft offline, delivering the signal; more than one broken frame of a huge page (6.1 has
// a list).

import { EBUSY, ENOMEM, ENXIO } from "../include/errno.ts";
import { PAGE_MAPPING, PAGE_MAPPING_HI } from "../include/mm_types.ts";
import { alignDown } from "../lib/align.ts";
import { type AddressSpace, type Kernel, type Mm, objectAt } from "./kernel.ts";
import { pfnToOnlinePage } from "./hotplug/memory_hotplug.ts";
import { getDevPagemap, pfnFirst, putDevPagemap } from "./memremap.ts";
import { mappedPages, unmapMapping } from "./memory.ts";
import { compoundHead, compoundOrder, pageFlags, pageIndex, pageNid, readPage, setPageFlags } from "./page.ts";
import { SUBPAGE_INDEX_HWPOISON } from "../include/hugetlb.ts";
import { adjustPoolSurplus, flushFreeHpageWork, removeHugePage, updateAndFreePages } from "./hugetlb/make_and_free.ts";
import { hugetlbHead, setSubpagePrivate } from "./hugetlb/huge_page.ts";
import { traced } from "./trace.ts";

/**
 * A process to be signalled: the virtual page where it mapped the page, and how many pages that entry covered.
 */
export interface ToKill {
  readonly mm: Mm;
  readonly vpn: number;
  readonly pages: number;
}

/**
 * `memory_failure`: marks the dax page of a ZONE_DEVICE frame (the head, with patch 1) and unmaps it everywhere.
 * Returns the processes that mapped it; -ENXIO for a frame that holds no device data, -EBUSY if its struct page names
 * no file. In System RAM only huge pages are handled: returns an empty list, or the errno of memoryFailureHugetlb().
 */
export const memoryFailure = traced("memory_failure(pfn)", (k: Kernel, pfn: number): readonly ToKill[] | number => {
  if (pfnToOnlinePage(k, pfn) >= 0) return memoryFailureHugetlb(k, pfn) || [];
  const pgmap = getDevPagemap(k, pfn, null);
  if (pgmap === null) return -ENXIO;
  const range = pgmap.ranges.findIndex((r) => pfn >= r.start && pfn < r.end);
  // pgmap_pfn_valid: frames of the altmap hold no user data.
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
  setPageFlags(k, page, k.layout.hwpoison);
  const index = pageIndex(k, page);
  const toKill = collectProcs(k, mapping as AddressSpace, index);
  const size = toKill.reduce((most, { pages }) => Math.max(most, pages), 0);
  if (size > 0) {
    const first = alignDown(index, size);
    unmapMapping(k, mapping as AddressSpace, first, first + size);
  }
  putDevPagemap(pgmap);
  return toKill;
});

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

/**
 * `memory_failure_hugetlb`: marks the huge page and records the frame. A free page is dissolved at once, so that its
 * other frames can be used again. 0; -ENXIO if the frame is in no huge page; -EBUSY if the page is in use or poisoned
 * already; -ENOMEM if it could not be dissolved, which can be retried.
 */
export const memoryFailureHugetlb = traced("memory_failure_hugetlb(pfn)", (k: Kernel, pfn: number): number => {
  const head = hugetlbHead(k, pfn);
  if (head < 0) return -ENXIO;
  if ((pageFlags(k, head) & k.layout.hwpoison) !== 0) return -EBUSY;
  setPageFlags(k, head, k.layout.hwpoison);
  setSubpagePrivate(k, head, SUBPAGE_INDEX_HWPOISON, pfn - head);
  return dissolveFreeHugePage(k, head);
});

/**
 * `dissolve_free_huge_page`: returns all frames of a free page to the allocator. 0, also for a frame in no huge page;
 * -EBUSY if the page is in use; -ENOMEM, with the pool unchanged, if its vmemmap cannot be restored.
 */
export const dissolveFreeHugePage = traced("dissolve_free_huge_page(pfn)", (k: Kernel, pfn: number): number => {
  // Patch 12: pages queued for the worker are freed before the pool is searched.
  flushFreeHpageWork(k);
  const head = hugetlbHead(k, pfn);
  if (head < 0) return 0;
  const h = k.hugetlb.hstates.find((s) => s.order === compoundOrder(k, head));
  const nid = pageNid(k, head);
  const list = h?.freeLists[nid];
  const at = list === undefined ? -1 : list.indexOf(head);
  if (h === undefined || list === undefined || at < 0) return -EBUSY;
  list.splice(at, 1);
  const wasSurplus = h.surplusHugePagesNode[nid] > 0;
  removeHugePage(h, nid, wasSurplus);
  updateAndFreePages(k, h, [head]);
  flushFreeHpageWork(k);
  if (!list.includes(head)) return 0;
  if (!wasSurplus) adjustPoolSurplus(h, nid, -1);
  return -ENOMEM;
});
