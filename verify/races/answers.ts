// SPDX-License-Identifier: GPL-2.0-only
// What the thread of document 001 argued about, as statements over explored races: each is true or false of the
// results, and the text is printed with the verdict found. "Safe" is: no schedule of any life of the device in which
// anything went wrong.

import type { DaxRace } from "./matrix.ts";
import { has, safe, unsafe } from "./race.ts";

/** A statement and whether the results bear it out. */
export interface Answer {
  readonly question: string;
  readonly statement: string;
  readonly holds: boolean;
}

type Filter = Partial<{ variant: string; waits: string; memunmap: string; life: string }>;

/** Questions put to the results. */
class Results {
  constructor(readonly races: readonly DaxRace[]) {}

  readonly where = (f: Filter) =>
    this.races.filter((r) =>
      (f.variant ?? r.variant.name) === r.variant.name && (f.waits ?? r.waits) === r.waits &&
      (f.memunmap ?? r.memunmap) === r.memunmap && (f.life ?? r.life) === r.life
    );
  readonly waited = (f: Filter) => [...this.where({ ...f, waits: "ipi" }), ...this.where({ ...f, waits: "rcu" })];
  readonly all = (list: readonly DaxRace[], what: (r: DaxRace) => boolean) => list.length > 0 && list.every(what);

  get readers(): DaxRace[] {
    return this.races.filter((r) => r.variant.head === "compound_head" && !r.variant.name.includes("> 2"));
  }
}

/** The answers the results give. */
export function answers(races: readonly DaxRace[]): Answer[] {
  const results = new Results(races);
  return [...headAnswers(results), ...pgmapAnswers(results), ...countAnswers(results)];
}

/** Reading the head without a reference. */
function headAnswers({ where, readers }: Results): Answer[] {
  return [
    {
      question: "May compound_head() be read before a reference is held? (001:4075)",
      statement:
        "Yes, while the unmapping side waits for CPUs with interrupts off, by interrupt or by grace period: every " +
        "variant that reads it first is safe in every schedule.",
      holds: safe(readers.filter((r) => r.waits !== "none" && r.memunmap !== "bulk")),
    },
    {
      question: "May compound_head() be read before a reference is held? (001:4075)",
      statement:
        "Not reading it does not help where nothing waits: counting on the page the entry points to, no struct " +
        "page read, counts on memmap that is gone.",
      holds: has(where({ variant: "the entry's page is the head", waits: "none" }), /^counts on freed memmap/),
    },
  ];
}

/** What the reference on the pgmap is for. */
function pgmapAnswers({ where, waited }: Results): Answer[] {
  return [
    {
      question: "Is the pgmap reference needed? (001:3477, 3724, 4187)",
      statement:
        "No: with either wait, patch 8 without it and the common huge-page path are safe in every schedule, as " +
        "safe as with it.",
      holds: safe([...waited({ variant: "patch 8, no pgmap" }), ...waited({ variant: "no pgmap, head rechecked" })]
        .filter((r) => r.memunmap !== "bulk")),
    },
    {
      question: "Is the pgmap reference needed? (001:3477, 3724, 4187)",
      statement:
        "The reference is not enough either: where nothing waits, a lookup can find the pgmap of the re-enabled " +
        "device before its memmap exists; variants that hold a pgmap reference, even to the end, then read " +
        "absent memmap.",
      holds: ["per page", "patch 8", "patch 8, pgmap to the end"].every((variant) =>
        has(where({ variant, waits: "none", memunmap: "per-page" }), /^(oops: )?reads a struct page/)
      ),
    },
    {
      question: "Is the pgmap reference needed? (001:3477, 3724, 4187)",
      statement:
        "It does protect against a device that goes down for good while nothing waits: patch 8 is safe there with " +
        "the reference, and not without it.",
      holds: safe(where({ variant: "patch 8", waits: "none", memunmap: "per-page", life: "goes down" })) &&
        unsafe(where({ variant: "patch 8, no pgmap", waits: "none", memunmap: "per-page", life: "goes down" })),
    },
  ];
}

/** Which page is counted on, how often, and who waits for it. */
function countAnswers({ races, all, waited, readers }: Results): Answer[] {
  return [
    {
      question: "Must the head be looked at again after it is held (try_get_compound_head)?",
      statement: "Not for device-dax: its compound pages change only while the device is down, and with either wait " +
        "no walker is between the two reads then.",
      holds: safe(waited({ variant: "no pgmap, head not rechecked" }).filter((r) => r.memunmap !== "bulk")),
    },
    {
      question: "May the page an entry points to be taken for the head? (001:4131, 4198)",
      statement:
        "Not while devices map base pages by large entries: it counts on a page that is not the head of those " +
        "it returns, in any setting.",
      holds: all(
        races.filter((r) => r.variant.head === "entry" && r.life === "comes back as base pages"),
        (r) => r.hazards.has("counts on a stale head"),
      ),
    },
    {
      question: "Does the sketch of 001:4201 count right?",
      statement:
        "With `npages > 2` as written it takes one reference too few for two pages; with `npages > 1` it is safe " +
        "with either wait.",
      holds: has(waited({ variant: "one, then the rest if npages > 2" }), /not its own/) &&
        safe(waited({ variant: "one, then the rest" }).filter((r) => r.memunmap !== "bulk")),
    },
    {
      question: "Who waits for pages that are held when their device goes?",
      statement:
        "memunmap_pages() up to 5.17, since the last put_page() of a page drops the pgmap's reference. Since " +
        "5.18 it returns the references in bulk and looks at no page: every variant then puts pages whose memmap is " +
        "gone, unless the driver waits until no page is in use, as this emulator's device-dax does (-EBUSY).",
      holds: all(
        races.filter((r) => r.memunmap === "bulk" && !r.variant.name.includes("> 2") && r.life === "goes down"),
        (r) => has([r], /^(oops: )?puts/),
      ) &&
        safe(readers.filter((r) => r.memunmap === "bulk, idle first" && r.waits !== "none")),
    },
  ];
}
