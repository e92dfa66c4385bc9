// SPDX-License-Identifier: GPL-2.0-only

import { assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../src/cli/command.ts";
import { averages, parseBenchJson } from "./bench_json.ts";

const PRINTED = `a line a bench printed
{
  "version": 1,
  "benches": [
    { "origin": "x", "group": "g", "name": "fast", "baseline": true, "results": [{ "ok": { "n": 3, "avg": 20.5 } }] },
    { "origin": "x", "group": null, "name": "alone", "baseline": false, "results": [{ "ok": { "n": 3, "avg": 7 } }] }
  ]
}
`;

Deno.test("averages() are by group and name", () => {
  assertEquals(averages(parseBenchJson(PRINTED)), { "g | fast": [20.5], "alone": [7] });
});

Deno.test("averages() and parseBenchJson() refuse benches that failed", () => {
  const json = parseBenchJson(PRINTED);
  const failed = { ...json, benches: [{ ...json.benches[0], results: [{ failed: {} }] }] };
  assertThrows(() => averages(failed), CommandError, 'benchmark "fast" failed');
  assertThrows(() => parseBenchJson("nothing"), CommandError, "deno bench printed no JSON document");
});
