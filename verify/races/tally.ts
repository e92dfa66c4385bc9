// SPDX-License-Identifier: GPL-2.0-only
// One exploration, with its ends grouped by what went wrong.

import { explore, type Explored, type Thread } from "./explore.ts";
import { onCpu, raceEnd, type Stage } from "./stage.ts";

/** Result of an exploration. */
export interface Tally {
  readonly explored: Explored;
  /** What went wrong: the number of schedules, and the shortest of them. */
  readonly hazards: ReadonlyMap<string, { count: number; readonly schedule: readonly string[] }>;
  /** Schedules in which nothing went wrong. */
  readonly safe: number;
}

/** Explores the threads on fresh worlds, thread n on CPU n; `visit` sees each world at its end. */
export function tally<W extends Stage>(
  fresh: () => W,
  threads: (w: W) => Thread[],
  full: boolean,
  visit: (w: W) => void = () => {},
): Tally {
  const hazards = new Map<string, { count: number; schedule: string[] }>();
  let safe = 0;
  const explored = explore(
    () => {
      const w = fresh();
      return {
        threads: threads(w),
        turn: (id) => onCpu(w, id),
        end: (waiting, thrown) => ({ w, wrong: raceEnd(w, waiting, thrown) }),
      };
    },
    ({ w, wrong }: { w: W; wrong: readonly string[] }, schedule) => {
      visit(w);
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
  return { explored, hazards, safe };
}
