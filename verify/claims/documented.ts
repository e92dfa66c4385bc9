// SPDX-License-Identifier: GPL-2.0-only
// From a row's words, which are data (fixtures/claims), and its two sides, which are code, to what is judged. What needs
// neither side is data alone.

import { type DocumentedRow, SHIPPED } from "./catalogue.ts";
import { type Claim, needsNoNumbers } from "./claim.ts";

const ROWS: ReadonlyMap<string, DocumentedRow> = new Map(
  SHIPPED.flatMap(({ claims }) => claims.flatMap(({ rows }) => rows)).map((row) => [row.id, row]),
);

/** The row of that id with what it is by formula and what is counted. RangeError when no fixture lists it. */
export function claim(id: string, formula?: number, measure?: () => number): Claim {
  const row = ROWS.get(id);
  if (row === undefined) throw new RangeError(`Cannot judge "${id}": expected a row of fixtures/claims`);
  const { what, unit, printed, expected, note } = row;
  if (expected === null) throw new RangeError(`Cannot judge "${id}": fixtures/claims expects no verdict of it`);
  const words = { id, what, unit, printed, expected, note };
  return formula === undefined || measure === undefined ? words : { ...words, formula, measure };
}

/** The same for a time: what the model gives beside. */
export function modelled(id: string, model: () => number): Claim {
  return { ...claim(id), model };
}

/** The same for a figure that the document's own figures make `own`. */
export function byItsOwn(id: string, own: number): Claim {
  return { ...claim(id), own };
}

/** These claims and behind them all others of the document that need no numbers: they were read, or are superseded. */
export function withReadings(document: string, claims: readonly Claim[]): Claim[] {
  const judged = new Set(claims.map(({ id }) => id));
  const rest = SHIPPED.filter((shipped) => shipped.document.id === document)
    .flatMap((shipped) => shipped.claims.flatMap(({ rows }) => rows))
    .filter(({ id, expected }) => expected !== null && needsNoNumbers(expected) && !judged.has(id));
  return [...claims, ...rest.map(({ id }) => claim(id))];
}
