// SPDX-License-Identifier: GPL-2.0-only
// Verdicts of claims from verdicts of rows, and picking claims.

import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CommandError } from "../../src/cli/command.ts";
import { auditClaims, countVerdicts, reasonOf } from "./audit.ts";
import { RESULTS } from "../../results/mod.ts";
import { conformanceTable, withConformance } from "./conformance.ts";
import { auditMarkdown } from "./audit_md.ts";
import type { DocumentedClaim, DocumentedRow } from "../claims/catalogue.ts";
import { readCatalogue } from "../claims/catalogue_file.ts";
import { type Judged, type Verdict } from "../claims/claim.ts";
import { countBy, judgeDocument, numberAt } from "./by_command.ts";
import { explain } from "./explain.ts";
import { claimsReport } from "./claims_report.ts";
import { claimsCommand } from "./lab_claims.ts";
import { pick } from "./pick.ts";

const CLAIM: DocumentedClaim = {
  id: "000-01",
  line: 9,
  alsoAt: [],
  text: "a claim",
  kind: "count",
  theme: "savings",
  rows: [],
};

/** A row without numbers. */
const BARE: DocumentedRow = {
  id: "005-01",
  what: "a claim",
  unit: "",
  printed: null,
  means: null,
  expected: null,
  note: null,
  measure: null,
};

function row(id: string, verdict: Verdict, note: string | null = null): Judged {
  const numbers = { unit: "", printed: "1", formula: 1, measured: 1, model: null, band: null };
  return { id, what: "a number", ...numbers, verdict, expected: verdict, ok: true, note };
}

Deno.test("auditClaims() gives a claim the worst verdict of its rows, and its reason", () => {
  const rows = [
    row("000-01", "confirmed", "fine"),
    row("000-01/b", "contradicted", "not so"),
    row("000-01/c", "equal"),
  ];
  const [claim] = auditClaims([CLAIM], [...rows, row("v7 1G", "equal")]);
  assertEquals([claim.verdict, claim.ok, claim.rows.length, reasonOf(claim)], ["contradicted", true, 3, "not so"]);
  assertEquals(auditClaims([CLAIM], [row("000-01", "equal")])[0].verdict, "confirmed");
});

Deno.test("auditClaims() is not ok when one row is not", () => {
  const bad = { ...row("000-01/b", "confirmed"), verdict: "disagreement" as const, ok: false };
  const [claim] = auditClaims([CLAIM], [row("000-01", "confirmed"), bad]);
  assertEquals([claim.verdict, claim.ok], ["disagreement", false]);
});

Deno.test("auditClaims() reports a claim that nothing judges, and refuses a verdict without a claim", () => {
  const [unjudged] = auditClaims([CLAIM], []);
  assertEquals([unjudged.verdict, unjudged.ok, reasonOf(unjudged)], [
    "disagreement",
    false,
    "nothing judges this claim",
  ]);
  const stray = [row("000-01", "confirmed"), row("000-99/x", "confirmed")];
  assertThrows(() => auditClaims([CLAIM], stray), CommandError, "claim 000-99 is judged, but no fixture lists it");
});

Deno.test("README's matrix of captured kernels is that of the published run", () => {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  assertEquals(readme, withConformance(readme, RESULTS.figures.conformance));
});

Deno.test("conformanceTable() has a row per kernel and architecture; rows that differ are counted", () => {
  const row = { kernel: "6.1", arch: "x86-64", scenario: "hugetlb", releases: [], machines: 1, rows: 3, equal: 3 };
  const found = [{ ...row, explained: 0 }, { ...row, kernel: "7.3", scenario: "kmem", equal: 2, explained: 1 }];
  assertEquals(conformanceTable(found), {
    head: ["kernel", "hugetlb", "kmem"],
    rows: [["6.1 x86-64", "3", "-"], ["7.3 x86-64", "-", "2 of 3"]],
  });
});

Deno.test("auditMarkdown() puts the worst first", () => {
  const claims = auditClaims([CLAIM, { ...CLAIM, id: "000-02" }], [
    row("000-01", "confirmed"),
    row("000-02", "contradicted", "not so"),
  ]);
  assertEquals(countVerdicts(claims), { contradicted: 1, confirmed: 1 });
  const text = auditMarkdown(claims);
  assert(text.indexOf("## Contradicted: 1") < text.indexOf("## Confirmed: 1"));
  assertStringIncludes(text, '| <a id="000-02"></a>000-02 | 000:9 | a claim | a number | 1 | 1 | not so |');
});

