// SPDX-License-Identifier: GPL-2.0-only
// The arguments in the thread of document 001 about gup-fast on a device that goes down: statements about the explored
// races.

import { memunmapTable } from "./matrix.ts";
import { type Answer, answersTo, has, type Place, type Race, racesAt, safe, unsafe } from "./race.ts";
import { MEMUNMAPS, VARIANTS } from "./variants.ts";

const [PER_PAGE, BULK, IDLE_FIRST] = MEMUNMAPS.map(memunmapTable);
const NOT_WAITED = "waits: none";
/** Variants that read the head, without the sketch that counts wrong. */
const READERS = VARIANTS.filter((v) => v.head === "compound_head" && !v.name.includes("> 2")).map((v) => v.name);

/** Questions to be answered by the results. */
class Results {
  constructor(readonly races: readonly Race[]) {}

  readonly where = (place: Place) => racesAt(this.races, place);
  readonly waited = (row: string) => this.where({ row, column: /ipi|rcu/ });
  readonly all = (list: readonly Race[], what: (r: Race) => boolean) => list.length > 0 && list.every(what);

  get readers(): Race[] {
    return this.races.filter((r) => READERS.includes(r.row));
  }
}

/** The answers from the results. */
export function daxAnswers(all: readonly Race[]): Answer[] {
  const results = new Results(all.filter((r) => MEMUNMAPS.some((way) => memunmapTable(way) === r.table)));
  return [...headAnswers(results), ...pgmapAnswers(results), ...countAnswers(results)];
}

/** Reading the head without a reference. */
function headAnswers({ where, readers }: Results): Answer[] {
  return answersTo("May compound_head() be read before a reference is held? (001:4075)", [
    "Yes, while the unmapping side waits for CPUs with interrupts off, by interrupt or by grace period: every " +
    "variant that reads it first is safe in every schedule.",
    safe(readers.filter((r) => r.column !== NOT_WAITED && r.table !== BULK)),
  ], [
    "Not reading it does not help if nothing waits: counting on the page that the entry points to, without " +
    "reading a struct page, counts on freed memmap.",
    has(where({ row: "the entry's page is the head", column: NOT_WAITED }), /^counts on freed memmap/),
  ]);
}

/** The purpose of the reference on the pgmap. */
function pgmapAnswers({ where, waited }: Results): Answer[] {
  return [
    ...answersTo("Is the pgmap reference needed? (001:3477, 3724, 4187)", [
      "No: with either wait, patch 8 without it and the common huge-page path are safe in every schedule, as " +
      "safe as with it.",
      safe([...waited("patch 8, no pgmap"), ...waited("no pgmap, head rechecked")]
        .filter((r) => r.table !== BULK)),
    ], [
      "The reference is not enough either: if nothing waits, a lookup can find the pgmap of the re-enabled " +
      "device before its memmap exists; variants that hold a pgmap reference, even to the end, then read absent " +
      "memmap.",
      ["per page", "patch 8", "patch 8, pgmap to the end"].every((row) =>
        has(where({ row, column: NOT_WAITED, table: PER_PAGE }), /^(oops: )?reads a struct page/)
      ),
    ], [
      "It does protect against a device that is removed for good while nothing waits: patch 8 is safe there " +
      "with the reference, but not without it.",
      safe(where({ row: "patch 8", column: NOT_WAITED, table: PER_PAGE, life: "goes down" })) &&
      unsafe(where({ row: "patch 8, no pgmap", column: NOT_WAITED, table: PER_PAGE, life: "goes down" })),
    ]),
  ];
}

/** Which page holds the count, how often it is incremented, and who waits for it. */
function countAnswers({ where, all, waited, readers }: Results): Answer[] {
  return [
    ...answersTo("Must the head be checked again after it is held (try_get_compound_head)?", [
      "Not for device-dax: its compound pages change only while the device is down, and with either wait " +
      "no walker is between the two reads then.",
      safe(waited("no pgmap, head not rechecked").filter((r) => r.table !== BULK)),
    ]),
    ...answersTo("May the page that an entry points to be used as the head? (001:4131, 4198)", [
      "Not while devices map base pages by large entries: it counts on a page that is not the head of those " +
      "it returns, in any setting.",
      all(
        where({ row: "the entry's page is the head", life: "comes back as base pages" }),
        (r) => r.hazards.has("counts on a stale head"),
      ),
    ]),
    ...answersTo("Does the sketch of 001:4201 count right?", [
      "With `npages > 2` as written it takes one reference too few for two pages; with `npages > 1` it is safe " +
      "with either wait.",
      has(waited("one, then the rest if npages > 2"), /not its own/) &&
      safe(waited("one, then the rest").filter((r) => r.table !== BULK)),
    ]),
    ...answersTo("Who waits for held pages when their device is removed?", [
      "memunmap_pages() up to 5.17, since the last put_page() of a page drops the pgmap's reference. Since 5.18 " +
      "it returns the references in bulk without checking pages: every variant then puts pages whose memmap is " +
      "freed, unless the driver waits until no page is in use, as this emulator's device-dax does (-EBUSY).",
      all(
        where({ table: BULK, life: "goes down" }).filter((r) => !r.row.includes("> 2")),
        (r) => has([r], /^(oops: )?puts/),
      ) &&
      safe(readers.filter((r) => r.table === IDLE_FIRST && r.column !== NOT_WAITED)),
    ]),
  ];
}
