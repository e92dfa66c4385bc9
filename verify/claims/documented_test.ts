// SPDX-License-Identifier: GPL-2.0-only
// Words and sides of a row meet by its id: what no fixture lists is refused, and what needs no sides comes by itself.

import { assert, assertEquals, assertThrows } from "@std/assert";
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
  assertEquals([time.model?.(), time.formula, time.expected], [7, undefined, "hardware-bound"]);
  assertEquals(byItsOwn("004-14", 2.5).own, 2.5);
});

Deno.test("withReadings() adds what needs no code, once and of its document", () => {
  const rows = withReadings("004", [claim("004-04")]).map(({ id }) => id);
  assertEquals(new Set(rows).size, rows.length);
  assert(rows.includes("004-25") && rows.every((id) => id.startsWith("004-")), rows.join());
});
