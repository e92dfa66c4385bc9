// SPDX-License-Identifier: GPL-2.0-only
// Judges rows of the documents' claims in a copy of the project that has a mutant, or marks in its blocks. Reads a job
// as JSON on standard input; writes an answer per line on standard output.

import type { Judged } from "../claims/claim.ts";
import { MARKS, UNCHECKED } from "./marks.ts";

/** One claim to judge, with or without the invariant checker. */
export interface Asked {
  readonly id: string;
  readonly unchecked: boolean;
}

/** The claims to judge, and the number of marked blocks. */
export interface ClaimJob {
  readonly claims: readonly Asked[];
  readonly blocks: number;
}

/** The rows of one claim, and the blocks that ran since the job arrived. One line per claim. */
export interface ClaimAnswer {
  readonly id: string;
  readonly rows: readonly Judged[];
  readonly ran: readonly number[];
}

if (import.meta.main) await answer(await new Response(Deno.stdin.readable).json());

async function answer({ claims: asked, blocks }: ClaimJob): Promise<void> {
  const ran = new Uint8Array(blocks);
  Object.assign(globalThis, { [MARKS]: ran });
  const { judge } = await import("../claims/claim.ts");
  const { DOCUMENT_SUITES } = await import("../claims/suites.ts");
  const { claimId } = await import("../audit/audit.ts");
  const { scaleOf } = await import("../measure/measure.ts");
  const claims = DOCUMENT_SUITES.flatMap((suite) => suite.claims(scaleOf(true)));
  // What modules do when loaded is not part of a measurement.
  ran.fill(0);
  for (const { id, unchecked } of asked) {
    Object.assign(globalThis, { [UNCHECKED]: unchecked });
    const rows = claims.filter((claim) => claimId(claim.id) === id).map(judge);
    const line: ClaimAnswer = { id, rows, ran: [...ran.keys()].filter((i) => ran[i] === 1) };
    console.log(JSON.stringify(line));
  }
}
