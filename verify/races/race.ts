// SPDX-License-Identifier: GPL-2.0-only
// The one shape of every exploration: a cell of a table (its name, a row, a column), what was found there, and what can
// be asked of a list of them.

import type { Thread } from "./explore.ts";
import type { Stage } from "./stage.ts";
import { type Tally, tally } from "./tally.ts";

/** A cell of a table: who looks is its row, what changes or who waits its column. */
export interface Cell {
  readonly table: string;
  readonly row: string;
  readonly column: string;
  /** What becomes of the device, where the explorations of a cell differ in that. */
  readonly life?: string;
}

/** One exploration, and the cell that it is part of. */
export interface Race extends Cell, Tally {
  /** What was explored, in words. */
  readonly where: string;
  /** Schedules in which CPU 0 got what it wanted; and in which gup counted on what was not its page, for a moment. */
  readonly held: number;
  readonly speculated: number;
}

/** What is explored, before it is: so that one exploration can be had alone. */
export interface RaceCase extends Cell {
  readonly run: (full?: boolean) => Race;
}

/** A world whose CPU 0 wants pages. */
export interface Contested extends Stage {
  readonly held: number;
  readonly speculated?: boolean;
}

/** The case of a cell; every schedule starts on a fresh world. */
export function raceCase<W extends Contested>(
  cell: Cell,
  fresh: () => W,
  threads: (w: W) => Thread[],
  where: string = `${cell.table}, ${cell.row}, ${cell.column}`,
): RaceCase {
  const run = (full = false) => {
    let [held, speculated] = [0, 0];
    const found = tally(fresh, threads, full, (w) => {
      if (w.held > 0) held++;
      if (w.speculated === true) speculated++;
    });
    return { ...cell, where, held, speculated, ...found };
  };
  return { ...cell, run };
}

/** A statement and whether the results bear it out. */
export interface Answer {
  readonly question: string;
  readonly statement: string;
  readonly holds: boolean;
}

/** Which tables, rows, columns or lives. */
export type Place = Partial<{ table: string; row: string; column: RegExp | string; life: string }>;

/** The explorations at a place, made or to be made. */
export function racesAt<C extends Cell>(cells: readonly C[], { table, row, column, life }: Place): C[] {
  return cells.filter((r) =>
    (table ?? r.table) === r.table && (row ?? r.row) === r.row && (life ?? r.life) === r.life &&
    (column instanceof RegExp ? column.test(r.column) : (column ?? r.column) === r.column)
  );
}

/** Nothing went wrong in any schedule. Nothing holds of no races. */
export function safe(races: readonly Race[]): boolean {
  return races.length > 0 && races.every((r) => r.hazards.size === 0);
}

/** Something went wrong. */
export function unsafe(races: readonly Race[]): boolean {
  return races.length > 0 && !safe(races);
}

/** Something of this kind went wrong. */
export function has(races: readonly Race[], pattern: RegExp): boolean {
  return races.some((r) => [...r.hazards.keys()].some((h) => pattern.test(h)));
}

/** Nothing of this kind did. */
export function lacks(races: readonly Race[], pattern: RegExp): boolean {
  return races.length > 0 && !has(races, pattern);
}
