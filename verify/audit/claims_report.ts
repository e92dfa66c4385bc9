// SPDX-License-Identifier: GPL-2.0-only
// What `lab claims` prints: the documents' claims with verdicts, from the published run or judged anew, as a list,
// explained, or for a mail. Also a user's own document, which needs no code.

import { RESULTS } from "../../results/mod.ts";
import type { CommandResult } from "../../src/cli/command.ts";
import { commit, VERSION } from "../../src/cli/envelope.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { type DocumentedClaim, documentId, DOCUMENTS, type SourceDocument } from "../claims/catalogue.ts";
import { readDocument, readDocuments } from "../claims/catalogue_file.ts";
import { type Claim, figure, judge, type Judged, modelText } from "../claims/claim.ts";
import { scaleOf } from "../measure/measure.ts";
import { auditClaims, type AuditedClaim, claimId, isClaimRow, reasonOf } from "./audit.ts";
import { judgeDocument } from "./by_command.ts";
import { explain } from "./explain.ts";
import { type ClaimFilter, pick } from "./pick.ts";
import { DOCUMENT_SUITES } from "../claims/suites.ts";

/** The command line that judges a claim again. */
type Again = (claim: AuditedClaim) => string;

export type Style = "list" | "explain" | "cite";

/** Judges the document in a file by the commands it names. */
export async function checkReport(file: string, style: Style): Promise<CommandResult> {
  const document = readDocument(file);
  const { rows } = await judgeDocument(document);
  const claims = auditClaims(document.claims, rows);
  const again = () => `deno task lab claims check ${file}`;
  return answer(claims, [document.document], style, `${file}: ${document.document.title}`, again);
}

/** The claims that match the filter. CommandError for an unknown id, theme, document or verdict. */
export async function claimsReport(
  filter: ClaimFilter,
  anew: boolean,
  style: Style = "list",
): Promise<CommandResult> {
  const documents = readDocuments();
  const catalogue = documents.flatMap(({ claims }) => claims);
  const picked = pick(catalogue, filter);
  const all = await judged(picked, anew);
  const claims = all.filter((claim) => filter.verdict === undefined || claim.verdict === filter.verdict);
  const { date, commit: of } = RESULTS.provenance;
  const later = picked.filter(({ id }) => !PUBLISHED.has(id)).length;
  const run = `from the run of ${date.slice(0, 10)}, commit ${of?.slice(0, 7) ?? "unknown"}`;
  const from = anew || (later === picked.length && later > 0)
    ? "judged now"
    : `${run}${later > 0 ? `, ${later} that it had not judged now` : ""}; --run judges anew`;
  return answer(claims, documents.map(({ document }) => document), style, from);
}

const PUBLISHED = new Map(RESULTS.audit.claims.map((claim) => [claim.id, claim]));

/** Claims with the verdicts of the published run, if it has them. */
function published(picked: readonly DocumentedClaim[]): AuditedClaim[] {
  return picked.flatMap(({ rows: _, ...claim }) => {
    const found = PUBLISHED.get(claim.id);
    if (found === undefined) return [];
    const rows = found.rows.map((row): Judged => {
      const expected = row.verdict === "disagreement" ? "equal" : row.verdict;
      return { ...row, band: row.band ?? null, expected, ok: row.verdict !== "disagreement" };
    });
    return [{ ...claim, verdict: found.verdict, ok: found.ok, rows }];
  });
}

/**
 * Published verdicts, or new ones if `anew`. Claims that the published run lacks are always judged now: by the suites,
 * or by the commands of a document that a user added.
 */
async function judged(picked: readonly DocumentedClaim[], anew: boolean): Promise<AuditedClaim[]> {
  const known = anew ? [] : published(picked);
  const rest = picked.filter(({ id }) => anew || !PUBLISHED.has(id));
  const shipped = ({ id }: DocumentedClaim) => DOCUMENTS.some((document) => document.id === documentId(id));
  const own = rest.filter(shipped);
  const ids = new Set(own.map(({ id }) => id));
  const rows = ids.size === 0 ? [] : DOCUMENT_SUITES.flatMap(({ claims }) => claims(scaleOf(true)))
    .filter(({ id }) => isClaimRow(id) && ids.has(claimId(id)));
  const found = [...known, ...auditClaims(own, judgedWithBar(rows))];
  const others = Map.groupBy(rest.filter((claim) => !shipped(claim)), ({ id }) => documentId(id));
  for (const claims of others.values()) {
    const document = { id: documentId(claims[0].id), title: "", file: null, date: null, link: null };
    found.push(...auditClaims(claims, (await judgeDocument({ document, claims })).rows));
  }
  const place = new Map(picked.map(({ id }, i) => [id, i]));
  return found.sort((a, b) => place.get(a.id)! - place.get(b.id)!);
}

