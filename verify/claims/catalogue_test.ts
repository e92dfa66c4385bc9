// SPDX-License-Identifier: GPL-2.0-only
// Fixtures of claims: all are there; one that is damaged or incomplete is refused with file, place and reason.

import { assertEquals, assertThrows } from "@std/assert";
import { CommandError } from "../../src/cli/command.ts";
import { DOCUMENTS, parseClaims, readCatalogue } from "./catalogue.ts";

const DOCUMENT = { id: "002", title: "a document", claims: 1 };
const ROW = { id: "002-01", seed: "002_x.txt", line: 7, text: "a claim", numbers: [1, "2M"], kind: "count" };

function refuses(text: string, message: string): void {
  assertThrows(() => parseClaims(DOCUMENT, text), CommandError, message);
}

Deno.test("readCatalogue() has the 166 claims of the five documents", () => {
  const counts = DOCUMENTS.map(({ id }) => readCatalogue().filter((c) => c.id.startsWith(id)).length);
  assertEquals(counts, [24, 92, 4, 18, 28]);
});

Deno.test("readCatalogue() names a file that is not there", () => {
  const root = new URL("nowhere/", import.meta.url);
  assertThrows(() => readCatalogue(root), CommandError, "fixtures/claims/000.json: cannot be read: ");
});

Deno.test("parseClaims() fills in what a row may leave out", () => {
  assertEquals(parseClaims(DOCUMENT, JSON.stringify([ROW])), [{ ...ROW, alsoAt: [], theme: null, kind: "count" }]);
});

Deno.test("parseClaims() refuses damaged JSON with the place, in one line", () => {
  refuses('[\n {"id": "002-01",}\n]', "fixtures/claims/002.json: damaged: ");
  const error = assertThrows(() => parseClaims(DOCUMENT, '[\n {"id": "002-01",}\n]'), CommandError);
  assertEquals(error.message.split("\n").length, 1);
  refuses("{}", "fixtures/claims/002.json: expected an array of claims");
});

Deno.test("parseClaims() refuses an incomplete file and a claim that is there twice", () => {
  refuses("[]", "fixtures/claims/002.json: incomplete: 0 claims, expected 1");
  refuses(JSON.stringify([ROW, ROW]), "fixtures/claims/002.json: claim 2 (002-01): the id is there twice");
});

Deno.test("parseClaims() refuses every field that is not as it should be", () => {
  const bad: readonly [string, unknown, string][] = [
    ["id", "003-01", 'id is "003-01", expected 002-NN'],
    ["seed", "003_x.txt", 'seed is "003_x.txt", expected a file name 002_...'],
    ["line", 0, "line is 0, expected a line number"],
    ["alsoAt", ["line 7"], 'alsoAt is ["line 7"], expected places like 001:88'],
    ["text", "", 'text is "", expected the claim in words'],
    ["numbers", [null], "numbers is [null], expected numbers and strings"],
    ["kind", "guess", 'kind is "guess", expected behaviour, condition'],
    ["theme", 7, "theme is 7, expected a word"],
    ["colour", "red", 'unknown key "colour"'],
  ];
  for (const [key, value, message] of bad) {
    refuses(JSON.stringify([{ ...ROW, [key]: value }]), `fixtures/claims/002.json: claim 1 (`);
    refuses(JSON.stringify([{ ...ROW, [key]: value }]), message);
  }
  refuses("[7]", "fixtures/claims/002.json: claim 1: expected an object");
});
