// SPDX-License-Identifier: GPL-2.0-only
// Judges suites in workers, one per group of suites.ts. Whatever breaks becomes a failed row: a row that cannot be
// judged, a suite that throws, a worker that dies.

import { failedRow, type Outcome, type Suite, type SuiteReport } from "../claims/claim.ts";
import type { DocumentedClaim } from "../claims/catalogue.ts";
import { auditClaims, type AuditedClaim } from "./audit.ts";
import { SUITE_GROUPS } from "./suites.ts";

/** Printed with `--json`. */
export interface Report {
  readonly quick: boolean;
  readonly ok: boolean;
  /** Number of rows by verdict. */
  readonly verdicts: Readonly<Partial<Record<Outcome, number>>>;
  readonly suites: readonly SuiteReport[];
  /** The documented claims with their verdicts. */
  readonly claims: readonly AuditedClaim[];
}

/** What a worker has to judge; it answers suite by suite. */
export interface Job {
  readonly group: number;
  readonly names: readonly string[];
  readonly quick: boolean;
}

/**
 * Judges suites, with a worker per group; `done` is called for each finished suite. Rows are in the order of `suites`.
 */
export async function judgeParallel(
  suites: readonly Suite[],
  quick: boolean,
  done: (suite: SuiteReport) => void = () => {},
): Promise<SuiteReport[]> {
  const found = new Map<string, SuiteReport>();
  const groups = SUITE_GROUPS.map((group) => group.filter((suite) => suites.includes(suite)));
  await Promise.all(
    groups.map((group, i) =>
      group.length === 0 ? undefined : judgeInWorker({ group: i, names: group.map((s) => s.name), quick }, (suite) => {
        found.set(suite.name, suite);
        done(suite);
      })
    ),
  );
  return suites.map(({ name, title }) =>
    found.get(name) ?? { name, title, rows: [failedRow(name, "the worker died before it came to this suite")] }
  );
}

function judgeInWorker(job: Job, done: (suite: SuiteReport) => void): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  let left = job.names.length;
  return new Promise<void>((resolve) => {
    worker.onmessage = ({ data }: MessageEvent<SuiteReport>) => {
      done(data);
      if (--left === 0) resolve();
    };
    // Suites without an answer become failed rows.
    worker.onerror = (event) => {
      event.preventDefault();
      resolve();
    };
    worker.postMessage(job);
  }).finally(() => worker.terminate());
}

/** Everything that was judged, with a verdict for every claim of the catalogue. */
export function reportOf(
  suites: readonly SuiteReport[],
  catalogue: readonly DocumentedClaim[],
  quick: boolean,
): Report {
  const rows = suites.flatMap((suite) => suite.rows);
  const verdicts: Partial<Record<Outcome, number>> = {};
  for (const { verdict } of rows) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const claims = auditClaims(catalogue, rows);
  const ok = rows.every((row) => row.ok) && claims.every((claim) => claim.ok);
  return { quick, ok, verdicts, suites, claims };
}
