// SPDX-License-Identifier: GPL-2.0-only
// The suites as a whole: one quick run passes, gives every claim its verdict, and is what AUDIT.md says; a wrong number
// fails; the command line.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { auditClaims, countVerdicts } from "./audit.ts";
import { AUDIT_MD, auditMarkdown } from "./audit_md.ts";
import { DOCUMENTS, parseClaims, readCatalogue } from "../claims/catalogue.ts";
import { scaleOf } from "../measure/measure.ts";
import { main, run, summary, table } from "./report.ts";
import { SUITES } from "./suites.ts";

Deno.test("verify --quick finds every verdict as expected, and AUDIT.md has them", async (t) => {
  const catalogue = readCatalogue();
  const report = run(SUITES, scaleOf(true), () => {}, catalogue);
  const rows = report.suites.flatMap((s) => s.rows);
  await t.step("every verdict is the expected one", () => {
    assertEquals(rows.filter((r) => !r.ok), []);
    assert(report.ok);
  });
  await t.step("every verdict is reached", () => {
    const reached = ["confirmed", "rounding", "contradicted", "hardware-bound", "superseded", "read", "equal"] as const;
    for (const verdict of reached) assert((report.verdicts[verdict] ?? 0) > 0, verdict);
  });
  await t.step("every claim has one, and the summary counts them", () => {
    assertEquals(report.claims?.map((c) => c.id), catalogue.map((c) => c.id));
    assertStringIncludes(summary(report, 1000), "\n166 claims: ");
  });
  await t.step("README counts them too", () => {
    const n = countVerdicts(report.claims!);
    const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url)).replaceAll(/\s+/g, " ");
    for (
      const said of [
        `Of ${catalogue.length} claims in five documents`,
        `finds ${n.confirmed} confirmed, ${n.rounding} right within their printed digits, ${n.contradicted} contradicted`,
        `${n.superseded} superseded; ${n["hardware-bound"]} are times of their authors' hardware and ${n.read} only`,
        `${report.suites.at(-1)!.rows.filter((row) => row.printed !== null).length} rows of \`deno task verify\``,
      ]
    ) assertStringIncludes(readme, said);
  });
  await t.step("AUDIT.md is up to date (deno task audit)", () => {
    assertEquals(Deno.readTextFileSync(AUDIT_MD), auditMarkdown(auditClaims(catalogue, rows)));
  });
});

Deno.test("every contradicted claim says why", () => {
  for (const { claims } of SUITES) {
    for (const claim of claims(scaleOf(true))) {
      if (claim.expected === "contradicted") assert((claim.note ?? "").length > 0, claim.id);
    }
  }
});

Deno.test("what was read says with what result", () => {
  const claims = SUITES.flatMap((suite) => suite.claims(scaleOf(true))).filter((c) => c.expected === "read");
  assert(claims.length > 5);
  for (const { id, note } of claims) assert(/^(right|wrong|open): ./.test(note ?? ""), id);
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

Deno.test("main() exits with 1 when formula and measurement disagree, with 0 when they do not", () => {
  const suite = (measured: number) => ({
    name: "one",
    title: "one",
    claims: () => [{ id: "x", what: "x", unit: "", formula: 8, measure: () => measured, expected: "equal" as const }],
  });
  const { log } = console;
  console.log = () => {};
  try {
    assertEquals([main([suite(8)], []), main([suite(7)], []), main([suite(8), suite(7)], ["--json"])], [0, 1, 1]);
  } finally {
    console.log = log;
  }
});

Deno.test("main() refuses unknown flags and damaged fixtures with exit 2 and one line", () => {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => lines.push(line);
  const [document] = DOCUMENTS;
  try {
    assertEquals(main([], ["--slow"]), 2);
    assertEquals(main([], [], () => parseClaims(document, "[")), 2);
  } finally {
    console.error = error;
  }
  assertEquals(lines.length, 2);
  assertStringIncludes(lines[0], '--slow": known are --quick, --json');
  assertStringIncludes(lines[1], "fixtures/claims/000.json: damaged: ");
});
