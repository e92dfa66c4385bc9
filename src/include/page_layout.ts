// SPDX-License-Identifier: GPL-2.0-only
// What moved in struct page and struct folio between generations of kernels: bits of page->flags and what a compound
// page keeps in its first tails. Offsets are bytes. Fields that did not move are in mm_types.ts. First and second tail,
// as 32-bit halves (low | high):
//
//          5.14                    6.1                     6.12                        7.1
//   +0     flags                   flags                   flags, order in 7..0        flags, order in 7..0
//   +8     head + 1                head + 1                head + 1                    mask + 1
//   +16    dtor, order | mapcount  dtor, order | mapcount  large_mapcount | entire     large_mapcount | nr_mapped
//   +24    compound_nr | -         pincount | compound_nr  nr_mapped | pincount        entire | pincount
//   +32    -                       -                       nr_pages | -                mm_id_mapcount[2]
//   +40    -                       -                       -                           mm_id[2]
//   +56    memcg_data              memcg_data              memcg_data                  nr_pages
//   tail 2 +16  pincount           -                       deferred_list               deferred_list
//
// compound_info of 7.1 (8c846c879e22) is a mask: applied to the address of a tail it gives the address of the head, so
// all tails of one order are alike. Sources: include/linux/page-flags.h and mm_types.h of each kernel.

/** Generations of struct page, by the first kernel of the lab that has them. */
export type StructPageGeneration = "5.14" | "6.1" | "6.12" | "7.1";

/** One generation. Flags are masks of the low word of page->flags. */
export interface PageLayout {
  readonly head: number;
  readonly referenced: number;
  readonly reserved: number;
  /** PG_private: a boot-time page that holds memmap or a section's usage map. */
  readonly bootmem: number;
  /** PG_owner_priv_1: a memmap page lies in the memory that it describes. */
  readonly selfHosted: number;
  readonly hwpoison: number;
  /** Where the first tail holds the order of a compound page. */
  readonly order: { readonly offset: number; readonly shift: number };
  /** Where the first tail holds the number of its pages. */
  readonly nrPages: number;
  /** Where its pin count is. */
  readonly pincount: { readonly tail: number; readonly offset: number };
  /** Words of the first tail that prep_compound_head() sets to -1 and to 0. */
  readonly mapcounts: readonly number[];
  readonly cleared: readonly number[];
  /** What marks a HugeTLB page: the destructor in its first tail, or the page type in the head's _mapcount. */
  readonly hugetlbMark: "dtor" | "type";
  /** Whether the second tail, if there is one, holds a list head (_deferred_list). */
  readonly deferredList: boolean;
  /** Struct pages at the start of the head's page that are not plain tails (NR_RESET_STRUCT_PAGE). */
  readonly resetStructs: number;
  /** Tails that memmap_init_compound() initialises before it writes the head's fields; later tails overwrite them. */
  readonly headAfterTails: number;
  /** Whether tails hold a mask instead of their head's address, if sizeof(struct page) is a power of two. */
  readonly mask: boolean;
}

/** Flags up to 6.9, read from a 6.1 kernel. */
const FLAGS_6_1 = {
  head: 1 << 16,
  referenced: 1 << 1,
  reserved: 1 << 12,
  bootmem: 1 << 13,
  selfHosted: 1 << 10,
  hwpoison: 1 << 23,
};

/** PG_head became bit 6 in 6.10, and PG_error was removed. */
const FLAGS_6_12 = {
  head: 1 << 6,
  referenced: 1 << 2,
  reserved: 1 << 13,
  bootmem: 1 << 14,
  selfHosted: 1 << 10,
  hwpoison: 1 << 20,
};

const LAYOUT_6_1: PageLayout = {
  ...FLAGS_6_1,
  order: { offset: 16, shift: 8 },
  nrPages: 28,
  pincount: { tail: 1, offset: 24 },
  mapcounts: [20],
  cleared: [],
  hugetlbMark: "dtor",
  deferredList: false,
  resetStructs: 3,
  headAfterTails: 2,
  mask: false,
};

const LAYOUT_6_12: PageLayout = {
  ...FLAGS_6_12,
  order: { offset: 0, shift: 0 },
  nrPages: 32,
  pincount: { tail: 1, offset: 28 },
  mapcounts: [16, 20],
  cleared: [24],
  hugetlbMark: "type",
  deferredList: true,
  resetStructs: 4,
  headAfterTails: 1,
  mask: false,
};

/** Every generation. */
export const PAGE_LAYOUTS: Readonly<Record<StructPageGeneration, PageLayout>> = {
  "5.14": { ...LAYOUT_6_1, nrPages: 24, pincount: { tail: 2, offset: 16 } },
  "6.1": LAYOUT_6_1,
  "6.12": LAYOUT_6_12,
  "7.1": {
    ...LAYOUT_6_12,
    hwpoison: 1 << 21,
    nrPages: 56,
    mapcounts: [16, 24, 32, 36],
    cleared: [20, 40, 44],
    headAfterTails: Infinity,
    mask: true,
  },
};
