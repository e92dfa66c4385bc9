// SPDX-License-Identifier: GPL-2.0-only
// Links and options as text.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bytes, type Field, whole, withDefaults, withoutDefaults } from "./fields.ts";
import { formatHash, parseHash } from "./state.ts";

const VIEWS = ["map", "steps"];

Deno.test("a place survives its hash, for all options", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VIEWS),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: "grapheme" })),
      (view, options) => {
        const place = { view, options: { ...options } };
        assertEquals(parseHash(formatHash(place), VIEWS), place);
      },
    ),
  );
  assertEquals(parseHash("", VIEWS), { view: "map", options: {} });
  assertEquals(parseHash("#", VIEWS), { view: "map", options: {} });
});

Deno.test("an invalid hash is explained in one line", () => {
  for (const [hash, why] of [["#9/map", 'version "9"'], ["#1/nowhere", "map, steps"], ["#x", "cannot be read"]]) {
    const said = parseHash(hash, VIEWS);
    assert(typeof said === "string" && !said.includes("\n"), hash);
    assertStringIncludes(said, why);
  }
});

const FIELDS: readonly Field[] = [
  { name: "size", label: "", kind: "size", fallback: "1G" },
  { name: "map", label: "", kind: "choice", fallback: "mem", choices: ["mem", "dev"] },
  { name: "off", label: "", kind: "switch", fallback: "on" },
];

Deno.test("options have defaults, which a link leaves out; unknown ones are refused by name", () => {
  const values = withDefaults(FIELDS, { map: "dev" });
  assertEquals(values, { size: "1G", map: "dev", off: "on" });
  assertEquals(withoutDefaults(FIELDS, values), { map: "dev" });
  for (
    const [given, why] of [[{ red: "1" }, '"red"'], [{ map: "x" }, "mem, dev"], [{ off: "1" }, "on, off"]] as const
  ) {
    assertThrows(() => withDefaults(FIELDS, given), RangeError, why);
  }
  assertThrows(() => bytes({ size: "much" }, "size"), RangeError, 'size: Cannot read size "much"');
  assertThrows(() => whole({ n: "1e3" }, "n"), RangeError, 'n: expected a whole number, got "1e3"');
});
