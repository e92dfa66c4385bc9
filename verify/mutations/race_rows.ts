// SPDX-License-Identifier: GPL-2.0-only
// Defects that need two CPUs: a wrong order of steps that only another CPU can observe. The sound run explores every
// schedule of the right order (verify/races), the defective one every schedule of the wrong order, each on its own
// machine. The first hazard found is what notices.

import { PRESETS } from "../../src/include/kernel_config.ts";
import { panic } from "../../src/lib/bug.ts";
import { gupTable, ORDER_TABLE, raceCases, READER_TABLE, WALKER_TABLE } from "../races/matrix.ts";
import { racesAt } from "../races/race.ts";
import { ORDERS, RAM_VARIANTS, READERS, WALKERS } from "../races/variants.ts";
import type { MutationRow } from "./row.ts";

/** A cell of the race tables, with its right row and its wrong one. */
interface RaceCell {
  readonly table: string;
  readonly column: string;
  readonly right: string;
  readonly wrong: string;
}

function race(
  name: string,
  bug: string,
  what: string,
  cell: RaceCell,
  invariant: string,
  notices: RegExp,
): MutationRow {
  return {
    name,
    bug,
    what,
    machine: { arch: "toy", dram: [2 ** 18], kernel: PRESETS["6.1"] },
    live: () => explored(cell, cell.right),
    mutant: () => explored(cell, cell.wrong),
    invariant,
    notices,
  };
}

/** Runs every schedule of a cell in one row; panics at the first hazard. */
function explored({ table, column }: RaceCell, row: string): void {
  const cases = racesAt(raceCases(), { table, row, column });
  if (cases.length === 0) throw new RangeError(`Cannot explore ${table}, ${row}, ${column}: there is no such cell`);
  for (const { run } of cases) for (const hazard of run(false).hazards.keys()) panic(`explored: ${hazard}`);
}

const OPTIMISED = { table: WALKER_TABLE, column: "keep 1, optimised", right: WALKERS[5].name };
const STORES = { table: ORDER_TABLE, right: ORDERS[0].name };

export const RACE_ROWS: readonly MutationRow[] = [
  race(
    "entryBeforeContent",
    "B15",
    "a restored vmemmap page is mapped before its content is written",
    { ...STORES, column: "restored", wrong: ORDERS[2].name },
    "I11",
    /I11 reads a struct page without content/,
  ),
  race(
    "walkersNotWaitedFor",
    "B16",
    "get_page_unless_zero() on a frame whose struct page becomes a read-only tail",
    { ...OPTIMISED, wrong: WALKERS[0].name },
    "I9",
    /store to the read-only struct page/,
  ),
  race(
    "fakeHeadTestBeforeCount",
    "B18",
    "get_page_unless_zero() looks for a fake head, then reads the count",
    { ...OPTIMISED, wrong: WALKERS[4].name },
    "I9",
    /store to the read-only struct page/,
  ),
  race(
    "flagsBeforePage",
    "",
    "compound_head() loads a page's flags before its compound_head",
    { table: READER_TABLE, column: "optimised", right: READERS[0].name, wrong: READERS[2].name },
    "I7",
    /I7 takes a tail/,
  ),
  race(
    "framesFreedBeforeFlush",
    "",
    "frames of shared vmemmap are freed before the TLB flush",
    { ...STORES, column: "optimised", wrong: ORDERS[3].name },
    "I10",
    /reads freed memmap through a stale translation/,
  ),
  race(
    "headNotRechecked",
    "up to 5.13",
    "gup-fast does not recheck the head after taking the reference; the page is split while mapped",
    { table: gupTable("none"), column: "split", right: RAM_VARIANTS[0].name, wrong: RAM_VARIANTS[1].name },
    "I20",
    /I20 returns a page without a reference/,
  ),
];
