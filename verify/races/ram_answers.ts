// SPDX-License-Identifier: GPL-2.0-only
// Arguments, right and wrong, about reading struct pages of RAM that others remap: statements about the explored
// races, as in answers.ts.

import { type Answer, answersTo, has, lacks, type Place, type Race, racesAt, safe } from "./race.ts";
import { MEMMAP_FIRST, ONE_LOOK, ONLINE_TABLE, PGMAP_FIRST, TWO_LOOKS } from "./online_steps.ts";
import { gupTable, ORDER_TABLE, READER_TABLE, WALKER_TABLE } from "./matrix.ts";
import { ORDERS, RAM_VARIANTS, READERS } from "./variants.ts";
import type { Waits } from "./world.ts";

/** The answers from the results. */
export function ramAnswers(races: readonly Race[]): Answer[] {
  const at = (table: string, place: Place = {}) => racesAt(races, { ...place, table });
  const walker = (row: string, column?: RegExp) => at(WALKER_TABLE, column === undefined ? { row } : { row, column });
  return [
    ...walkers(walker),
    ...answersTo("In which order must compound_head() load (page, flags, next page)?", [
      "In this order, while a page is optimised; with either other order, a tail is misread as something it " +
      "never was.",
      READERS.every(({ name }, i) => {
        const list = at(READER_TABLE, { row: name, column: "optimised" });
        return i === 1 || i === 2 ? has(list, /^I7 takes a tail/) : safe(list);
      }),
    ], [
      "While a page is restored, no order is right, not even under RCU with a grace period before entries " +
      "change: the answer for a page without a reference may be outdated, so the caller must check again before " +
      "acting on it.",
      READERS.every(({ name }) => has(at(READER_TABLE, { row: name, column: "restored" }), /^I7 takes a tail/)),
    ]),
    ...answersTo("Which is written first, the content or the entry (B15, smp_wmb() of 6.1)?", [
      "The content, completely: if the entry is written before or during the copy, a CPU without a cached " +
      "translation reads the frame's old contents.",
      safe(at(ORDER_TABLE, { row: ORDERS[0].name })) &&
      [1, 2].every((i) => has(at(ORDER_TABLE, { row: ORDERS[i].name, column: "restored" }), /^I11 /)),
    ]),
    ...answersTo("Which comes first, the flush or freeing the frames?", [
      "The flush: frames that are freed first, or never flushed, are read through stale translations, which " +
      "remain without a flush.",
      safe(at(ORDER_TABLE, { row: ORDERS[0].name })) &&
      [3, 4].every((i) => has(at(ORDER_TABLE, { row: ORDERS[i].name, column: "optimised" }), /^reads freed memmap/)) &&
      has(at(ORDER_TABLE, { row: ORDERS[4].name }), /I10 /),
    ]),
    ...online((row, column) => at(ONLINE_TABLE, { row, column })),
    ...gup(at),
  ];
}

/** The order of pageunmap_range(). */
function online(at: (row: string, column: string) => Race[]): Answer[] {
  const taken = /^takes a frame of a device for RAM/;
  return answersTo("Which goes first when a device is removed, the memmap or the pgmap?", [
    "The memmap: while it exists without the pgmap, pfn_to_online_page() mistakes a device's frame in a section " +
    "of RAM for RAM.",
    safe(at(ONE_LOOK, MEMMAP_FIRST)) && has(at(ONE_LOOK, PGMAP_FIRST), taken),
  ], [
    "The order alone does not make a walker safe: the device can be removed between its two checks, and " +
    "get_dev_pagemap() does not find a dying pgmap. The walker must block device removal, or tolerate the " +
    "mistake.",
    has(at(TWO_LOOKS, MEMMAP_FIRST), taken),
  ]);
}

const readOnly = /store to the read-only struct page/;

