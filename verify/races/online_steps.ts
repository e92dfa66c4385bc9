// SPDX-License-Identifier: GPL-2.0-only
// A pfn walker asks pfn_to_online_page() (mm/memory_hotplug.c) about a frame of a device that shares an early section
// with RAM, while the device goes down and comes back. The section is online: only the subsection map and the tree of
// pgmaps show that the frame is not RAM. src/mm checks both at once and takes any pgmap; Linux checks one after the
// other and takes a pgmap that is not dying.
//
//   section | RAM, online        | device ...      CPU 0: is there memmap? is there a pgmap?  CPU 1: removes both

import { pfnToOnlinePage } from "../../src/mm/hotplug/memory_hotplug.ts";
import { getDevPagemap, putDevPagemap } from "../../src/mm/memremap.ts";
import type { Thread } from "./explore.ts";
import { type RaceCase, raceCase } from "./race.ts";
import { unmapThread } from "./unmap_steps.ts";
import { LIVES } from "./variants.ts";
import { type RaceWorld, raceWorld, type Setting } from "./world.ts";

/** The table's name, rows and columns. */
export const ONLINE_TABLE = "pfn_to_online_page() of a device's frame in a section of RAM";
export const ONE_LOOK = "nothing comes between its looks";
export const TWO_LOOKS = "memmap first, then a live pgmap (Linux)";
export const MEMMAP_FIRST = "memmap goes, then the pgmap";
export const PGMAP_FIRST = "pgmap goes, then the memmap";

/** Device lives; the device may begin in the middle of a section. */
const SMALL = ["goes down", "comes back the same", "comes back as base pages"];

/** Both walkers against both orders of taking a device down. */
export function onlineCases(): RaceCase[] {
  return [ONE_LOOK, TWO_LOOKS].flatMap((row) =>
    [MEMMAP_FIRST, PGMAP_FIRST].flatMap((column) =>
      SMALL.map((life) => {
        const pgmapFirst = column === PGMAP_FIRST;
        const setting: Setting = { waits: "rcu", memunmap: "bulk", ...LIVES[life], besideRam: true, pgmapFirst };
        return raceCase(
          { table: ONLINE_TABLE, row, column },
          () => raceWorld(setting),
          (w) => [row === ONE_LOOK ? oneLook(w) : twoLooks(w), unmapThread(w)],
          `${ONLINE_TABLE}, ${row}, ${column}, device ${life}`,
        );
      })
    )
  );
}

function* oneLook(w: RaceWorld): Thread {
  yield { name: "pfn_to_online_page", reads: ["memmap", "tree"] };
  if (pfnToOnlinePage(w.k, w.dev.ranges[0].start) >= 0) w.hazards.add("takes a frame of a device for RAM");
}

/** pfn_section_valid(), then get_dev_pagemap(): another CPU can run between the two. */
function* twoLooks(w: RaceWorld): Thread {
  const { k } = w;
  const pfn = w.dev.ranges[0].start;
  yield { name: "pfn_section_valid", reads: ["memmap"] };
  if (!k.sections.online(pfn) || !k.sections.populated(pfn)) return;
  yield { name: "get_dev_pagemap", reads: ["tree"], writes: ["refs"] };
  const pgmap = getDevPagemap(k, pfn, null);
  if (pgmap === null) return void w.hazards.add("takes a frame of a device for RAM");
  yield { name: "put_dev_pagemap", writes: ["refs"] };
  putDevPagemap(pgmap);
}
