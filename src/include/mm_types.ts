// SPDX-License-Identifier: GPL-2.0-only
// struct page (include/linux/mm_types.h), declared once. Byte offsets of the 32-bit halves the emulator touches:
//
//   byte   base page / head        tail
//   +0     flags                   flags
//   +8     lru.next | pgmap        compound_head, bit 0 = 1
//   +16    lru.prev | zone data    lru.prev
//   +24    mapping                 TAIL_MAPPING
//   +32    index                   -
//   +40    private                 -
//   +48    _mapcount | _refcount   _mapcount | _refcount
//   +56    memcg_data              -
//
// What a compound page keeps in its first two tails differs by generation: page_layout.ts. The size of the struct is a
// parameter of the machine (56 = no memcg, 72 and 80 = debug words appended); every field is 8-byte aligned, so a 64-bit
// word never straddles a page.

export const PAGE_FLAGS = 0;
export const PAGE_FLAGS_HI = 4;
/** lru.next, compound_head and pgmap share this word. */
export const PAGE_COMPOUND_HEAD = 8;
export const PAGE_COMPOUND_HEAD_HI = 12;
export const PAGE_PGMAP = 8;
export const PAGE_PGMAP_HI = 12;
export const PAGE_ZONE_DEVICE_DATA = 16;
export const PAGE_ZONE_DEVICE_DATA_HI = 20;
export const PAGE_MAPPING = 24;
export const PAGE_MAPPING_HI = 28;
export const PAGE_INDEX = 32;
export const PAGE_INDEX_HI = 36;
export const PAGE_PRIVATE = 40;
export const PAGE_MAPCOUNT = 48;
export const PAGE_REFCOUNT = 52;

/** page->mapping of a tail (include/linux/poison.h: TAIL_MAPPING = POISON_POINTER_DELTA + 0x400). */
export const TAIL_MAPPING_LO = 0x400;
export const TAIL_MAPPING_HI = 0xdead0000 | 0;

export const COMPOUND_PAGE_DTOR = 1;

/** The only size that divides a page, so that struct pages are contiguous and loops can run over them. */
export const STRETCH_STRUCT_SIZE = 64;
/**
 * Word of each field in a struct page of that size, and words from one struct page to the next. Hot modules destructure
 * it once, `const { REFCOUNT } = WORD`, for the reason given at `C` in vmstat.ts.
 */
export const WORD = {
  FLAGS: PAGE_FLAGS / 4,
  FLAGS_HI: PAGE_FLAGS_HI / 4,
  COMPOUND_HEAD: PAGE_COMPOUND_HEAD / 4,
  COMPOUND_HEAD_HI: PAGE_COMPOUND_HEAD_HI / 4,
  ZONE_DEVICE_DATA: PAGE_ZONE_DEVICE_DATA / 4,
  ZONE_DEVICE_DATA_HI: PAGE_ZONE_DEVICE_DATA_HI / 4,
  MAPPING: PAGE_MAPPING / 4,
  MAPPING_HI: PAGE_MAPPING_HI / 4,
  MAPCOUNT: PAGE_MAPCOUNT / 4,
  REFCOUNT: PAGE_REFCOUNT / 4,
  STEP: STRETCH_STRUCT_SIZE / 4,
} as const;
/** Sizes of struct page a machine may be booted with. */
export const STRUCT_PAGE_SIZES: readonly number[] = [56, 64, 72, 80];

/** A FOLL_PIN of a page without a pin count is this many references (GUP_PIN_COUNTING_BIAS). */
export const GUP_PIN_COUNTING_BIAS = 1024;

/** CONFIG_DEBUG_VM: what an uninitialised memmap holds (PAGE_POISON_PATTERN), as a 32-bit word. */
export const PAGE_POISON_WORD = -1;
/** What an unused part of a memmap leaf holds (x86 PAGE_UNUSED), as a 32-bit word. */
export const PAGE_UNUSED_WORD = 0xfdfdfdfd | 0;
/** What a freed frame holds (mm/page_poison.c PAGE_POISON 0xaa). */
export const FREE_POISON_BYTE = 0xaa;
