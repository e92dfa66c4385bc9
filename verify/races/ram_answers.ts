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
      "In this one, while a page is optimised: either other order takes a tail for what it never was.",
      READERS.every(({ name }, i) => {
        const list = at(READER_TABLE, { row: name, column: "optimised" });
        return i === 1 || i === 2 ? has(list, /^I7 takes a tail/) : safe(list);
      }),
    ], [
      "On the way back none is right, not even under RCU with a grace period before entries change: what it " +
      "says of a page nobody holds may be past, and whoever acts on it must look again.",
      READERS.every(({ name }) => has(at(READER_TABLE, { row: name, column: "restored" }), /^I7 takes a tail/)),
    ]),
    ...answersTo("Content first, or the entry (B15, smp_wmb() of 6.1)?", [
      "The content, all of it: an entry before or in the middle of it shows a CPU without a cached " +
      "translation what the frame held before.",
      safe(at(ORDER_TABLE, { row: ORDERS[0].name })) &&
      [1, 2].every((i) => has(at(ORDER_TABLE, { row: ORDERS[i].name, column: "restored" }), /^I11 /)),
    ]),
    ...answersTo("Flush first, or free the frames?", [
      "The flush: freed first, or not flushed at all, they are read through translations that are stale; " +
      "without the flush these stay.",
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
  return answersTo("Memmap first, or the pgmap, when a device goes?", [
    "The memmap: while it is there and the pgmap is not, pfn_to_online_page() takes a device's frame in " +
    "a section of RAM for RAM.",
    safe(at(ONE_LOOK, MEMMAP_FIRST)) && has(at(ONE_LOOK, PGMAP_FIRST), taken),
  ], [
    "The order alone does not make a walker safe: the device can go between its two looks, and " +
    "get_dev_pagemap() finds none that is dying. It must hold off devices that go, or bear the mistake.",
    has(at(TWO_LOOKS, MEMMAP_FIRST), taken),
  ]);
}

const readOnly = /store to the read-only struct page/;

function walkers(walker: (row: string, column?: RegExp) => Race[]): Answer[] {
  return [
    ...answersTo("Does a grace period before the remap suffice for pfn walkers (B16)?", [
      "Where two vmemmap pages are kept it does: a tail counts zero, and a count read before is used before.",
      safe(walker("grace period", /keep 2/)) && has(walker("nothing", /keep 2, optimised/), readOnly),
    ], [
      "Where one is kept it does not: once the huge page has a user, a fake head shows the user's " +
      "reference, and the store to it faults.",
      has(walker("grace period", /keep 1, optimised/), readOnly) &&
      has(walker("grace period", /keep 1, restored/), readOnly),
    ]),
    ...answersTo("Does skipping fake heads suffice (B16)?", [
      "No, in either order and with one page kept or two: the count of a base page is read, the frame " +
      "becomes a read-only tail, the store comes then.",
      ["fake head test, count", "count, fake head test"].every((row) =>
        [/keep 1, optimised/, /keep 2, optimised/].every((column) => has(walker(row, column), readOnly))
      ),
    ]),
    ...answersTo("Do both?", [
      "Not in the order of 6.10 (B18): the test says no before the remap, the count is read after a user " +
      "took the page.",
      has(walker("grace period; fake head test, count", /keep 1, optimised/), readOnly),
    ], [
      "In the order of 6.15, the count first, they do, in every schedule.",
      safe(walker("grace period; count, fake head test")),
    ]),
    ...answersTo("Must the page that is restored wait for walkers too?", [
      "Not for those that read the count and then skip fake heads: without any grace period they are safe " +
      "on the way back. (The copied head page of 6.2 is left out.)",
      safe(walker("count, fake head test", /restored/)),
    ]),
    ...answersTo("Would writable tails do instead?", [
      "They take the fault away and not the mistake: where one page is kept, the walker counts on the " +
      "head through a tail. Where two are, they do.",
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
  return answersTo("Must the head be looked at again in RAM, where it need not be for device-dax?", [
    "Yes, for a page that is split under its mapping: the entry is the same before and after, and " +
    "without the second look at the head gup returns a page it holds no reference on, where no flush waits for " +
    "it, grace period or not.",
    (["none", "rcu"] as const).every((wait) =>
      has(at(gupTable(wait), { row: entry, column: "split" }), /^I20 returns/) &&
      safe(at(gupTable(wait), { row: both, column: "split" }))
    ),
  ], [
    "No, for a huge page that is freed, whatever becomes of its frames: the entry is gone, or leads to a " +
    "page with the same head again.",
    lacks(at(gupTable("none"), { row: entry, column: freed }), /^I2[02] returns/) &&
    has(at(gupTable("none"), { row: "neither", column: freed }), /^I20 returns/),
  ], [
    "Nor does it replace the second look at the entry: with the head alone gup returns frames of another " +
    "owner.",
    has(at(gupTable("none"), { row: head, column: freed }), /^I22 returns/),
  ], [
    "Neither look helps where nothing waits and the frames become a huge page again: the head gup " +
    "counts on is a read-only tail by then (B16 in gup itself). With either wait no variant stores to one.",
    ["the same", "part of a larger one"].every((column) =>
      has(at(gupTable("none"), { row: both, column }), readOnly)
    ) && waits.every((wait) => lacks(at(gupTable(wait)), readOnly)),
  ], [
    "A flush that waits for CPUs with interrupts off (x86) makes every variant safe, those that look once " +
    "included.",
    safe(at(gupTable("ipi"))),
  ]);
}
