// SPDX-License-Identifier: GPL-2.0-only
// Reading sketches: what is declared is not complained of, what is not is.

import { assertEquals } from "@std/assert";
import { addressesOfAddresses, callsOf, partsOfLoop, undeclared } from "./sketches.ts";

const SKETCH = [
  "struct state {",
  "\tint n;",
  "};",
  "static int next(struct state *state, int step)",
  "{",
  "\tint old;",
  "\told = state->n;",
  "\tstate->n += step + STEP;",
  "\treturn min(old, state->n);",
  "}",
];

Deno.test("undeclared() finds nothing in what declares everything", () => assertEquals(undeclared(SKETCH), []));

Deno.test("undeclared() names a structure without its keyword and a variable that is no parameter", () => {
  const broken = SKETCH.map((line) => line.replace("struct state {", "state {").replace(", int step", ""));
  assertEquals(undeclared(broken), ["struct state", "step"]);
});

Deno.test("addressesOfAddresses() expands the macro", () => {
  const use = (argument: string) => ["#define each(s) \\", "\twalk(&s)", "", `\teach(${argument});`];
  assertEquals([addressesOfAddresses(use("&state")), addressesOfAddresses(use("state"))], [1, 0]);
});

Deno.test("callsOf() and partsOfLoop() count", () => {
  assertEquals([callsOf("next", SKETCH), callsOf("next", ["\tnext(s);"])], [0, 1]);
  assertEquals([partsOfLoop(["for (i = 0; i != n) {"]), partsOfLoop(["for (i = 0; i != n; i++) {"])], [2, 3]);
});
