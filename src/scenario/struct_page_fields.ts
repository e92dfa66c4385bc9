// SPDX-License-Identifier: GPL-2.0-only
// The words of a struct page by name (include/linux/mm_types.h, as drawn in include/mm_types.ts): which field a word
// holds depends on whether the page is a head, the first or second tail, another tail or a page of its own.

import {
  PAGE_COMPOUND_HEAD,
  PAGE_FLAGS,
  PAGE_INDEX,
  PAGE_MAPCOUNT,
  PAGE_MAPPING,
  PAGE_PRIVATE,
  PAGE_ZONE_DEVICE_DATA,
  TAIL1_DTOR_ORDER,
  TAIL1_PINCOUNT,
  TAIL2_PINCOUNT,
  TAIL_MAPPING_HI,
  TAIL_MAPPING_LO,
} from "../include/mm_types.ts";
import { flagsHiNid, flagsHiZone, PAGE_FLAG_NAMES } from "../include/page_flags.ts";
import type { Kernel } from "../mm/kernel.ts";

/** A named part of a word, and what it says. */
export interface StructPageField {
  readonly name: string;
  readonly value: string;
}

/** One 64-bit word of one struct page. */
export interface WordOf {
  readonly pfn: number;
  readonly kind: "head" | "tail" | "page";
  readonly head: number;
  readonly offset: number;
  readonly lo: number;
  readonly hi: number;
}

/** What a word says, in one or more fields. */
export function structPageFields(k: Kernel, word: WordOf): StructPageField[] {
  const nth = word.kind === "tail" ? word.pfn - word.head : 0;
  switch (word.offset) {
    case PAGE_FLAGS:
      return flagsFields(word);
    case PAGE_COMPOUND_HEAD:
      return word.kind === "tail"
        ? [field("compound_head", `pfn ${word.head}, bit 0 set`)]
        : [field("pgmap", pointer(word))];
    case PAGE_ZONE_DEVICE_DATA:
      return nth > 0 ? tailFields(k, word, nth) : [field("zone_device_data", pointer(word))];
    case PAGE_MAPPING:
      return nth > 0 ? mappingOfTail(k, word, nth) : [field("mapping", pointer(word))];
    case PAGE_INDEX:
      return [field("index", nth > 0 ? unused(word) : `${number(word)}`)];
    case PAGE_PRIVATE:
      return [field("private", unused(word))];
    case PAGE_MAPCOUNT:
      return [field("_mapcount", `${word.lo}`), field("_refcount", `${word.hi}`)];
    default:
      return [field(word.offset === PAGE_MAPCOUNT + 8 ? "memcg_data" : "debug", unused(word))];
  }
}

function flagsFields({ lo, hi }: WordOf): StructPageField[] {
  const names = Object.entries(PAGE_FLAG_NAMES).filter(([, bit]) => (lo & bit) !== 0).map(([name]) => name);
  return [
    field("flags", names.length === 0 ? "none" : names.join(", ")),
    field("zone", `${flagsHiZone(hi)}`),
    field("node", `${flagsHiNid(hi)}`),
  ];
}

/** The word that tells the order of a compound page, in its first tail, and up to 5.15 its pins, in the second. */
function tailFields(k: Kernel, word: WordOf, nth: number): StructPageField[] {
  if (nth === 1 && word.offset === TAIL1_DTOR_ORDER) {
    return [
      field("compound_dtor", `${word.lo & 0xff}`),
      field("compound_order", `${(word.lo >>> 8) & 0xff}`),
      field("compound_mapcount", `${word.hi}`),
    ];
  }
  if (nth === 2 && word.offset === TAIL2_PINCOUNT && k.config.pincountTail === 2) {
    return [field("hpage_pinned_refcount", `${word.lo}`)];
  }
  return [field("", unused(word))];
}

function mappingOfTail(k: Kernel, word: WordOf, nth: number): StructPageField[] {
  if (nth === 1 && word.offset === TAIL1_PINCOUNT) {
    if (k.config.pincountTail === 2) return [field("compound_nr", `${word.lo}`)];
    return [field("compound_pincount", `${word.lo}`), field("compound_nr", `${word.hi}`)];
  }
  return [
    field("mapping", word.lo === TAIL_MAPPING_LO && word.hi === TAIL_MAPPING_HI ? "TAIL_MAPPING" : pointer(word)),
  ];
}

function field(name: string, value: string): StructPageField {
  return { name, value };
}

function number({ lo, hi }: WordOf): number {
  return hi * 2 ** 32 + (lo >>> 0);
}

function pointer({ lo, hi }: WordOf): string {
  if (lo === 0 && hi === 0) return "NULL";
  return `0x${(hi >>> 0).toString(16).padStart(8, "0")}${(lo >>> 0).toString(16).padStart(8, "0")}`;
}

function unused(word: WordOf): string {
  return word.lo === 0 && word.hi === 0 ? "0" : pointer(word);
}
