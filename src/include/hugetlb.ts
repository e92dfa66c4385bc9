// SPDX-License-Identifier: GPL-2.0-only
// HugeTLB (include/linux/hugetlb.h, mm/hugetlb_vmemmap.h): one hstate per page size, and where a huge page keeps its
// own data. The head keeps flags in its private word, and each of the tails below keeps one word in its own:
//
//   struct page   0            1               2            3             4              5 ...
//                +------------+---------------+------------+-------------+--------------+-------
//   private      | HPG_* bits | subpool       | cgroup     | cgroup_rsvd | poisoned raw | free
//                +------------+---------------+------------+-------------+--------------+-------
//
// From NR_USED_SUBPAGE on all tails are alike, so their memmap can be shared; the pages that are kept must have room
// for the others and one such tail (the BUILD_BUG_ON of patch 15).

/** Bits of the head's private word, numbered as in 6.1. */
export const HPG_FREED = 1 << 3;
export const HPG_VMEMMAP_OPTIMIZED = 1 << 4;

/** Tails whose private word is used. */
export const SUBPAGE_INDEX_CGROUP = 2;
export const SUBPAGE_INDEX_HWPOISON = 4;
export const NR_USED_SUBPAGE = 5;

/** Marks the first tail of a HugeTLB page, up to about 6.5. */
export const HUGETLB_PAGE_DTOR = 2;
/** Marks its head since then (PGTY_hugetlb), in the top byte of _mapcount. */
export const PGTY_HUGETLB = 0xf4;

/** Why pages of a size are not optimised. */
export type NotOptimizable =
  /** Their struct pages fit in the pages that are kept. */
  | "too-small"
  /** sizeof(struct page) is not a power of two, so struct pages straddle vmemmap pages. */
  | "struct-page-size"
  /** The kept pages have no room for the tails in use. */
  | "used-subpages"
  /** Since 6.3: the architecture cannot remap a live entry (arm64). */
  | "arch"
  /** Tails hold the address of their head, so pages cannot share one page of tails. */
  | "tail-links";

/** `struct hstate`: the pool of one huge page size. Counts in huge pages unless it says otherwise. */
export interface Hstate {
  /** As in /sys/kernel/mm/hugepages: `hugepages-2048kB`. */
  readonly name: string;
  readonly bytes: number;
  readonly order: number;
  /** Frames of one page. */
  readonly pages: number;
  /** Vmemmap pages of one page; a fraction if it has less than one. */
  readonly vmemmapPages: number;
  /** `nr_free_vmemmap_pages`: vmemmap pages that optimising one page frees; 0 if it cannot be optimised. */
  readonly freeVmemmapPages: number;
  readonly notOptimizable: NotOptimizable | null;
  /** Pages in the pool, surplus included. */
  nrHugePages: number;
  surplusHugePages: number;
  /** Limit of surplus pages, made when the pool is empty. */
  nrOvercommit: number;
  /** Free pages (head frames) by node. */
  readonly freeLists: number[][];
  /** Pages handed out (`hugepage_activelist`). */
  readonly active: Set<number>;
  readonly nrHugePagesNode: number[];
  readonly surplusHugePagesNode: number[];
  /** Nodes that the next page is allocated on and freed from. */
  nextNidToAlloc: number;
  nextNidToFree: number;
}