function judgedWithBar(claims: readonly Claim[]): Judged[] {
  using bar = new ProgressBar("numbers");
  return claims.map((claim, i) => {
    bar.update(i, claims.length, claim.id);
    return judge(claim);
  });
}

function answer(
  claims: readonly AuditedClaim[],
  documents: readonly SourceDocument[],
  style: Style,
  from: string,
  again: Again = ({ id }) => `deno task lab claims --id ${id} --run`,
): CommandResult {
  const titles = new Map(documents.map((document) => [document.id, document]));
  const print = {
    list: claimText,
    explain: (claim: AuditedClaim) => explained(claim, again(claim)),
    cite: (claim: AuditedClaim) => cited(claim, titles, again(claim)),
  }[style];
  const count = `${claims.length === 1 ? "1 claim" : `${claims.length} claims`}, ${from}`;
  const text = [...claims.map(print), style === "cite" ? "" : count].join("\n").trimEnd();
  return { report: { from, claims }, text, code: claims.every((claim) => claim.ok) ? 0 : 1 };
}

function places(claim: AuditedClaim): string {
  return [`${documentId(claim.id)}:${claim.line}`, ...claim.alsoAt].join(", ");
}

function claimText(claim: AuditedClaim): string {
  const head = `${claim.id}  ${claim.verdict}${claim.ok ? "" : " (not as expected)"}  ${claim.text}  [${
    places(claim)
  }]`;
  const reason = reasonOf(claim);
  return [head, ...claim.rows.flatMap(rowText), ...(reason === "" ? [] : [`    ${reason}`])].join("\n");
}

/** A row's numbers, if any. */
function rowText(row: Judged): string[] {
  if (row.measured === null && row.model === null) return [];
  const parts = [
    ...(row.printed === null ? [] : [`documented ${figure(row.printed, row.unit)}`]),
    ...(row.formula === null ? [] : [`formula ${figure(row.formula, row.unit)}`]),
    ...(row.measured === null ? [] : [`measured ${figure(row.measured, row.unit)}`]),
    ...(row.model === null ? [] : [modelText(row)]),
  ];
  return [`    ${row.what}: ${parts.join(", ")}`];
}

function explained(claim: AuditedClaim, again: string): string {
  const lines = claim.rows.flatMap((row) => {
    const found = explain(row.id);
    if (found === null) return rowText(row);
    return [
      ...rowText(row),
      ...(found.formula === null ? [] : [`        formula   ${found.formula}`]),
      ...(found.measure === null ? [] : [`        counted   ${found.measure}`]),
      ...(found.call === null ? [] : [`        by        ${found.call}`]),
      `        in        ${found.place}`,
    ];
  });
  const head = `${claim.id}  ${claim.verdict}  ${claim.text}  [${places(claim)}]`;
  return [head, ...lines, `    again     ${again}`, ""].join("\n");
}

/** A claim for a mail. */
function cited(claim: AuditedClaim, documents: ReadonlyMap<string, SourceDocument>, again: string): string {
  const document = documents.get(documentId(claim.id))!;
  const title = document.link === null ? document.title : `[${document.title}](${document.link})`;
  const date = document.date === null ? "" : `, ${document.date}`;
  const reason = reasonOf(claim);
  return [
    `> ${claim.text}`,
    "",
    `${title}${date}, line ${claim.line}: **${claim.verdict}**.${reason === "" ? "" : ` ${reason}.`}`,
    ...claim.rows.flatMap(rowText).map((line) => `- ${line.trim()}`),
    "",
    `\`${again}\`, vmemmap-lab ${VERSION}, commit ${commit()?.slice(0, 12) ?? "unknown"}`,
    "",
  ].join("\n");
}
