// SPDX-License-Identifier: GPL-2.0-only
// The words of a struct page by name (include/linux/mm_types.h, as drawn in include/mm_types.ts): which field a word
// holds depends on whether the page is a head, the first or second tail, another tail or a base page.

import {
  PAGE_COMPOUND_HEAD,
  PAGE_FLAGS,
  PAGE_INDEX,
  PAGE_MAPCOUNT,
  PAGE_MAPPING,
  PAGE_PRIVATE,
  PAGE_ZONE_DEVICE_DATA,
  TAIL_MAPPING_HI,
  TAIL_MAPPING_LO,
} from "../include/mm_types.ts";
import { flagNames, flagsHiNid, flagsHiZone } from "../include/page_flags.ts";
import type { Kernel } from "../mm/kernel.ts";

/** A named part of a word, with its meaning. */
export interface StructPageField {
  readonly name: string;
  readonly value: string;
}

/** One 64-bit word of one struct page. */
export interface WordOf {
  readonly pfn: number;
  readonly kind: "head" | "tail" | "page";
  /** Its head's frame; its own where it has none. */
  readonly head: number;
  readonly offset: number;
  readonly lo: number;
  readonly hi: number;
}

/** The meaning of a word, in one or more fields. */
export function structPageFields(k: Kernel, word: WordOf): StructPageField[] {
  const nth = word.kind === "tail" ? word.pfn - word.head : 0;
  const own = nth > 0 ? fieldsOfTail(k, word, nth) : null;
  if (own !== null) return own;
  switch (word.offset) {
    case PAGE_FLAGS:
      return flagsFields(k, word, nth);
    case PAGE_COMPOUND_HEAD:
      return word.kind === "tail"
        ? [field("compound_head", k.headMask ? `mask ${pointer(word)}` : `pfn ${word.head}, bit 0 set`)]
        : [field("pgmap", pointer(word))];
    case PAGE_ZONE_DEVICE_DATA:
      return [nth > 0 ? field("", unused(word)) : field("zone_device_data", pointer(word))];
    case PAGE_MAPPING:
      return nth > 0 ? mappingOfTail(word) : [field("mapping", pointer(word))];
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

function flagsFields(k: Kernel, { lo, hi }: WordOf, nth: number): StructPageField[] {
  const { layout } = k;
  const withOrder = nth === 1 && layout.order.offset === PAGE_FLAGS;
  const names = flagNames(layout, withOrder ? lo & ~0xff : lo);
  return [
    ...(withOrder ? [field("order", `${lo & 0xff}`)] : []),
    field("flags", names.length === 0 ? "none" : names.join(", ")),
    field("zone", `${flagsHiZone(hi)}`),
    field("node", `${flagsHiNid(hi)}`),
  ];
}

/** The field of the compound page that a half word of its first tails holds, by offset; null if it holds none. */
function halfOfTail(k: Kernel, nth: number, offset: number, value: number): StructPageField[] | null {
  const { order, nrPages, pincount, mapcounts } = k.layout;
  if (nth === pincount.tail && offset === pincount.offset) return [field("pincount", `${value}`)];
  if (nth !== 1) return null;
  if (offset === nrPages) return [field("nr_pages", `${value}`)];
  if (offset === order.offset && order.shift > 0) {
    return [field("compound_dtor", `${value & 0xff}`), field("compound_order", `${(value >>> order.shift) & 0xff}`)];
  }
  return mapcounts.includes(offset) ? [field("mapcount", `${value}`)] : null;
}

/** What a word of a tail holds for its compound page; null if neither half holds anything. */
function fieldsOfTail(k: Kernel, { offset, lo, hi }: WordOf, nth: number): StructPageField[] | null {
  const low = halfOfTail(k, nth, offset, lo);
  const high = halfOfTail(k, nth, offset + 4, hi);
  return low === null && high === null ? null : [...low ?? [], ...high ?? []];
}

function mappingOfTail(word: WordOf): StructPageField[] {
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
  return `0x${hex64(lo, hi)}`;
}

/** Two words as 16 hexadecimal digits. */
export function hex64(lo: number, hi: number): string {
  return [hi, lo].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function unused(word: WordOf): string {
  return word.lo === 0 && word.hi === 0 ? "0" : pointer(word);
}
