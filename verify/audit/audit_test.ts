// SPDX-License-Identifier: GPL-2.0-only
// Verdicts of claims from verdicts of rows, and picking claims.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CommandError } from "../../src/cli/command.ts";
import { auditClaims, countVerdicts, reasonOf } from "./audit.ts";
import { auditMarkdown } from "./audit_md.ts";
import { type DocumentedClaim, readCatalogue } from "../claims/catalogue.ts";
import { type Judged, type Verdict } from "../claims/claim.ts";
import { claimsReport, pick } from "./lab_claims.ts";

const CLAIM: DocumentedClaim = {
  id: "000-01",
  seed: "000_x.txt",
  line: 9,
  alsoAt: [],
  text: "a claim",
  numbers: [],
  kind: "count",
  theme: "savings",
};

function row(id: string, verdict: Verdict, note: string | null = null): Judged {
  const numbers = { unit: "", printed: "1", formula: 1, measured: 1, model: null };
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

Deno.test("auditClaims() says that nothing judges a claim, and refuses a verdict on no claim", () => {
  const [unjudged] = auditClaims([CLAIM], []);
  assertEquals([unjudged.verdict, unjudged.ok, reasonOf(unjudged)], [
    "disagreement",
    false,
    "nothing judges this claim",
  ]);
  const stray = [row("000-01", "confirmed"), row("000-99/x", "confirmed")];
  assertThrows(() => auditClaims([CLAIM], stray), CommandError, "claim 000-99 is judged, but no fixture lists it");
});

Deno.test("auditMarkdown() puts the worst first", () => {
  const claims = auditClaims([CLAIM, { ...CLAIM, id: "000-02" }], [
    row("000-01", "confirmed"),
    row("000-02", "contradicted", "not so"),
  ]);
  assertEquals(countVerdicts(claims), { contradicted: 1, confirmed: 1 });
  const text = auditMarkdown(claims);
  assert(text.indexOf("## Contradicted: 1") < text.indexOf("## Confirmed: 1"));
  assertStringIncludes(text, "| 000-02 | 000:9 | a claim | 1 | 1 | not so |");
});

Deno.test("pick() filters by id, theme and document, and names what there is otherwise", () => {
  const all = readCatalogue();
  assertEquals(pick(all, { id: "001-33" }).map((c) => c.id), ["001-33"]);
  assertEquals(pick(all, { document: "002" }).length, 4);
  assert(pick(all, { theme: "gup", document: "001" }).every((c) => c.theme === "gup"));
  assertThrows(() => pick(all, { id: "001-93" }), CommandError, 'unknown claim "001-93": known are 000-01 to 000-24');
  assertThrows(() => pick(all, { theme: "x" }), CommandError, 'unknown theme "x": known are altmap, bootstrap');
  assertThrows(() => pick(all, { document: "5" }), CommandError, 'unknown document "5": known are 000, 001');
  assertThrows(() => pick(all, { verdict: "maybe" }), CommandError, 'unknown verdict "maybe": known are disagreement');
});

Deno.test("claimsReport() judges what was picked and nothing else", async () => {
  const { report, text, code } = await claimsReport({ id: "000-11" });
  const [claim, ...rest] = (report as { claims: ReturnType<typeof auditClaims> }).claims;
  assertEquals([claim.id, claim.verdict, rest.length, code], ["000-11", "contradicted", 0, 0]);
  assertStringIncludes(text, "0.0038 %");
  assertEquals((await claimsReport({ id: "000-11", verdict: "confirmed" })).report, { claims: [] });
});
