// SPDX-License-Identifier: GPL-2.0-only
// Every variant of gup-fast against every way to take its device down: explored, and the ends sorted by what went
// wrong.

import { type GupRace, gupThread } from "./gup_steps.ts";
import { type Race, type RaceCase, raceCase } from "./race.ts";
import { unmapThread } from "./unmap_steps.ts";
import { LIVES, MEMUNMAPS, VARIANTS, WAITS } from "./variants.ts";
import { type Memunmap, raceWorld, type Setting, type Waits } from "./world.ts";

/** One variant in one setting. */
interface Duel {
  readonly variant: GupRace;
  readonly life: string;
  readonly waits: Waits;
  readonly memunmap: Memunmap;
}

/** A variant's race with its device. */
export interface DaxRace extends Race, Duel {}

/** The table of a way to give the pages' references back. */
export const memunmapTable = (memunmap: Memunmap) => `memunmap_pages(): ${memunmap}`;

function daxCase({ variant, life, waits, memunmap }: Duel): RaceCase {
  const setting: Setting = { waits, memunmap, ...LIVES[life] };
  return raceCase(
    { table: memunmapTable(memunmap), row: variant.name, column: `waits: ${waits}` },
    () => raceWorld(setting),
    (w) => [gupThread(w, variant), unmapThread(w)],
    `${variant.name}, waits: ${waits}, ${memunmap}, device ${life}`,
  );
}

/** Explores one variant in one setting. */
export function race(variant: GupRace, life: string, waits: Waits, memunmap: Memunmap, full = false): DaxRace {
  const duel = { variant, life, waits, memunmap };
  return { ...duel, ...daxCase(duel).run(full) };
}

/**
 * The whole matrix, or only some lives of the device; `done` is called after each race. The page an entry points to is no head where base pages are
 * mapped by large entries: left out.
 */
export function raceMatrix(
  full = false,
  lives: readonly string[] = Object.keys(LIVES),
  done: () => void = () => {},
): DaxRace[] {
  return duels(lives).map(({ variant, life, waits, memunmap }) => {
    const found = race(variant, life, waits, memunmap, full);
    done();
    return found;
  });
}

/** Everything that {@linkcode raceMatrix} explores. */
export function duels(lives: readonly string[] = Object.keys(LIVES)): Duel[] {
  const found: Duel[] = [];
  for (const memunmap of MEMUNMAPS) {
    for (const waits of WAITS) {
      for (const variant of VARIANTS) {
        for (const life of lives) {
          if (variant.head === "entry" && LIVES[life].before.compound === 1) continue;
          found.push({ variant, life, waits, memunmap });
        }
      }
    }
  }
  return found;
}
