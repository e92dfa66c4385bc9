// SPDX-License-Identifier: GPL-2.0-only
// Every variant of gup-fast against every way to take its device down: explored, and the ends sorted by what went wrong.

import { explore, type Explored } from "./explore.ts";
import { type GupRace, gupThread } from "./gup_steps.ts";
import { unmapThread } from "./unmap_steps.ts";
import { LIVES, MEMUNMAPS, VARIANTS, WAITS } from "./variants.ts";
import { type Memunmap, raceEnd, type RaceWorld, raceWorld, type Setting, type Waits } from "./world.ts";

/** One variant in one setting. */
export interface Race {
  readonly variant: GupRace;
  readonly life: string;
  readonly waits: Waits;
  readonly memunmap: Memunmap;
  readonly explored: Explored;
  /** Schedules in which gup returned its pages. */
  readonly held: number;
  /** Schedules in which it counted, for a moment, on a page of the device's next life. */
  readonly speculated: number;
  /** What went wrong: in how many schedules, and the shortest of them. */
  readonly hazards: ReadonlyMap<string, { count: number; readonly schedule: readonly string[] }>;
  /** Schedules in which nothing went wrong. */
  readonly safe: number;
}

/** Explores one variant in one setting. */
export function race(variant: GupRace, life: string, waits: Waits, memunmap: Memunmap, full = false): Race {
  const setting: Setting = { waits, memunmap, ...LIVES[life] };
  const hazards = new Map<string, { count: number; schedule: string[] }>();
  let [held, speculated, safe] = [0, 0, 0];
  const explored = explore(
    () => {
      const w = raceWorld(setting);
      return {
        threads: [gupThread(w, variant), unmapThread(w)],
        end: (waiting, thrown) => ({ w, wrong: raceEnd(w, waiting, thrown) }),
      };
    },
    ({ w, wrong }: { w: RaceWorld; wrong: readonly string[] }, schedule) => {
      if (w.held > 0) held++;
      if (w.speculated) speculated++;
      if (wrong.length === 0) safe++;
      for (const hazard of wrong) {
        const known = hazards.get(hazard);
        if (known === undefined) hazards.set(hazard, { count: 1, schedule: schedule() });
        else {
          known.count++;
          const other = schedule();
          if (other.length < known.schedule.length) known.schedule = other;
        }
      }
    },
    { full },
  );
  return { variant, life, waits, memunmap, explored, held, speculated, hazards, safe };
}

/** The whole matrix, or only some lives of the device. The page an entry points to is no head where base pages are mapped by large entries: left out. */
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
