// SPDX-License-Identifier: GPL-2.0-only

import { assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../src/cli/command.ts";
import { asBenchRun, emptyRun, incomparable, merge, parseBenchJson } from "./bench_json.ts";

const PRINTED = `a line a bench printed
{
  "version": 1,
  "runtime": "Deno/2.9.6 x86_64-unknown-linux-gnu",
  "cpu": "a CPU",
  "benches": [
    { "origin": "x", "group": "g", "name": "fast", "baseline": true, "results": [{ "ok": { "n": 3, "avg": 20.5 } }] },
    { "origin": "x", "group": null, "name": "alone", "baseline": false, "results": [{ "ok": { "n": 3, "avg": 7 } }] }
  ]
}
`;

Deno.test("merge() appends a round under group and name", () => {
  const once = merge(emptyRun("abc"), parseBenchJson(PRINTED));
  const twice = merge(once, parseBenchJson(PRINTED));
  assertEquals(twice.benches, { "g | fast": [20.5, 20.5], "alone": [7, 7] });
  assertEquals(twice.cpu, "a CPU");
  assertEquals(once.benches["alone"], [7]);
});

Deno.test("merge() and parseBenchJson() refuse benches that failed: exit 2, not 1, which says slower", () => {
  const json = parseBenchJson(PRINTED);
  const failed = { ...json, benches: [{ ...json.benches[0], results: [{ failed: {} }] }] };
  assertThrows(() => merge(emptyRun("abc"), failed), CommandError, 'benchmark "fast" failed');
  assertThrows(() => parseBenchJson("nothing"), CommandError, "deno bench printed no JSON document");
});

Deno.test("asBenchRun() takes what was saved and names what is damaged", () => {
  const run = merge(emptyRun("abc"), parseBenchJson(PRINTED));
  assertEquals(asBenchRun(JSON.parse(JSON.stringify(run)), "f"), run);
  assertThrows(() => asBenchRun({ ...run, schema: 0 }, "f"), RangeError, "Cannot use f: schema 0, expected 1");
  assertThrows(() => asBenchRun({ ...run, cpu: undefined }, "f"), RangeError, "cpu is missing");
  assertThrows(() => asBenchRun({ ...run, benches: { x: [] } }, "f"), RangeError, 'benches["x"]');
  assertThrows(() => asBenchRun(null, "f"), RangeError, "expected an object");
});

Deno.test("incomparable() refuses another CPU, runtime or geometry", () => {
  const run = merge(emptyRun("abc"), parseBenchJson(PRINTED));
  assertEquals(incomparable(run, { ...run, revision: "other" }), null);
  assertEquals(incomparable(run, { ...run, cpu: "b" }), 'cpu "a CPU" against "b"');
  assertEquals(incomparable(run, { ...run, geometry: "toy" }), 'geometry "x86-64" against "toy"');
});
