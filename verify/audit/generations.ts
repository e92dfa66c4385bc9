// SPDX-License-Identifier: GPL-2.0-only
// Which claims other kernels still keep: each measurement of a claim is repeated under another kernel in place of its
// document's. A claim is kept if its numbers are the same. Measurements that do not name a document's kernel (times,
// lists, defects switched on) are not comparable.

import type { CommandResult } from "../../src/cli/command.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { kernelSpec } from "../../src/kernels.ts";
import { readDocuments } from "../claims/catalogue_file.ts";
import { type Claim, figure, same } from "../claims/claim.ts";
import { measureUnder } from "../measure/generation.ts";
import { scaleOf } from "../measure/measure.ts";
import { claimId, isClaimRow } from "./audit.ts";
import { type ClaimFilter, pick } from "./pick.ts";
import { DOCUMENT_SUITES } from "../claims/suites.ts";

/** A number under one kernel. */
export interface UnderKernel {
  readonly kernel: string;
  readonly kept: boolean;
  /** Null if the kernel refuses. */
  readonly measured: number | null;
  /** Why there is no number. */
  readonly error: string | null;
}

/** A number of a claim, under its document's kernel and under others. */
export interface KeptRow {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly measured: number;
  readonly under: readonly UnderKernel[];
}

/** A claim with its comparable numbers. */
export interface KeptClaim {
  readonly id: string;
  readonly text: string;
  /** Empty if no measurement names a kernel that can be replaced. */
  readonly rows: readonly KeptRow[];
}

/** Number of claims that a kernel keeps, does not keep, and that are not comparable. */
export interface KeptCount {
  readonly kernel: string;
  readonly kept: number;
  readonly notKept: number;
  readonly notComparable: number;
}

export interface Kept {
  readonly kernels: readonly string[];
  readonly summary: readonly KeptCount[];
  readonly claims: readonly KeptClaim[];
}

/** The report of `lab claims --kernel`. */
export function keptReport(filter: ClaimFilter, kernels: readonly string[]): CommandResult {
  const report = keptClaims(filter, kernels);
  const text = [...report.claims.flatMap(claimText), ...report.summary.map(summaryText)].join("\n");
  return { report, text };
}

/** Measures the claims that match the filter under each kernel. RangeError for an unknown kernel. */
export function keptClaims(filter: ClaimFilter, kernels: readonly string[]): Kept {
  const specs = kernels.map((kernel) => kernelSpec(kernel));
  const catalogue = pick(readDocuments().flatMap(({ claims }) => claims), filter);
  const ids = new Set(catalogue.map(({ id }) => id));
  const rows = DOCUMENT_SUITES.flatMap(({ claims }) => claims(scaleOf(true)))
    .filter(({ id }) => isClaimRow(id) && ids.has(claimId(id)));
  const measured = Map.groupBy(measureAll(rows, specs), ({ id }) => claimId(id));
  const claims = catalogue.map(({ id, text }): KeptClaim => ({ id, text, rows: measured.get(id) ?? [] }));
  const summary = specs.map((kernel) => ({ kernel, ...count(claims, kernel) }));
  return { kernels: specs, summary, claims };
}

function measureAll(rows: readonly Claim[], kernels: readonly string[]): KeptRow[] {
  using bar = new ProgressBar("numbers");
  return rows.flatMap((row, i) => {
    bar.update(i, rows.length, row.id);
    return keptRow(row, kernels) ?? [];
  });
}

/** A number under every kernel; null if its measurement names no kernel that can be replaced. */
export function keptRow({ id, what, unit, measure }: Claim, kernels: readonly string[]): KeptRow | null {
  if (measure === undefined) return null;
  const measured = measure();
  const under: UnderKernel[] = [];
  for (const kernel of kernels) {
    try {
      const value = measureUnder(kernel, measure);
      if (value === null) return null;
      under.push({ kernel, kept: same(value, measured), measured: value, error: null });
    } catch (error) {
      const [why] = (error instanceof Error ? error.message : String(error)).split("\n");
      under.push({ kernel, kept: false, measured: null, error: why });
    }
  }
  return { id, what, unit, measured, under };
}

/** Counts claims for a kernel; a claim is kept if all its numbers are. */
function count(claims: readonly KeptClaim[], kernel: string) {
  const comparable = claims.filter(({ rows }) => rows.length > 0);
  const keeps = ({ rows }: KeptClaim) =>
    rows.every(({ under }) => under.every((each) => each.kernel !== kernel || each.kept));
  const kept = comparable.filter(keeps).length;
  return { kept, notKept: comparable.length - kept, notComparable: claims.length - comparable.length };
}

function claimText({ id, text, rows }: KeptClaim): string[] {
  if (rows.length === 0) return [];
  return [`${id}  ${text}`, ...rows.map(rowText)];
}

function rowText({ what, unit, measured, under }: KeptRow): string {
  const answers = under.map(({ kernel, kept, measured: value, error }) =>
    `${kernel} ${kept ? "keeps it" : error === null ? `has ${figure(value!, unit)}` : `refuses: ${error}`}`
  );
  return `    ${what}: ${figure(measured, unit)}; ${answers.join("; ")}`;
}

function summaryText(row: KeptCount): string {
  return `${row.kernel}: ${row.kept} claims kept, ${row.notKept} not, ${row.notComparable} not comparable`;
}
