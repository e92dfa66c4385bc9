// SPDX-License-Identifier: GPL-2.0-only
// From a row's words, which are data (fixtures/claims), and its two sides, which are code, to what is judged. What needs
// neither side is data alone.

import { type DocumentedClaim, type DocumentedRow, SHIPPED } from "./catalogue.ts";
import { bandAround } from "../series/band.ts";
import { type Claim, needsNoNumbers } from "./claim.ts";

/** A row's words and the claim that it is of. */
export interface Documented {
  readonly row: DocumentedRow;
  readonly claim: DocumentedClaim;
}

const ROWS: ReadonlyMap<string, Documented> = new Map(
  SHIPPED.flatMap(({ claims }) => claims)
    .flatMap((claim) => claim.rows.map((row): [string, Documented] => [row.id, { row, claim }])),
);

/** The words of a row. RangeError when no fixture lists it. */
export function documented(id: string): Documented {
  const found = ROWS.get(id);
  if (found === undefined) throw new RangeError(`Cannot judge "${id}": expected a row of fixtures/claims`);
  return found;
}

/** The row of that id with what it is by formula and what is counted. RangeError when no fixture lists it. */
export function claim(id: string, formula?: number, measure?: () => number): Claim {
  const { row } = documented(id);
  const { what, unit, printed, expected, note } = row;
  if (expected === null) throw new RangeError(`Cannot judge "${id}": fixtures/claims expects no verdict of it`);
  const words = { id, what, unit, printed, expected, note };
  return formula === undefined || measure === undefined ? words : { ...words, formula, measure };
}

/** The same for a time: what the model gives, which must lie in the band around the document's. */
export function modelled(id: string, model: () => number): Claim {
  const { printed, means } = documented(id).row;
  const time = means ?? printed;
  if (time === null) throw new RangeError(`Cannot judge "${id}": fixtures/claims prints no time of it`);
  return { ...claim(id), model, band: bandAround(time) };
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
