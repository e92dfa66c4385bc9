// SPDX-License-Identifier: GPL-2.0-only
// What a mutant makes of a claim's rows. A row with another figure shows that its measure stands on the path; a row
// whose measurement fails shows only that something on the path broke, which any panic does.

import { figure, type Judged } from "../claims/claim.ts";

/** What a worker says about one claim: its rows, or why there are none. */
export interface Answer {
  readonly rows: readonly Judged[];
  /** It went on for ever. */
  readonly timedOut: boolean;
  /** It could not be judged at all. */
  readonly failure: string | null;
}

/** What becomes of a claim whose measurement goes on for ever. */
export const ENDLESS = "does not end";

/** Rows that a mutant changed. */
export interface Change {
  /** Rows with another figure, and both: `1, now 3`. */
  readonly figures: readonly Row[];
  /** Rows, or the whole claim, without a figure, and why. */
  readonly fails: readonly Row[];
}

/** A row's id, and what became of it in words. */
export interface Row {
  readonly id: string;
  readonly now: string;
}

/** Rows as they are printed. */
export function saidOf(rows: readonly Row[]): string {
  return rows.map(({ id, now }) => `${id}: ${now}`).join("; ");
}

/** What changed against the rows without a mutant; null when nothing did. */
export function changeOf(id: string, before: readonly Judged[], { rows, timedOut, failure }: Answer): Change | null {
  if (timedOut) return { figures: [], fails: [{ id, now: ENDLESS }] };
  if (failure !== null) return { figures: [], fails: [{ id, now: failure }] };
  const now = new Map(rows.map((row) => [row.id, row]));
  const figures: Row[] = [];
  const fails: Row[] = [];
  for (const row of before) {
    const after = now.get(row.id);
    const other = after === undefined ? null : otherFigure(row, after);
    if (other !== null) figures.push({ id: row.id, now: other });
    else if (after === undefined) fails.push({ id: row.id, now: "no such row" });
    else if (!after.ok) fails.push({ id: row.id, now: after.note ?? after.verdict });
  }
  return figures.length + fails.length > 0 ? { figures, fails } : null;
}

/** Both figures of a row that is not as expected any more; null when it has none now, the same, or is as expected. */
function otherFigure({ unit, measured, model }: Judged, after: Judged): string | null {
  if (after.ok) return null;
  const both = (was: number, is: number) => `${figure(was, unit)}, now ${figure(is, unit)}`;
  if (measured !== null && after.measured !== null && after.measured !== measured) {
    return both(measured, after.measured);
  }
  if (model !== null && after.model !== null && after.model !== model) return `model ${both(model, after.model)}`;
  return null;
}
