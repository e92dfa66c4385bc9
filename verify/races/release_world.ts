// SPDX-License-Identifier: GPL-2.0-only
// The world of gup-fast on compound pages of RAM: the huge page of hugetlb_world.ts, mapped by a process with a PMD
// entry, or a smaller compound page mapped with PTEs (as a THP is). The emulator's user tables map device memory only,
// so the entry is written by hand. Left out: rmap, page caches, mapcounts.

import { USE_PINNED, USE_USER_TABLE } from "../../src/include/frame_use.ts";
import { mmAlloc } from "../../src/mm/memory.ts";
import { takePages } from "../../src/mm/page_alloc.ts";
import { clearEntry, populateTo, setEntry } from "../../src/mm/pgtable.ts";
import {
  bootHugeRace,
  headIn,
  type HugeSetting,
  hugeStage,
  type HugeWorld,
  ownHugePage,
  prepCompound,
  putReferences,
  settle,
} from "./hugetlb_world.ts";
import { created, type GupStage, setUpFailed } from "./stage.ts";
import { LINUX_6_1 } from "./variants.ts";
import type { Waits } from "./world.ts";

/** Fates of the page that gup runs against; all but the last begin with an optimised huge page. */
export const RELEASES = [
  "free frames",
  "base pages",
  "smaller compounds",
  "the same",
  "the same, mapped again",
  "part of a larger one",
  "split",
] as const;
export type Release = (typeof RELEASES)[number];

/** The world between steps. */
export interface ReleaseWorld extends HugeWorld, GupStage {
  readonly release: Release;
  readonly waits: Waits;
  /** The entry that gup reads: its word, its level and its frame. */
  readonly entry: { readonly at: number; readonly level: number; readonly first: number };
  /** Lives of the frames so far, and the last one in which the process mapped them. */
  life: number;
  mappedLife: number;
}

/** Order of the smaller compound page, which is in one vmemmap page. */
export const SMALL_ORDER = 3;
export const HEAD_OF_SMALL = 200;
/** Where the process maps the huge page's first frame. */
const BASE_VPN = 4096;

/** A fresh world. */
export function releaseWorld(release: Release, waits: Waits): ReleaseWorld {
  const split = release === "split";
  const place = split ? "second" : "first";
  const setting: HugeSetting = { ...LINUX_6_1, grace: waits === "rcu", place, begins: "huge", cached: true };
  const k = bootHugeRace({});
  const stage = hugeStage(k, setting);
  const mm = created(mmAlloc(k));
  const vpn = BASE_VPN + stage.page - stage.head;
  const level = split ? 0 : 1;
  const at = populateTo(k, mm.rootPfn, vpn, level, 0, USE_USER_TABLE);
  if (at < 0) setUpFailed("no user table");
  const { finish } = stage;
  // The frames' life when gup read its entry, and when it counted; whether it counted on a head of other pages.
  const [entries, lives] = [new Set<number>(), new Set<number>()];
  let wrong = false;
  const w: ReleaseWorld = Object.assign(stage, {
    release,
    waits,
    mm,
    vpn,
    n: split ? 1 : 2,
    entry: { at, level, first: split ? stage.page : stage.head },
    life: 0,
    mappedLife: 0,
    speculated: false,
    entryRead: () => void entries.add(w.mappedLife),
    counted: (pfn: number, head: number) => {
      lives.add(w.life);
      wrong ||= headIn(w.compound, pfn) !== head;
      if (wrong || !entries.has(w.life)) w.speculated = true;
    },
    returned: () => {
      if (wrong) w.hazards.add("I20 returns a page without a reference on it");
      if (!lives.isSubsetOf(entries)) w.hazards.add("I22 returns a page the process does not map");
    },
    headNow: (pfn: number) => headIn(w.compound, pfn),
    put: (head: number, refs: number) => void putReferences(w, head, refs),
    finish: () => {
      clearEntry(k, at, level);
      return finish();
    },
  });
  if (split) {
    if (!takePages(k, HEAD_OF_SMALL, SMALL_ORDER, USE_PINNED)) setUpFailed("no compound page");
    prepCompound(w, HEAD_OF_SMALL, SMALL_ORDER);
  } else ownHugePage(w);
  mapPage(w);
  settle(w);
  return w;
}

/** The process maps the page (again). */
export function mapPage(w: ReleaseWorld): void {
  const { userHuge, userPage } = w.k.arch.format;
  setEntry(w.k, w.entry.at, w.entry.level, w.entry.first, w.entry.level === 0 ? userPage : userHuge);
  w.mappedLife = w.life;
}
