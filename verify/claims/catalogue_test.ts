// SPDX-License-Identifier: GPL-2.0-only
// Files of claims: the shipped ones are valid; an invalid one is refused with file, place and reason, in one line.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../../src/cli/command.ts";
import { SHIPPED } from "./catalogue.ts";
import { parseDocument, readCatalogue, readDocuments } from "./catalogue_file.ts";

const CLAIM = { id: "002-01", line: 7, text: "a claim" };
const FILE = { document: { title: "a document" }, claims: [CLAIM] };

function refuses(value: unknown, message: string): void {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const error = assertThrows(() => parseDocument("fixtures/claims/002.json", text), CommandError, message);
  assertEquals(error.message.split("\n").length, 1);
}

Deno.test("readDocuments() reads the shipped files, and every id is of its document", () => {
  const shipped = new Set(SHIPPED.map(({ document }) => document.id));
  assertEquals(readDocuments().filter(({ document }) => shipped.has(document.id)), [...SHIPPED]);
  const claims = readCatalogue();
  assert(claims.length > 100);
  assertEquals(new Set(claims.map((c) => c.id)).size, claims.length);
});

Deno.test("readCatalogue() names a missing folder", () => {
  assertThrows(() => readCatalogue(new URL("nowhere/", import.meta.url)), CommandError, "nowhere/: cannot be read: ");
});

Deno.test("readDocuments() finds a document that was dropped in", () => {
  const folder = new URL(`file://${Deno.makeTempDirSync()}/`);
  const file = { ...FILE, claims: [{ ...CLAIM, id: "005-01" }] };
  Deno.writeTextFileSync(new URL("005.json", folder), JSON.stringify(file));
  Deno.writeTextFileSync(new URL("schema.json", folder), "{}");
  assertEquals(readDocuments(folder).map(({ document }) => document.id), ["005"]);
  Deno.removeSync(folder, { recursive: true });
});

Deno.test("parseDocument() fills in optional fields", () => {
  const { document, claims } = parseDocument("x.json", JSON.stringify(FILE));
  assertEquals(document, { id: "002", title: "a document", file: null, date: null, link: null });
  const row = {
    id: "002-01",
    what: "a claim",
    unit: "",
    printed: null,
    means: null,
    expected: null,
    note: null,
    measure: null,
  };
  assertEquals(claims, [{ ...CLAIM, alsoAt: [], kind: null, theme: null, rows: [row] }]);
});

Deno.test("parseDocument() makes a row of the claim's own words, and one of each part", () => {
  const parts = { part: { what: "a part", unit: "yes/no", printed: "yes", expected: "confirmed" } };
  const rows = (claim: object) =>
    parseDocument("x.json", JSON.stringify({ ...FILE, claims: [{ ...CLAIM, id: "002-100", ...claim }] })).claims[0]
      .rows;
  assertEquals(rows({ parts }).map(({ id, printed }) => [id, printed]), [["002-100/part", "1"]]);
  const both = rows({ parts, what: "a number", printed: "7", expected: "rounding" });
  assertEquals(both.map(({ id, what }) => [id, what]), [["002-100", "a number"], ["002-100/part", "a part"]]);
});

Deno.test("parseDocument() refuses damaged or invalid input, with the place", () => {
  refuses('[\n {"id": "002-01",}\n]', "fixtures/claims/002.json: damaged: ");
  refuses([], "fixtures/claims/002.json: /: must be object");
  refuses({ ...FILE, claims: [] }, "/claims: must NOT have fewer than 1 items");
  refuses({ ...FILE, claims: [CLAIM, CLAIM] }, "002-01: the id is there twice");
  refuses({ ...FILE, claims: [{ ...CLAIM, id: "003-01" }] }, "its claims are of document 003");
  const bad: readonly [string, unknown, string][] = [
    ["id", "2-1", "/id: must match pattern"],
    ["line", 0, "/line: must be >= 1"],
    ["alsoAt", ["line 7"], "/alsoAt/0: must match pattern"],
    ["text", "", "/text: must NOT have fewer than 1 characters"],
    ["kind", "guess", "/kind: must be equal to one of the allowed values"],
    ["theme", 7, "/theme: must be string"],
    ["printed", "1", "must have required property 'expected'"],
    ["measure", { command: "x" }, "must have property printed when property measure is present"],
    ["expected", "contradicted", "must have required property 'printed'"],
    ["expected", "read wrong", "must have required property 'note'"],
    ["parts", { a: { unit: "" } }, "must have required property 'what'"],
    ["parts", { a: { what: "a", unit: "yes/no", printed: "1", expected: "confirmed" } }, "/parts/a/printed: must be"],
    ["parts", { a: { what: "a", printed: "80-110", expected: "rounding" } }, "/parts/a/printed: must match pattern"],
    ["parts", { a: { what: "a", printed: "1", expected: "equal" } }, "/parts/a: must NOT be valid"],
    ["colour", "red", 'unknown key "colour": expected id, line, '],
  ];
  for (const [key, value, message] of bad) {
    refuses({ ...FILE, claims: [{ ...CLAIM, [key]: value }] }, "fixtures/claims/002.json: /claims/0");
    refuses({ ...FILE, claims: [{ ...CLAIM, [key]: value }] }, message);
  }
});
