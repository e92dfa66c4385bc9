// SPDX-License-Identifier: GPL-2.0-only
// Every reader of struct pages without a reference against everything that changes them: gup-fast against every way of
// taking its device down, readers of RAM against HugeTLB, splits and devices that go. Results are cells of tables: a
// table's name, a row (the reader, or the step done out of order) and a column (the change, or the waiting side).

import type { Thread } from "./explore.ts";
import { type GupRace, gupThread } from "./gup_steps.ts";
import { hugeThread } from "./hugetlb_steps.ts";
import { type HugeSetting, hugeWorld } from "./hugetlb_world.ts";
import { onlineCases } from "./online_steps.ts";
import { type Race, type RaceCase, raceCase } from "./race.ts";
import { releaseThread } from "./release_steps.ts";
import { type Release, RELEASES, releaseWorld } from "./release_world.ts";
import { unmapThread } from "./unmap_steps.ts";
import { LINUX_6_1, LIVES, MEMUNMAPS, ORDERS, RAM_VARIANTS, READERS, VARIANTS, WAITS, WALKERS } from "./variants.ts";
import { readerThread, walkerThread } from "./walker_steps.ts";
import { type Memunmap, raceWorld, type Setting, type Waits } from "./world.ts";

/** Names of the tables. */
export const memunmapTable = (memunmap: Memunmap) => `memunmap_pages(): ${memunmap}`;
export const WALKER_TABLE = "get_page_unless_zero() by a pfn walker";
export const READER_TABLE = "compound_head() and PageHead() without a reference";
export const ORDER_TABLE = "Orders of stores on the changing side";
export const gupTable = (waits: Waits) => `gup-fast, the unmapping side waits: ${waits}`;

/** All cases to explore. */
export function raceCases(): RaceCase[] {
  return [...daxCases(), ...ramCases()];
}

/** Explores cases; `done` is called after each. */
export function exploreAll(cases: readonly RaceCase[], full = false, done: () => void = () => {}): Race[] {
  return cases.map((one) => {
    const found = one.run(full);
    done();
    return found;
  });
}

/**
 * Variants of gup-fast against their device; the device's lives share a cell. Left out: taking the page an entry points
 * to as the head when base pages are mapped by large entries, which is wrong.
 */
function daxCases(): RaceCase[] {
  return MEMUNMAPS.flatMap((memunmap) =>
    WAITS.flatMap((waits) =>
      VARIANTS.flatMap((variant) =>
        Object.keys(LIVES).filter((life) => variant.head !== "entry" || LIVES[life].before.compound > 1)
          .map((life) => daxCase(variant, life, waits, memunmap))
      )
    )
  );
}

/** One variant in one setting. */
export function daxCase(variant: GupRace, life: string, waits: Waits, memunmap: Memunmap): RaceCase {
  const setting: Setting = { waits, memunmap, ...LIVES[life] };
  return raceCase(
    { table: memunmapTable(memunmap), row: variant.name, column: `waits: ${waits}`, life },
    () => raceWorld(setting),
    (w) => [gupThread(w, variant), unmapThread(w)],
    `${variant.name}, waits: ${waits}, ${memunmap}, device ${life}`,
  );
}

/** The changes under CPU 0, which reads a frame of a huge page. */
const CHANGES: Readonly<Record<string, HugeSetting["begins"]>> = { optimised: "base", restored: "huge" };

/** Frames read, with a cached translation or without. */
const VIEWS = (["first", "second"] as const).flatMap((place) => [true, false].map((cached) => ({ place, cached })));

/** Readers of RAM against the changes of its struct pages. */
function ramCases(): RaceCase[] {
  return [...walkerCases(), ...readerCases(), ...orderCases(), ...onlineCases(), ...gupCases()];
}

function walkerCases(): RaceCase[] {
  return WALKERS.flatMap((v) =>
    ([1, 2] as const).flatMap((keep) =>
      Object.entries(CHANGES).flatMap(([change, begins]) =>
        VIEWS.map((view) => {
          const setting = { ...LINUX_6_1, keep, begins, grace: v.grace, tailsReadOnly: v.tailsReadOnly, ...view };
          return huge(WALKER_TABLE, v.name, `keep ${keep}, ${change}`, setting, (w) => walkerThread(w, v));
        })
      )
    )
  );
}

function readerCases(): RaceCase[] {
  return READERS.flatMap(({ name, order, grace }) =>
    Object.entries(CHANGES).flatMap(([change, begins]) =>
      VIEWS.map((view) =>
        huge(READER_TABLE, name, change, { ...LINUX_6_1, begins, grace, ...view }, (w) => readerThread(w, order))
      )
    )
  );
}

/** Read through a plain tail; a reader that loads in program order is always right about it. */
function orderCases(): RaceCase[] {
  return ORDERS.flatMap(({ name, order }) =>
    Object.entries(CHANGES).flatMap(([change, begins]) =>
      [true, false].map((cached) => {
        const setting: HugeSetting = { ...LINUX_6_1, ...order, begins, cached, place: "second" };
        return huge(ORDER_TABLE, name, change, setting, (w) => readerThread(w, READERS[0].order));
      })
    )
  );
}

function huge(
  table: string,
  row: string,
  column: string,
  setting: HugeSetting,
  looker: (w: ReturnType<typeof hugeWorld>) => Thread,
): RaceCase {
  return raceCase({ table, row, column }, () => hugeWorld(setting), (w) => [looker(w), hugeThread(w)]);
}

function gupCases(): RaceCase[] {
  return WAITS.flatMap((waits) => RAM_VARIANTS.flatMap((v) => RELEASES.map((release) => gupCase(v, release, waits))));
}

function gupCase(v: GupRace, release: Release, waits: Waits): RaceCase {
  return raceCase(
    { table: gupTable(waits), row: v.name, column: release },
    () => releaseWorld(release, waits),
    (w) => [gupThread(w, v), releaseThread(w)],
  );
}
