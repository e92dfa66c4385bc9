// SPDX-License-Identifier: GPL-2.0-only
// The ways to look at struct pages of RAM that others change: pfn walkers as they were and as they were mended, orders
// of the loads of compound_head(), orders of stores on the changing side, gup-fast with and without its second looks.
// Data.

import type { GupRace } from "./gup_steps.ts";
import type { HugeSetting } from "./hugetlb_world.ts";
import { VARIANTS } from "./variants.ts";
import type { Load, Walker } from "./walker_steps.ts";

const NOTHING: Walker = { name: "nothing", source: "up to 6.9", grace: false, skip: "no", tailsReadOnly: true };

/** Pfn walkers. */
export const WALKERS: readonly Walker[] = [
  NOTHING,
  { ...NOTHING, name: "grace period", source: "half of bd225530a4c7", grace: true },
  { ...NOTHING, name: "fake head test, count", source: "the other half", skip: "before the count" },
  { ...NOTHING, name: "count, fake head test", source: "the same in the order of 6.15", skip: "after the count" },
  {
    ...NOTHING,
    name: "grace period; fake head test, count",
    source: "bd225530a4c7, 6.10 (B16)",
    grace: true,
    skip: "before the count",
  },
  {
    ...NOTHING,
    name: "grace period; count, fake head test",
    source: "page_count_writable() of 6.15 (B18)",
    grace: true,
    skip: "after the count",
  },
  { ...NOTHING, name: "writable tails", source: "discussed with bd225530a4c7", tailsReadOnly: false },
];

/** Orders of the loads of compound_head() and PageHead(). Under RCU, entries change after a grace period. */
export const READERS: readonly { readonly name: string; readonly order: readonly Load[]; readonly grace: boolean }[] = [
  { name: "page, flags, next page", order: ["compound_head", "flags", "next"], grace: false },
  { name: "page, next page, flags", order: ["compound_head", "next", "flags"], grace: false },
  { name: "flags, page, next page", order: ["flags", "compound_head", "next"], grace: false },
  { name: "page, flags, next page, under RCU", order: ["compound_head", "flags", "next"], grace: true },
];

/** What a setting is unless a variant says otherwise: 6.1. */
export const LINUX_6_1: Omit<HugeSetting, "begins" | "place" | "cached"> = {
  keep: 1,
  tailsReadOnly: true,
  grace: false,
  flush: "flush, free",
  restore: "content, entry",
};

/** Orders of stores on CPU 1. */
export const ORDERS: readonly { readonly name: string; readonly order: Partial<HugeSetting> }[] = [
  { name: "content, entry, flush; entry, flush, free", order: {} },
  { name: "entry in the middle of the content (B15)", order: { restore: "entry in between" } },
  { name: "entry before the content (B15)", order: { restore: "entry, content" } },
  { name: "frames freed before the flush", order: { flush: "free, flush" } },
  { name: "no flush (B13)", order: { flush: "no flush" } },
];

const noPgmap = (name: string) => VARIANTS.find((v) => v.name === name)!;
const RECHECKED: GupRace = {
  ...noPgmap("no pgmap, head rechecked"),
  name: "entry and head rechecked",
  source: "since 5.14",
};

/** gup-fast on compound pages of RAM, which have no pgmap. */
export const RAM_VARIANTS: readonly GupRace[] = [
  RECHECKED,
  { ...RECHECKED, name: "entry rechecked", source: "up to 5.13", recheckHead: false },
  { ...RECHECKED, name: "head rechecked", source: "not proposed", recheckEntry: false },
  { ...RECHECKED, name: "neither", source: "not proposed", recheckHead: false, recheckEntry: false },
  { ...noPgmap("the entry's page is the head") },
  { ...noPgmap("one, then the rest") },
];
