// SPDX-License-Identifier: GPL-2.0-only

import { assertEquals, assertStringIncludes } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import { type BenchRun, emptyRun } from "./bench_json.ts";
import { bencherMetricFormat, compareRuns, comparisonTable, main, unpaired } from "./compare.ts";

const run = (revision: string, benches: Record<string, number[]>): BenchRun => ({ ...emptyRun(revision), benches });

Deno.test("compareRuns() calls a regression what is slower beyond noise and 5 %", () => {
  const before = run("a", {
    same: [10, 11, 10],
    slow: [10, 11, 10],
    slightly: [100, 100, 100],
    noisy: [10, 10, 10],
    gone: [1],
  });
  const after = run("b", { same: [10, 11, 10], slow: [12, 13.2, 12], slightly: [103, 103, 103], noisy: [5, 20, 12] });
  const rows = compareRuns(before, after);
  assertEquals(rows.map((r) => [r.name, r.regression]), [
    ["same", false],
    ["slow", true],
    ["slightly", false],
    ["noisy", false],
  ]);
});

Deno.test("main() refuses to compare what one round cannot tell, with exit 2 and before it runs anything", async () => {
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, JSON.stringify({ ...run("a", { x: [10] }), cpu: "c", runtime: "r" }));
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => lines.push(line);
  try {
    assertEquals([await main(["--rounds", "1"]), await main(["--against", file])], [2, 2]);
  } finally {
    console.error = error;
    Deno.removeSync(file);
  }
  assertEquals(lines, [
    "bench:compare: --rounds: 1 round: comparing takes at least 2",
    `bench:compare: ${file}: 1 round: comparing takes at least 2`,
  ]);
});

Deno.test("unpaired() names what only one of the runs has", () => {
  const before = run("a", { same: [1], gone: [1] });
  assertEquals(unpaired(before, run("b", { same: [1], more: [1] })), ["gone (only in a)", "more (only in b)"]);
  assertEquals(unpaired(before, before), []);
});

Deno.test("comparisonTable() shows ratio, interval and verdict per benchmark", () => {
  const before = run("a", { slow: [10, 10], fast: [10, 10] });
  const after = run("b", { slow: [20, 20], fast: [5, 5] });
  const lines = stripAnsiCode(comparisonTable(before, after, compareRuns(before, after))).split("\n");
  assertStringIncludes(lines[2], "2.000  2.000 .. 2.000      slower");
  assertStringIncludes(lines[3], "0.500  0.500 .. 0.500      faster");
});

Deno.test("bencherMetricFormat() gives value and range in nanoseconds", () => {
  assertEquals(bencherMetricFormat(run("a", { x: [10, 20] })), {
    x: { latency: { value: 15, lower_value: 10, upper_value: 20 } },
  });
});
