// SPDX-License-Identifier: GPL-2.0-only
// From rows to claims: a claim may be judged in several rows (`000-17`, `000-17/init`), and its verdict is the worst of
// them. Every documented claim must be judged, and every row named like a claim must be documented.

import { VERDICTS } from "../../results/types.ts";
import { CommandError } from "../../src/cli/command.ts";
import type { DocumentedClaim } from "../claims/catalogue.ts";
import { failedRow, type Judged, type Outcome } from "../claims/claim.ts";

/** A claim with its verdict and rows. */
export interface AuditedClaim extends Omit<DocumentedClaim, "rows"> {
  readonly verdict: Exclude<Outcome, "equal">;
  /** Whether every row has its expected verdict. */
  readonly ok: boolean;
  readonly rows: readonly Judged[];
}

/** The claim of a row: its id without the part. */
export function claimId(rowId: string): string {
  return rowId.split("/")[0];
}

/** Whether a row judges a claim of a document, rather than being a check of its own. */
export function isClaimRow(rowId: string): boolean {
  return /^\d{3}-\d{2,3}(\/|$)/.test(rowId);
}

/**
 * Every claim of the catalogue with its verdict, in catalogue order. A claim without rows is a disagreement with a
 * note. CommandError for a row whose claim no fixture lists.
 */
export function auditClaims(catalogue: readonly DocumentedClaim[], rows: readonly Judged[]): AuditedClaim[] {
  const byClaim = Map.groupBy(rows.filter((row) => isClaimRow(row.id)), (row) => claimId(row.id));
  const audited = catalogue.map((claim) => {
    const found = byClaim.get(claim.id) ?? [failedRow(claim.id, "nothing judges this claim")];
    byClaim.delete(claim.id);
    return { ...claim, verdict: worst(found), ok: found.every((row) => row.ok), rows: found };
  });
  const [stray] = byClaim.keys();
  if (stray !== undefined) throw new CommandError(`claim ${stray} is judged, but no fixture lists it`);
  return audited;
}

function worst(rows: readonly Judged[]): AuditedClaim["verdict"] {
  const verdicts = rows.map(({ verdict }) => verdict === "equal" ? "confirmed" : verdict);
  return VERDICTS.find((verdict) => verdicts.includes(verdict))!;
}

/** Number of claims by verdict, worst first, without zeros. */
export function countVerdicts(claims: readonly Pick<AuditedClaim, "verdict">[]): Record<string, number> {
  const counts = VERDICTS.map((verdict) => [verdict, claims.filter((c) => c.verdict === verdict).length] as const);
  return Object.fromEntries(counts.filter(([, n]) => n > 0));
}

/** Notes of the rows that decide the verdict. */
export function reasonOf(claim: AuditedClaim): string {
  const decisive = claim.rows.filter((row) => row.verdict === claim.verdict);
  return [...new Set(decisive.map((row) => row.note).filter((note) => note !== null))].join("; ");
}
