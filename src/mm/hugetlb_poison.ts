// SPDX-License-Identifier: GPL-2.0-only
// Broken memory under a huge page (seed 004 patches 11 and 12; mm/hugetlb.c, mm/memory-failure.c). A shared tail is
// read-only, so the raw frame cannot be marked while the vmemmap is shared: the head is, and a discrete tail's private
// word says which frame it was. The mark moves to the frame when the page's vmemmap is whole again.
// Left out: killing who maps the page; more than one broken frame of a page (6.1 has a list).

import { EBUSY, ENOMEM, ENXIO } from "../include/errno.ts";
import { SUBPAGE_INDEX_HWPOISON } from "../include/hugetlb.ts";
import { PG_HWPOISON } from "../include/page_flags.ts";
import { adjustPoolSurplus, flushFreeHpageWork, removeHugePage, updateAndFreePages } from "./hugetlb/make_and_free.ts";
import { hugetlbHead, setSubpagePrivate } from "./hugetlb/huge_page.ts";
import type { Kernel } from "./kernel.ts";
import { compoundOrder, pageFlags, pageNid, setPageFlags } from "./page.ts";

/**
 * `memory_failure_hugetlb`: marks the huge page and notes the frame. A free page is dissolved at once, so that all of
 * it but the frame can be used again. 0; -ENXIO for a frame in no huge page; -EBUSY while a user holds the page or when
 * it is poisoned already; -ENOMEM when it could not be dissolved, which can be tried again.
 */
export function memoryFailureHugetlb(k: Kernel, pfn: number): number {
  const head = hugetlbHead(k, pfn);
  if (head < 0) return -ENXIO;
  if ((pageFlags(k, head) & PG_HWPOISON) !== 0) return -EBUSY;
  setPageFlags(k, k.config.mutation === "poisonsTail" ? pfn : head, PG_HWPOISON);
  setSubpagePrivate(k, head, SUBPAGE_INDEX_HWPOISON, pfn - head);
  return dissolveFreeHugePage(k, head);
}

/**
 * `dissolve_free_huge_page`: a free page's frames go back to the allocator one and all. 0, also for a frame in no huge
 * page; -EBUSY when the page is in use; -ENOMEM when its vmemmap cannot be restored, the pool then being as before.
 */
export function dissolveFreeHugePage(k: Kernel, pfn: number): number {
  // Patch 12: a page on its way through the worker must be gone before anybody looks.
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
}
