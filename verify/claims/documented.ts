// SPDX-License-Identifier: GPL-2.0-only
// Joins a row's text, which is data (fixtures/claims), with its formula and measurement, which are code. Rows that need
// neither are data alone.

import { type DocumentedClaim, type DocumentedRow, SHIPPED } from "./catalogue.ts";
import { bandAround } from "../series/band.ts";
import { type Claim, needsNoNumbers } from "./claim.ts";

export interface Documented {
  readonly row: DocumentedRow;
  readonly claim: DocumentedClaim;
}

const ROWS: ReadonlyMap<string, Documented> = new Map(
  SHIPPED.flatMap(({ claims }) => claims)
    .flatMap((claim) => claim.rows.map((row): [string, Documented] => [row.id, { row, claim }])),
);

/** The text of a row. RangeError if no fixture lists it. */
export function documented(id: string): Documented {
  const found = ROWS.get(id);
  if (found === undefined) throw new RangeError(`Cannot judge "${id}": expected a row of fixtures/claims`);
  return found;
}

/** A row with its formula's value and its measurement. RangeError if no fixture lists it. */
export function claim(id: string, formula?: number, measure?: () => number): Claim {
  const { row } = documented(id);
  const { what, unit, printed, expected, note } = row;
  if (expected === null) throw new RangeError(`Cannot judge "${id}": fixtures/claims expects no verdict of it`);
  const words = { id, what, unit, printed, expected, note };
  return formula === undefined || measure === undefined ? words : { ...words, formula, measure };
}

/** A row for a time; the modelled value must be in the band around the documented one. */
export function modelled(id: string, model: () => number): Claim {
  const { printed, means } = documented(id).row;
  const time = means ?? printed;
  if (time === null) throw new RangeError(`Cannot judge "${id}": fixtures/claims prints no time of it`);
  return { ...claim(id), model, band: bandAround(time) };
}

/** A row for a figure that the document's other figures imply. */
export function byItsOwn(id: string, own: number): Claim {
  return { ...claim(id), own };
}

/** These claims, followed by the document's other claims that need no numbers: judged by reading, or superseded. */
export function withReadings(document: string, claims: readonly Claim[]): Claim[] {
  const judged = new Set(claims.map(({ id }) => id));
  const rest = SHIPPED.filter((shipped) => shipped.document.id === document)
    .flatMap((shipped) => shipped.claims.flatMap(({ rows }) => rows))
    .filter(({ id, expected }) => expected !== null && needsNoNumbers(expected) && !judged.has(id));
  return [...claims, ...rest.map(({ id }) => claim(id))];
}
