// SPDX-License-Identifier: GPL-2.0-only
// What a mutant changes in a claim's rows. A different figure shows that the measure depends on the path. A failed
// measurement shows only that something on the path broke, which any panic does.

import { figure, type Judged } from "../claims/claim.ts";

/** A worker's result for one claim: its rows, or why there are none. */
export interface Answer {
  readonly rows: readonly Judged[];
  /** It did not end in time. */
  readonly timedOut: boolean;
  /** Why it could not be judged. */
  readonly failure: string | null;
}

/** Reported for a claim whose measurement does not end. */
export const ENDLESS = "does not end";

/** Rows that a mutant changed. */
export interface Change {
  /** Rows with another figure, and both figures: `1, now 3`. */
  readonly figures: readonly Row[];
  /** Rows without a figure, or the claim if there are none, and why. */
  readonly fails: readonly Row[];
}

/** A row's id, and what changed in words. */
export interface Row {
  readonly id: string;
  readonly now: string;
}

/** Rows as printed. */
export function saidOf(rows: readonly Row[]): string {
  return rows.map(({ id, now }) => `${id}: ${now}`).join("; ");
}

/** What differs from the rows without a mutant; null for nothing. */
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

/** Both figures of a row that is no longer as expected; null when it has none, the same one, or is as expected. */
function otherFigure({ unit, measured, model }: Judged, after: Judged): string | null {
  if (after.ok) return null;
  const both = (was: number, is: number) => `${figure(was, unit)}, now ${figure(is, unit)}`;
  if (measured !== null && after.measured !== null && after.measured !== measured) {
    return both(measured, after.measured);
  }
  if (model !== null && after.model !== null && after.model !== model) return `model ${both(model, after.model)}`;
  return null;
}
