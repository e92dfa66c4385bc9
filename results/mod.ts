// SPDX-License-Identifier: GPL-2.0-only
/**
 * The results of one run of the project: the audit of the source documents, times of the benchmarks, work counters. The
 * data are results/latest.json, checked against results/schema.json when they were written.
 *
 * @example How many claims of the documents hold
 * ```ts
 * import { RESULTS } from "@vmemmap/lab/results";
 * import { assertEquals } from "@std/assert";
 *
 * const { claims } = RESULTS.audit;
 * assertEquals(claims.filter((claim) => claim.verdict === "disagreement"), []);
 * assertEquals(claims.find((claim) => claim.id === "000-11")?.verdict, "contradicted");
 * ```
 *
 * @module
 */
import latest from "./latest.json" with { type: "json" };
import type { Results } from "./types.ts";

export { RESULTS_SCHEMA, VERDICTS } from "./types.ts";
export type {
  ConformanceRow,
  GrowthRow,
  PerTibRow,
  Provenance,
  RatioRow,
  ResultClaim,
  ResultFigures,
  ResultRow,
  Results,
  ResultVerdict,
  TimeRow,
} from "./types.ts";

// The file was checked against the schema when it was written; for TypeScript its verdicts are plain strings.
const data: unknown = latest;

/** The published run. */
export const RESULTS: Results = data as Results;
