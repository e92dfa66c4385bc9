// SPDX-License-Identifier: GPL-2.0-only
// Text and code of a row are joined by id: unknown ids are refused, and rows that need no code are added.

import { scaleOf } from "../measure/measure.ts";
import { judge } from "./claim.ts";
import { DOCUMENT_SUITES } from "./suites.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { bandAround } from "../series/band.ts";
import { byItsOwn, claim, documented, modelled, withReadings } from "./documented.ts";

Deno.test("claim() takes its words from fixtures/claims", () => {
  const { what, printed, expected, formula, measure } = claim("000-03", 63, () => 63);
  assertEquals([printed, expected, formula, measure?.()], ["63", "confirmed", 63, 63]);
  assertEquals(documented("000-03").row.what, what);
  assertEquals(documented("000-17/init").claim.id, "000-17");
});

Deno.test("claim() refuses a row that no fixture lists", () => {
  assertThrows(() => claim("000-03/none", 1, () => 1), RangeError, 'Cannot judge "000-03/none"');
});

Deno.test("modelled() and byItsOwn() stand for formula and count", () => {
  const time = modelled("000-18", () => 7);
  assertEquals([time.model?.(), time.formula, time.expected], [7, undefined, "inside band"]);
  assertEquals(time.band, bandAround("268-358"));
  assertEquals(modelled("001-124", () => 7).band, bandAround(">1"));
  assertEquals(byItsOwn("004-14", 2.5).own, 2.5);
});

Deno.test("modelled() refuses a row that prints no time", () => {
  assertThrows(() => modelled("000-23", () => 7), RangeError, 'Cannot judge "000-23": fixtures/claims prints no time');
});

Deno.test("every modelled time of the documents is off when the model doubles, halves, or is off by a hundred", () => {
  const rows = DOCUMENT_SUITES.flatMap(({ claims }) => claims(scaleOf(true))).filter(({ model }) =>
    model !== undefined
  );
  assert(rows.length > 20, `${rows.length} rows`);
  for (const row of rows) {
    const [low, high] = row.band!;
    const middle = Math.sqrt(Math.max(low, 1e-3) * (high ?? 1e3));
    assertEquals(judge({ ...row, model: () => middle }).ok, row.expected === "inside band", row.id);
    const outside = [low / 2, high === null ? NaN : high * 2].filter((value) => value > 0);
    assert(outside.length > 0, row.id);
    for (const value of outside) assertEquals(judge({ ...row, model: () => value }).verdict, "outside band", row.id);
  }
});

Deno.test("withReadings() adds the document's claims without code, once", () => {
  const rows = withReadings("004", [claim("004-04")]).map(({ id }) => id);
  assertEquals(new Set(rows).size, rows.length);
  assert(rows.includes("004-25") && rows.every((id) => id.startsWith("004-")), rows.join());
});
