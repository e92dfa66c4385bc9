// SPDX-License-Identifier: GPL-2.0-only
// What a frame taken from an allocator is used for. The allocator counts frames by use, and the invariant checker
// recounts them from the page tables. Altmap frames are pmem and never pass through the buddy allocator.

export const USE_VMEMMAP = 0;
export const USE_PTE_TABLE = 1;
export const USE_PMD_TABLE = 2;
export const USE_PUD_TABLE = 3;
export const USE_PGD_TABLE = 4;
export const USE_USER_TABLE = 5;
export const USE_HUGETLB = 6;
export const USE_PINNED = 7;
export const USE_BOOT_VMEMMAP = 8;
export const USE_ALTMAP_VMEMMAP = 9;
/** Frames taken out of use because their memory is broken. */
export const USE_HWPOISON = 10;
/** Pages of tails that all HugeTLB pages of an order and zone share (7.1). */
export const USE_SHARED_TAILS = 11;
/** Tables of the direct map, of every level below the top. */
export const USE_DIRECT_MAP = 12;
export const FRAME_USES: readonly string[] = [
  "vmemmap",
  "pteTables",
  "pmdTables",
  "pudTables",
  "pgdTables",
  "userTables",
  "hugetlb",
  "pinned",
  "bootVmemmap",
  "altmap",
  "hwpoison",
  "sharedTails",
  "directMap",
];
