// SPDX-License-Identifier: GPL-2.0-only
// `lab claims`: picks claims by id, theme, document or verdict, judges those alone, and prints them.

import { type Command, CommandError, type CommandResult } from "../../src/cli/command.ts";
import { auditClaims, type AuditedClaim, claimId, isClaimRow, reasonOf, WORST_FIRST } from "./audit.ts";
import { type DocumentedClaim, DOCUMENTS, readCatalogue } from "../claims/catalogue.ts";
import { figure, judge } from "../claims/claim.ts";
import { checkFixtures } from "../fixtures.ts";
import { scaleOf } from "../measure/measure.ts";

/** Which claims; what is absent does not matter. */
export interface ClaimFilter {
  readonly id?: string;
  readonly theme?: string;
  readonly document?: string;
  readonly verdict?: string;
}

/** The command. */
export const claimsCommand: Command = {
  name: "claims",
  summary: "the documents' claims, judged by running them",
  flags: {
    id: { value: "ID", help: "only this claim, such as 000-17" },
    theme: { value: "THEME", help: "only those about savings, gup, hugetlb, mhp, ..." },
    document: { value: DOCUMENTS.map((d) => d.id).join("|"), help: "only those of this document" },
    verdict: { value: "VERDICT", help: WORST_FIRST.join(", ") },
  },
  run: (flags) => {
    const names = ["id", "theme", "document", "verdict"].filter((name) => flags.has(name));
    return claimsReport(Object.fromEntries(names.map((name) => [name, flags.text(name)])));
  },
};

/** Judges the claims that the filter lets through. CommandError for an id, theme, document or verdict there is not. */
export async function claimsReport(filter: ClaimFilter): Promise<CommandResult> {
  const picked = pick(readCatalogue(), filter);
  checkFixtures();
  // Not before it is known that what they import is whole.
  const { DOCUMENT_SUITES } = await import("./suites.ts");
  const ids = new Set(picked.map((claim) => claim.id));
  const rows = DOCUMENT_SUITES.flatMap(({ claims }) => claims(scaleOf(true)))
    .filter((claim) => isClaimRow(claim.id) && ids.has(claimId(claim.id)))
    .map(judge);
  const { verdict } = filter;
  const claims = auditClaims(picked, rows).filter((claim) => verdict === undefined || claim.verdict === verdict);
  return { report: { claims }, text: text(claims), code: claims.every((claim) => claim.ok) ? 0 : 1 };
}

/** Claims by everything that can be told before judging. */
export function pick(catalogue: readonly DocumentedClaim[], filter: ClaimFilter): DocumentedClaim[] {
  const { id, theme, document, verdict } = filter;
  const themes = [...new Set(catalogue.flatMap((claim) => claim.theme ?? []))].sort();
  known("theme", theme, themes);
  known("document", document, DOCUMENTS.map((d) => d.id));
  known("verdict", verdict, WORST_FIRST);
  if (id !== undefined && !catalogue.some((claim) => claim.id === id)) {
    const ranges = DOCUMENTS.map((d) => `${d.id}-01 to ${d.id}-${String(d.claims).padStart(2, "0")}`);
    throw new CommandError(`claims: unknown claim "${id}": known are ${ranges.join(", ")}`);
  }
  return catalogue.filter((claim) =>
    (id === undefined || claim.id === id) && (theme === undefined || claim.theme === theme) &&
    (document === undefined || claim.id.startsWith(`${document}-`))
  );
}

function known(what: string, given: string | undefined, all: readonly string[]): void {
  if (given === undefined || all.includes(given)) return;
  throw new CommandError(`claims: unknown ${what} "${given}": known are ${all.join(", ")}`);
}

function text(claims: readonly AuditedClaim[]): string {
  return [...claims.map(claimText), claims.length === 1 ? "1 claim" : `${claims.length} claims`].join("\n");
}

function claimText(claim: AuditedClaim): string {
  const places = [`${claim.id.slice(0, 3)}:${claim.line}`, ...claim.alsoAt].join(", ");
  const head = `${claim.id}  ${claim.verdict}${claim.ok ? "" : " (not as expected)"}  ${claim.text}  [${places}]`;
  const rows = claim.rows.filter((row) => row.measured !== null || row.model !== null).map((row) => {
    const says = row.printed === null ? "" : `documented ${figure(row.printed, row.unit)}, `;
    const found = row.model === null
      ? `formula ${figure(row.formula!, row.unit)}, measured ${figure(row.measured!, row.unit)}`
      : `modelled ${figure(row.model, row.unit)}`;
    return `    ${row.what}: ${says}${found}`;
  });
  const reason = reasonOf(claim);
  return [head, ...rows, ...(reason === "" ? [] : [`    ${reason}`])].join("\n");
}
