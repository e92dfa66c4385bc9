// SPDX-License-Identifier: GPL-2.0-only
// The common shape of all explorations: a cell of a table (its name, a row, a column), the findings there, and queries
// on a list of them.

import type { Thread } from "./explore.ts";
import type { Stage } from "./stage.ts";
import { type Tally, tally } from "./tally.ts";

/** A cell of a table: its row is the reader, its column the change or the waiting side. */
export interface Cell {
  readonly table: string;
  readonly row: string;
  readonly column: string;
  /** The fate of the device, if the explorations of a cell differ in it. */
  readonly life?: string;
}

/** One exploration, and its cell. */
export interface Race extends Cell, Tally {
  /** Description of what was explored. */
  readonly where: string;
  /** Schedules in which CPU 0 got its pages; and in which gup briefly counted on a page that was not its own. */
  readonly held: number;
  readonly speculated: number;
}

/** An exploration before it is run, so that one can be run alone. */
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

/** A statement and whether the results support it. */
export interface Answer {
  readonly question: string;
  readonly statement: string;
  readonly holds: boolean;
}

/** The answers to a question: statements, and whether the results support them. */
export function answersTo(
  question: string,
  ...found: readonly (readonly [statement: string, holds: boolean])[]
): Answer[] {
  return found.map(([statement, holds]) => ({ question, statement, holds }));
}

/** Selects tables, rows, columns or lives. */
export type Place = Partial<{ table: string; row: string; column: RegExp | string; life: string }>;

/** The explorations at a place, run or not yet run. */
export function racesAt<C extends Cell>(cells: readonly C[], { table, row, column, life }: Place): C[] {
  return cells.filter((r) =>
    (table ?? r.table) === r.table && (row ?? r.row) === r.row && (life ?? r.life) === r.life &&
    (column instanceof RegExp ? column.test(r.column) : (column ?? r.column) === r.column)
  );
}

/** Nothing went wrong in any schedule. False if there are no races. */
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

/** Nothing of this kind went wrong. */
export function lacks(races: readonly Race[], pattern: RegExp): boolean {
  return races.length > 0 && !has(races, pattern);
}
