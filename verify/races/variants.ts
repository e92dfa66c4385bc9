// SPDX-License-Identifier: GPL-2.0-only
// The explored variants, as data. Over device memory: the versions of gup-fast that were in the kernel or proposed in
// the thread of document 001 (numbers are its lines in fixtures), and the options of the unmapping side. Over RAM whose
// struct pages others change: pfn walkers before and after their fix, orders of the loads of compound_head(), orders of
// stores on the changing side, gup-fast with and without its rechecks.

import type { GupRace } from "./gup_steps.ts";
import type { HugeSetting } from "./hugetlb_world.ts";
import type { Load, Walker } from "./walker_steps.ts";
import type { Geometry, Memunmap, Waits } from "./world.ts";

const PATCH_8: GupRace = {
  name: "patch 8",
  source: "001:1056, the v4 series",
  pgmap: "until recheck",
  head: "compound_head",
  grab: "all",
  flagFirst: true,
  recheckHead: false,
  recheckEntry: true,
};

const NO_PGMAP: GupRace = {
  ...PATCH_8,
  name: "no pgmap, head rechecked",
  source: "001:3477, with try_get_compound_head() as it is since 5.14",
  pgmap: "no",
  flagFirst: false,
  recheckHead: true,
};

/** The variants, in the order of the thread. */
export const VARIANTS: readonly GupRace[] = [
  { ...PATCH_8, name: "per page", source: "5.14, and 6.1: __gup_device_huge()", grab: "per-page" },
  PATCH_8,
  {
    ...PATCH_8,
    name: "patch 8, pgmap to the end",
    source: "not proposed: what holding it longer gives",
    pgmap: "to the end",
  },
  { ...PATCH_8, name: "patch 8, no pgmap", source: "001:3477 applied to patch 8 as it is", pgmap: "no" },
  NO_PGMAP,
  { ...NO_PGMAP, name: "no pgmap, head not rechecked", source: "001:3724", recheckHead: false },
  { ...NO_PGMAP, name: "the entry's page is the head", source: "001:4131", head: "entry", recheckHead: false },
  { ...NO_PGMAP, name: "one, then the rest", source: "001:4201", grab: "one, then the rest" },
  {
    ...NO_PGMAP,
    name: "one, then the rest if npages > 2",
    source: "001:4224, as the sketch has it",
    grab: "one, then the rest if more than one",
  },
];

const BASE: Geometry = { align: 16, compound: 1 };
const PMD: Geometry = { align: 16, compound: 16 };
const PUD: Geometry = { align: 256, compound: 256 };

/** The device before, and after it was taken down. */
export const LIVES: Readonly<Record<string, { readonly before: Geometry; readonly after: Geometry | null }>> = {
  "goes down": { before: PMD, after: null },
  "comes back the same": { before: PMD, after: PMD },
  "comes back as base pages": { before: PMD, after: BASE },
  "comes back with larger compounds": { before: PMD, after: PUD },
  "comes back split": { before: PUD, after: PMD },
  "base pages become compounds": { before: BASE, after: PMD },
};

export const WAITS: readonly Waits[] = ["none", "ipi", "rcu"];
export const MEMUNMAPS: readonly Memunmap[] = ["per-page", "bulk", "bulk, idle first"];

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

/** The default of a setting: 6.1. */
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

const daxVariant = (name: string) => VARIANTS.find((v) => v.name === name)!;
const RECHECKED: GupRace = {
  ...daxVariant("no pgmap, head rechecked"),
  name: "entry and head rechecked",
  source: "since 5.14",
};

/** gup-fast on compound pages of RAM, which have no pgmap. */
export const RAM_VARIANTS: readonly GupRace[] = [
  RECHECKED,
  { ...RECHECKED, name: "entry rechecked", source: "up to 5.13", recheckHead: false },
  { ...RECHECKED, name: "head rechecked", source: "not proposed", recheckEntry: false },
  { ...RECHECKED, name: "neither", source: "not proposed", recheckHead: false, recheckEntry: false },
  daxVariant("the entry's page is the head"),
  daxVariant("one, then the rest"),
];
