// SPDX-License-Identifier: GPL-2.0-only
// Every variant of gup-fast against every way to take its device down: explored, and the ends sorted by what went
// wrong.

import { type GupRace, gupThread } from "./gup_steps.ts";
import { type Tally, tally } from "./tally.ts";
import { unmapThread } from "./unmap_steps.ts";
import { LIVES, MEMUNMAPS, VARIANTS, WAITS } from "./variants.ts";
import { type Memunmap, raceWorld, type Setting, type Waits } from "./world.ts";

/** One variant in one setting. */
export interface Race extends Tally {
  readonly variant: GupRace;
  readonly life: string;
  readonly waits: Waits;
  readonly memunmap: Memunmap;
  /** Schedules in which gup returned its pages. */
  readonly held: number;
  /** Schedules in which it counted, for a moment, on a page of the device's next life. */
  readonly speculated: number;
}

/** Explores one variant in one setting. */
export function race(variant: GupRace, life: string, waits: Waits, memunmap: Memunmap, full = false): Race {
  const setting: Setting = { waits, memunmap, ...LIVES[life] };
  let [held, speculated] = [0, 0];
  const found = tally(
    () => raceWorld(setting),
    (w) => [gupThread(w, variant), unmapThread(w)],
    full,
    (w) => {
      if (w.held > 0) held++;
      if (w.speculated) speculated++;
    },
  );
  return { variant, life, waits, memunmap, held, speculated, ...found };
}

/**
 * The whole matrix, or only some lives of the device. The page an entry points to is no head where base pages are
 * mapped by large entries: left out.
 */
export function raceMatrix(full = false, lives: readonly string[] = Object.keys(LIVES)): Race[] {
  const races: Race[] = [];
  for (const memunmap of MEMUNMAPS) {
    for (const waits of WAITS) {
      for (const variant of VARIANTS) {
        for (const life of lives) {
          if (variant.head === "entry" && LIVES[life].before.compound === 1) continue;
          races.push(race(variant, life, waits, memunmap, full));
        }
      }
    }
  }
  return races;
}
