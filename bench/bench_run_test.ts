// SPDX-License-Identifier: GPL-2.0-only

import { assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../src/cli/command.ts";
import { asBenchRun, benchRun, incomparable } from "./bench_run.ts";

const RUN = benchRun("abc", { fast: [1, 2] });

Deno.test("asBenchRun() takes what was saved and names what is damaged", () => {
  assertEquals(asBenchRun(JSON.parse(JSON.stringify(RUN)), "f"), RUN);
  assertThrows(() => asBenchRun({ ...RUN, schema: 0 }, "f"), CommandError, "cannot use f: schema 0, expected 2");
  assertThrows(() => asBenchRun({ ...RUN, cpu: undefined }, "f"), CommandError, "cpu is missing");
  assertThrows(() => asBenchRun({ ...RUN, benches: { x: [] } }, "f"), CommandError, 'benches["x"]');
  assertThrows(() => asBenchRun(null, "f"), CommandError, "expected an object");
});

Deno.test("incomparable() refuses another CPU or runtime", () => {
  assertEquals(incomparable({ ...RUN, revision: "other" }), null);
  assertEquals(incomparable({ ...RUN, cpu: "b" }), `cpu "b" against "${RUN.cpu}"`);
  assertEquals(incomparable({ ...RUN, runtime: "Deno 1" }), `runtime "Deno 1" against "${RUN.runtime}"`);
});
