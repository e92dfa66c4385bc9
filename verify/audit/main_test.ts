// SPDX-License-Identifier: GPL-2.0-only
// The suites together: a quick run passes, gives every claim its verdict, and matches AUDIT.md; the page that it
// prints; what happens when something breaks.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertAsSchema } from "../../src/cli/schema_testing.ts";
import { stripAnsiCode } from "@std/fmt/colors";
import { VERDICTS } from "../../results/types.ts";
import { runTask } from "../../src/cli/run.ts";
import { readDocuments } from "../claims/catalogue_file.ts";
import { type Claim, judgeSuite, type Suite } from "../claims/claim.ts";
import { LINUX } from "../linux/linux.ts";
import { scaleOf } from "../measure/measure.ts";
import { AUDIT_MD, auditMarkdown } from "./audit_md.ts";
import { summaryPage } from "./page.ts";
import { judgeParallel, reportOf } from "./run.ts";
import { SUITE_GROUPS, SUITES } from "./suites.ts";
import { table } from "./table.ts";
import { judgeDropped, verifyCommand } from "./verify.ts";

/** Rows captured from Linux are compared one by one in linux/compare_test.ts. */
const JUDGED = SUITES.filter((suite) => suite !== LINUX);

Deno.test("verify --quick finds every verdict as expected, and AUDIT.md has them", async (t) => {
  const documents = readDocuments();
  const catalogue = documents.flatMap(({ claims }) => claims);
  const done: string[] = [];
  const suites = await judgeParallel(JUDGED, true, ({ name }) => done.push(name));
  const report = reportOf([...suites, ...await judgeDropped(documents)], catalogue, true);
  await t.step("its JSON matches the schema", () => assertAsSchema("verify", report));
  await t.step("every verdict is the expected one", () => {
    assertEquals(suites.flatMap((s) => s.rows).filter((r) => !r.ok), []);
    assert(report.ok);
  });
  await t.step("workers give every suite, in the order of the suites", () => {
    assertEquals(suites.map((s) => s.name), JUDGED.map((s) => s.name));
    assertEquals(done.toSorted(), JUDGED.map((s) => s.name).toSorted());
  });
  await t.step("every verdict is reached, and every claim has one", () => {
    for (const verdict of ["equal", ...VERDICTS.filter((verdict) => verdict !== "disagreement")] as const) {
      assert((report.verdicts[verdict] ?? 0) > 0, verdict);
    }
    assertEquals(report.claims.map((c) => c.id), catalogue.map((c) => c.id));
  });
  await t.step("the page has at most 60 lines of 80 columns", () => {
    const lines = stripAnsiCode(summaryPage(report, 1000)).split("\n");
    assert(lines.length <= 60, `${lines.length} lines`);
    assertEquals(lines.filter((line) => line.length > 80), []);
    assertStringIncludes(lines[0], `${catalogue.length} claims of ${documents.length} documents`);
  });
  await t.step("AUDIT.md is up to date (deno task audit)", () => {
    assertEquals(Deno.readTextFileSync(AUDIT_MD), auditMarkdown(report.claims));
  });
});

Deno.test("SUITE_GROUPS has every suite once", () => {
  assertEquals(SUITE_GROUPS.flat().map((s) => s.name).toSorted(), SUITES.map((s) => s.name).toSorted());
});

Deno.test("every contradicted claim has a reason", () => {
  for (const { claims } of SUITES) {
    for (const claim of claims(scaleOf(true))) {
      if (claim.expected === "contradicted") assert((claim.note ?? "").length > 0, claim.id);
    }
  }
});

const CLAIM: Claim = { id: "x", what: "a number", unit: "", formula: 8, measure: () => 8, expected: "equal" };

function suite(name: string, ...claims: Claim[]): Suite {
  return { name, title: name, claims: () => claims };
}

function broken(message: string): never {
  throw new Error(`${message}\nwith a second line`);
}

Deno.test("any failure becomes a failed row with its message, and the rest is judged", () => {
  const measure = { ...CLAIM, id: "measure", measure: () => broken("panic: I6") };
  const model = { ...CLAIM, id: "model", expected: "inside band", model: () => broken("no cost") } as const;
  const { formula: _, measure: __, ...time } = model;
  const dead: Suite = { name: "dead", title: "dead", claims: () => broken("no machine") };
  const suites = [suite("a", measure, time, CLAIM), dead, suite("b", CLAIM)].map((s) => judgeSuite(s, scaleOf(true)));
  assertEquals(suites.map(({ rows }) => rows.map((row) => [row.ok, row.note])), [
    [[false, "measuring failed: panic: I6"], [false, "modelling failed: no cost"], [true, null]],
    [[false, "the suite failed: no machine"]],
    [[true, null]],
  ]);
  const report = reportOf(suites, [], true);
  assertEquals([report.ok, report.verdicts], [false, { disagreement: 3, equal: 2 }]);
  assertStringIncludes(summaryPage(report, 1), "3 of 5 rows not as expected");
  assertEquals(JSON.parse(JSON.stringify(report)), report);
});

Deno.test("a wrong number is in the table with the expected one", () => {
  const report = judgeSuite(suite("wrong", { ...CLAIM, measure: () => 7 }), scaleOf(true));
  assertStringIncludes(table(report), "disagreement, expected equal");
});

Deno.test("the page counts a captured row that differs for a known cause, and the table names the cause", () => {
  const claims = LINUX.claims(scaleOf(true)).filter(({ id }) => id === "6.1 hugetlb");
  const report = judgeSuite({ ...LINUX, claims: () => claims }, scaleOf(true));
  assertStringIncludes(table(report), "known difference: consumed: Linux");
  const page = stripAnsiCode(summaryPage(reportOf([report], [], true), 1));
  assertStringIncludes(page, `${claims.length} of ${claims.length}  Linux as measured, 1 with a known difference`);
});

Deno.test("verify refuses unknown flags, documents and themes with exit 2 and one line", async () => {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => lines.push(line);
  try {
    for (const args of [["--slow"], ["--document", "009"], ["--theme", "x"], ["--verdict", "maybe"]]) {
      assertEquals(await runTask(verifyCommand, args), 2);
    }
  } finally {
    console.error = error;
  }
  assertEquals(lines.length, 4);
  assertStringIncludes(lines[0], '--slow": expected --quick, --rows, --document');
});