Deno.test("pick() filters by id, theme and document, and lists the known ones otherwise", () => {
  const all = readCatalogue();
  assertEquals(pick(all, { id: "001-33" }).map((c) => c.id), ["001-33"]);
  assert(pick(all, { document: "002" }).every((c) => c.id.startsWith("002-")));
  assert(pick(all, { theme: "gup", document: "001" }).every((c) => c.theme === "gup"));
  assertThrows(() => pick(all, { id: "001-00" }), CommandError, 'unknown claim "001-00": expected 000-01 to 000-');
  assertThrows(() => pick(all, { theme: "x" }), CommandError, 'unknown theme "x"');
  assertThrows(() => pick(all, { document: "5" }), CommandError, 'unknown document "5"');
  assertThrows(() => pick(all, { verdict: "maybe" }), CommandError, 'unknown verdict "maybe"');
});

Deno.test("claimsReport() reads the published run, or judges anew", async () => {
  for (const anew of [false, true]) {
    const { report, text, code } = await claimsReport({ id: "000-11" }, anew);
    const { from, claims: [claim, ...rest] } = report as { from: string; claims: ReturnType<typeof auditClaims> };
    assertEquals([claim.id, claim.verdict, rest.length, code], ["000-11", "contradicted", 0, 0]);
    assertStringIncludes(text, "measured 0.003814697 %");
    assertStringIncludes(from, anew ? "judged now" : "from the run of ");
  }
  const none = await claimsReport({ id: "000-11", verdict: "confirmed" }, false);
  assertEquals((none.report as { claims: unknown[] }).claims, []);
});

Deno.test("claimsReport() finds words, cites and explains", async () => {
  const { report } = await claimsReport({ grep: "ALTMAP" }, false);
  const { claims } = report as { claims: DocumentedClaim[] };
  assert(claims.length > 1 && claims.every((claim) => /altmap/i.test(claim.text)));
  const cite = (await claimsReport({ id: "000-11" }, false, "cite")).text;
  for (const part of ["> ", "**contradicted**", "https://lkml.kernel.org/r/", "--id 000-11 --run"]) {
    assertStringIncludes(cite, part);
  }
  assertStringIncludes(
    (await claimsReport({ id: "001-34" }, false, "explain")).text,
    "pgmapReferences(SIZE_1G, SIZE_2M)",
  );
});

Deno.test("explain() gives the two sides of a row from the source", () => {
  const found = explain("001-34")!;
  assertEquals([found.formula, found.measure], ["pgmapReferences(SIZE_1G, SIZE_2M)", '() => refsOf("v4")']);
  assertStringIncludes(explain("001-58")!.call!, 'memmapOf("001-58", ');
  assertEquals(explain("009-01"), null);
});

/** A document of a user: ten lines. */
const OWN = {
  document: { title: "a cover letter", messageId: "x@y" },
  claims: [
    {
      id: "005-01",
      line: 3,
      text: "1G in 2M pages takes 4 MiB of struct pages",
      printed: "4",
      unit: "MiB",
      measure: { command: "namespace --size 1G --align 2M", pointer: "/pages/vmemmap", scale: 4096 / 2 ** 20 },
    },
  ],
};

async function checkOwn(change: object): Promise<{ text: string; code?: number }> {
  const file = Deno.makeTempFileSync({ suffix: ".json" });
  Deno.writeTextFileSync(file, JSON.stringify({ ...OWN, claims: [{ ...OWN.claims[0], ...change }] }));
  try {
    const flags = { json: false, has: () => false, text: () => "", operands: ["check", file] };
    return await claimsCommand.run(flags);
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test("lab claims check judges a document that has no code", async () => {
  const right = await checkOwn({});
  assertEquals(right.code, 0);
  assertStringIncludes(right.text, "005-01  confirmed");
  const wrong = await checkOwn({ printed: "16", expected: "confirmed" });
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.text, "contradicted (not as expected)");
  const lost = await checkOwn({ measure: { command: "namespace --size 1G", pointer: "/pages/none" } });
  assertEquals(lost.code, 1);
  assertStringIncludes(lost.text, "has nothing at /pages/none");
});

Deno.test("countBy() and numberAt() refuse an unknown command, flag or place", async () => {
  await assertRejects(() => countBy({ command: "nothing", pointer: "" }), CommandError, 'unknown command "nothing"');
  await assertRejects(() => countBy({ command: "namespace --slow", pointer: "" }), CommandError, "--slow");
  assertEquals(numberAt({ "a/b": [{ c: 7 }] }, "/a~1b/0/c", "x"), 7);
  assertEquals([numberAt({ a: true }, "/a", "x"), numberAt({ a: false }, "/a", "x")], [1, 0]);
  assertThrows(() => numberAt({ a: "text" }, "/a", "x"), CommandError, "has no number at /a");
});

Deno.test("judgeDocument() leaves a claim without a measure to a reader", async () => {
  const { rows } = await judgeDocument({
    document: { id: "005", title: "t", file: null, date: null, link: null },
    claims: [{ ...CLAIM, id: "005-01", rows: [BARE, { ...BARE, expected: "read right", note: "by reading" }] }],
  });
  assertEquals(rows.map((row) => [row.verdict, row.ok]), [["read open", true], ["read right", true]]);
});
