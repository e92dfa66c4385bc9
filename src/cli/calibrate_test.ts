// SPDX-License-Identifier: GPL-2.0-only
// Measured times that are damaged are refused in one line, before anything is measured here.

import { assertEquals, assertMatch } from "@std/assert";
import { CALIBRATE_CASES } from "./calibrate_cases.ts";
import { best } from "./calibrate.ts";
import { lab } from "./lab_testing.ts";

const benches = (min: unknown) => CALIBRATE_CASES.map(({ name }) => ({ name, results: [{ ok: { min } }] }));

/** Contents of a file, and what the line says of it. */
const DAMAGED: readonly (readonly [string, RegExp])[] = [
  ["", /cannot read/],
  ['{"benches": [', /cannot read/],
  ["null", /is not output of "deno bench --json"/],
  ['{"benches": 5}', /is not output of "deno bench --json"/],
  ['{"benches": {"a": 1}}', /is not output of "deno bench --json"/],
  ['{"benches": [null]}', /is not output of "deno bench --json"/],
  ['{"benches": [{"name": "x"}]}', /is not output of "deno bench --json"/],
  ["[]", /is not output of "deno bench --json"/],
  [JSON.stringify({ benches: [] }), /no result named "get 8G before"/],
  [JSON.stringify({ benches: benches(0) }), /expected nanoseconds above 0, got 0/],
  [JSON.stringify({ benches: benches(-5) }), /expected nanoseconds above 0, got -5/],
  [JSON.stringify({ benches: benches("5") }), /expected nanoseconds above 0, got "5"/],
];

Deno.test("lab calibrate --bench refuses damaged files in one line", async () => {
  const file = await Deno.makeTempFile();
  for (const [text, message] of DAMAGED) {
    await Deno.writeTextFile(file, text);
    const { code, out, err } = await lab("calibrate", "--bench", file);
    assertEquals([code, out], [2, ""], text);
    assertMatch(err, /^lab: --bench: [^\n]+\n$/);
    assertMatch(err, message);
  }
  await Deno.remove(file);
});

Deno.test("best() is the least of the times; the spread is the median over it", () => {
  assertEquals(best([4, 2, 10, 3, 8]), { ms: 2, spread: 2 });
  assertEquals(best([5]), { ms: 5, spread: 1 });
  assertEquals(best([11, 9]), { ms: 9, spread: 11 / 9 });
});