function walkers(walker: (row: string, column?: RegExp) => Race[]): Answer[] {
  return [
    ...answersTo("Does a grace period before the remap suffice for pfn walkers (B16)?", [
      "With two vmemmap pages kept, yes: a tail's count is zero, and a count read earlier is used before the remap.",
      safe(walker("grace period", /keep 2/)) && has(walker("nothing", /keep 2, optimised/), readOnly),
    ], [
      "With one kept, no: once the huge page has a user, a fake head shows the user's reference, and the store " +
      "to it faults.",
      has(walker("grace period", /keep 1, optimised/), readOnly) &&
      has(walker("grace period", /keep 1, restored/), readOnly),
    ]),
    ...answersTo("Does skipping fake heads suffice (B16)?", [
      "No, in either order and with one or two pages kept: the count of a base page is read, the frame becomes " +
      "a read-only tail, and then the store faults.",
      ["fake head test, count", "count, fake head test"].every((row) =>
        [/keep 1, optimised/, /keep 2, optimised/].every((column) => has(walker(row, column), readOnly))
      ),
    ]),
    ...answersTo("Do both together suffice?", [
      "Not in the order of 6.10 (B18): the fake head test is negative before the remap, and the count is read " +
      "after a user takes the page.",
      has(walker("grace period; fake head test, count", /keep 1, optimised/), readOnly),
    ], [
      "In the order of 6.15, with the count first, yes, in every schedule.",
      safe(walker("grace period; count, fake head test")),
    ]),
    ...answersTo("Must restoring a page wait for walkers too?", [
      "Not for walkers that read the count and then skip fake heads: they are safe during restore without any " +
      "grace period. (The copied head page of 6.2 is left out.)",
      safe(walker("count, fake head test", /restored/)),
    ]),
    ...answersTo("Would writable tails suffice instead?", [
      "They avoid the fault but not the mistake: with one page kept, the walker counts on the head through a " +
      "tail. With two kept, they suffice.",
      has(walker("writable tails", /keep 1/), /^counts on the head through a tail/) &&
      lacks(walker("writable tails"), readOnly) && safe(walker("writable tails", /keep 2/)),
    ]),
  ];
}

function gup(at: (table: string, place?: Place) => Race[]): Answer[] {
  const freed = /^(?!split)/;
  const both = RAM_VARIANTS[0].name;
  const entry = RAM_VARIANTS[1].name;
  const head = RAM_VARIANTS[2].name;
  const waits: readonly Waits[] = ["ipi", "rcu"];
  return answersTo("Must the head be checked again for RAM, unlike for device-dax?", [
    "Yes, for a page that is split while mapped: the entry is the same before and after, so without the second " +
    "check of the head gup returns a page on which it holds no reference, unless a flush waits for it; a grace " +
    "period does not help.",
    (["none", "rcu"] as const).every((wait) =>
      has(at(gupTable(wait), { row: entry, column: "split" }), /^I20 returns/) &&
      safe(at(gupTable(wait), { row: both, column: "split" }))
    ),
  ], [
    "No, for a huge page that is freed, however its frames are reused: the entry is cleared, or points to a " +
    "page with the same head again.",
    lacks(at(gupTable("none"), { row: entry, column: freed }), /^I2[02] returns/) &&
    has(at(gupTable("none"), { row: "neither", column: freed }), /^I20 returns/),
  ], [
    "It does not replace the second check of the entry: with only the head checked, gup returns another owner's " +
    "frames.",
    has(at(gupTable("none"), { row: head, column: freed }), /^I22 returns/),
  ], [
    "Neither check helps if nothing waits and the frames become a huge page again: the head on which gup counts " +
    "is then a read-only tail (B16 in gup itself). With either wait, no variant stores to one.",
    ["the same", "part of a larger one"].every((column) =>
      has(at(gupTable("none"), { row: both, column }), readOnly)
    ) && waits.every((wait) => lacks(at(gupTable(wait)), readOnly)),
  ], [
    "A flush that waits for CPUs with interrupts off (x86) makes every variant safe, including those that check " +
    "once.",
    safe(at(gupTable("ipi"))),
  ]);
}
