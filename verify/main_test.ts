// SPDX-License-Identifier: GPL-2.0-only
// The suites as a whole: a quick run passes, its claims are those of the fixtures, a wrong number fails, the command line.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import seed000 from "../fixtures/claims/000.json" with { type: "json" };
import seed001 from "../fixtures/claims/001.json" with { type: "json" };
import seed002 from "../fixtures/claims/002.json" with { type: "json" };
import { SUITES } from "./suites.ts";
import { scaleOf } from "./measure.ts";
import { main, run, table } from "./report.ts";

Deno.test("verify --quick finds every verdict as expected, and reaches each of them", () => {
  const report = run(SUITES, scaleOf(true));
  const bad = report.suites.flatMap((s) => s.rows).filter((r) => !r.ok);
  assertEquals(bad, []);
  assert(report.ok);
  const reached = ["confirmed", "rounding", "contradicted", "hardware-bound", "superseded", "equal"] as const;
  for (const verdict of reached) assert((report.verdicts[verdict] ?? 0) > 0, verdict);
});

Deno.test("every contradicted claim says why", () => {
  for (const { claims } of SUITES) {
    for (const claim of claims(scaleOf(true))) {
      if (claim.expected === "contradicted") assert((claim.note ?? "").length > 0, claim.id);
    }
  }
});

Deno.test("the judged claims are those of fixtures/claims", () => {
  const documented = [...seed000, ...seed001, ...seed002, ...seed003, ...seed004].map((c) => c.id);
  const judged = SUITES.flatMap((s) => s.claims(scaleOf(true))).map((c) => c.id.split("/")[0]);
  assertEquals([...new Set(judged.filter((id) => /^00\d-/.test(id)))].sort(), documented.sort());
});

Deno.test("run() fails on one number that is wrong", () => {
  const wrong = {
    name: "wrong",
    title: "wrong",
    claims: () => [{ id: "x", what: "x", unit: "", formula: 8, measure: () => 7, expected: "equal" as const }],
  };
  const report = run([wrong], scaleOf(true));
  assertEquals([report.ok, report.verdicts.disagreement], [false, 1]);
  assertStringIncludes(table(report.suites[0]), "disagreement, expected equal");
});

Deno.test("main() refuses unknown flags with exit 2 and one line", () => {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => lines.push(line);
  try {
    assertEquals(main([], ["--slow"]), 2);
  } finally {
    console.error = error;
  }
  assertEquals(lines.length, 1);
  assertStringIncludes(lines[0], '--slow": known are --quick, --json');
});
