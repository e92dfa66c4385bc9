// SPDX-License-Identifier: GPL-2.0-only
// The claims of the documents as fixtures/claims lists them, read strictly: a file that is damaged, has a row that is
// not as it should be, or lacks rows is refused in one line that names the file, the place and the reason.

import { CommandError } from "../../src/cli/command.ts";
import { parseJson, readJson } from "../fixtures.ts";

/** What a claim is about. */
export const KINDS = ["behaviour", "condition", "count", "formula", "ratio", "timing"] as const;

/** One claim as a document makes it. */
export interface DocumentedClaim {
  /** Document and number, as `000-07`. */
  readonly id: string;
  /** File name of the document. */
  readonly seed: string;
  /** Line in it. */
  readonly line: number;
  /** Other places that say the same, as `001:88`. */
  readonly alsoAt: readonly string[];
  /** The claim in short. */
  readonly text: string;
  /** The figures it prints. */
  readonly numbers: readonly (number | string)[];
  readonly kind: typeof KINDS[number];
  /** What it is about; null for none. */
  readonly theme: string | null;
}

/** A source document. */
export interface SourceDocument {
  /** First part of the ids of its claims. */
  readonly id: string;
  readonly title: string;
  /** How many claims it has; a fixture with another number of rows is incomplete. */
  readonly claims: number;
}

/** Every document, in order. */
export const DOCUMENTS: readonly SourceDocument[] = [
  { id: "000", title: "sparse-vmemmap: memory savings for compound devmaps, v7: cover letter", claims: 24 },
  { id: "001", title: "Introduce compound devmaps for device-dax, v4: 14 patches and their thread", claims: 92 },
  { id: "002", title: "commit 4917f55b4e as merged in 5.19", claims: 4 },
  { id: "003", title: "Allocate memmap from hotadded memory, v7: cover letter", claims: 18 },
  { id: "004", title: "Free some vmemmap pages of hugetlb page, v7: cover letter and thread", claims: 28 },
];

/** File of a document's claims, from the root of the project. */
function claimsFile(document: string): string {
  return `fixtures/claims/${document}.json`;
}

/** Reads every claim of every document; `root` is where the project lies. CommandError for a file that is not right. */
export function readCatalogue(root: URL = new URL("../../", import.meta.url)): DocumentedClaim[] {
  return DOCUMENTS.flatMap((document) => claimsOf(document, readJson(claimsFile(document.id), root)));
}

/** The claims in the text of one file. CommandError naming file, place and reason when it is damaged or incomplete. */
export function parseClaims(document: SourceDocument, text: string): DocumentedClaim[] {
  return claimsOf(document, parseJson(claimsFile(document.id), text));
}

function claimsOf(document: SourceDocument, rows: unknown): DocumentedClaim[] {
  const file = claimsFile(document.id);
  if (!Array.isArray(rows)) throw new CommandError(`${file}: expected an array of claims`);
  const seen = new Set<string>();
  const claims = rows.map((row: unknown, i) => {
    const refuse = (reason: string): never => {
      const id = isRecord(row) && typeof row.id === "string" ? ` (${row.id})` : "";
      throw new CommandError(`${file}: claim ${i + 1}${id}: ${reason}`);
    };
    const claim = checkClaim(document, row, refuse);
    if (seen.has(claim.id)) refuse("the id is there twice");
    seen.add(claim.id);
    return claim;
  });
  if (claims.length !== document.claims) {
    throw new CommandError(`${file}: incomplete: ${claims.length} claims, expected ${document.claims}`);
  }
  return claims;
}

const KEYS = ["id", "seed", "line", "alsoAt", "text", "numbers", "kind", "theme"];

function checkClaim(document: SourceDocument, row: unknown, refuse: (reason: string) => never): DocumentedClaim {
  if (!isRecord(row)) return refuse("expected an object");
  const unknown = Object.keys(row).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) refuse(`unknown key "${unknown}"`);
  const { id, seed, line, alsoAt = [], text, numbers, kind, theme = null } = row;
  const must = (holds: boolean, key: string, expected: string) => {
    if (!holds) refuse(`${key} is ${JSON.stringify(row[key])}, expected ${expected}`);
  };
  const isString = (value: unknown) => typeof value === "string" && value !== "";
  must(typeof id === "string" && new RegExp(`^${document.id}-\\d\\d$`).test(id), "id", `${document.id}-NN`);
  must(typeof seed === "string" && seed.startsWith(`${document.id}_`), "seed", `a file name ${document.id}_...`);
  must(Number.isInteger(line) && Number(line) > 0, "line", "a line number");
  must(isArrayOf(alsoAt, (place) => /^\d{3}:\d+$/.test(String(place))), "alsoAt", "places like 001:88");
  must(isString(text), "text", "the claim in words");
  must(isArrayOf(numbers, (n) => typeof n === "number" || isString(n)), "numbers", "numbers and strings");
  must(KINDS.some((known) => known === kind), "kind", KINDS.join(", "));
  must(theme === null || isString(theme), "theme", "a word");
  return { id, seed, line, alsoAt, text, numbers, kind, theme } as DocumentedClaim;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArrayOf(value: unknown, test: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(test);
}
