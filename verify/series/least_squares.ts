// SPDX-License-Identifier: GPL-2.0-only
// Least squares with non-negative coefficients. The solver is ml-fcnnls (mljs, MIT, typed): the fast combinatorial
// algorithm of Van Benthem and Keenan, and the only maintained NNLS in the npm registry without native code. Errors are
// relative, so that a figure of 6 ms counts as much as one of 500.

import { fcnnlsVector } from "ml-fcnnls";

/** One equation: counts of the unknowns, the contribution of the known terms, and the value to reach. */
export interface Equation {
  readonly counts: readonly number[];
  readonly known: number;
  readonly value: number;
}

/** The result of a fit. */
export interface Fit {
  /** One coefficient per unknown. */
  readonly costs: readonly number[];
  readonly equations: number;
  readonly unknowns: number;
  /** Largest relative error of an equation. */
  readonly worst: number;
}

/** Finds costs >= 0 that minimise the sum of squared relative errors. RangeError with fewer equations than unknowns. */
export function fitCosts(equations: readonly Equation[]): Fit {
  const unknowns = equations[0]?.counts.length ?? 0;
  if (equations.length < unknowns || unknowns === 0) {
    throw new RangeError(`Cannot fit ${unknowns} costs: got ${equations.length} equations, expected at least as many`);
  }
  // Scales columns to equal size, so that the solver's tolerance suits all: counts range from single calls to millions
  // of pages.
  const relative = equations.map(({ counts, value }) => counts.map((n) => n / value));
  const scales = relative[0].map((_, j) => Math.max(...relative.map((row) => row[j])) || 1);
  const x = relative.map((row) => row.map((n, j) => n / scales[j]));
  const y = equations.map(({ known, value }) => 1 - known / value);
  const k = fcnnlsVector(x, y).K;
  const costs = scales.map((scale, j) => k.get(j, 0) / scale);
  const errors = equations.map(({ counts, known, value }) => {
    return Math.abs(counts.reduce((sum, n, j) => sum + n * costs[j], known) / value - 1);
  });
  return { costs, equations: equations.length, unknowns, worst: Math.max(...errors) };
}
