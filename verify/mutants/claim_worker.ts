// SPDX-License-Identifier: GPL-2.0-only
// Judges rows of the documents' claims in a copy of the project, which a mutant was put into or whose blocks leave
// marks. The job is JSON on the standard input, answers are lines on the standard output.

import type { Judged } from "../claims/claim.ts";
import { MARKS, UNCHECKED } from "./marks.ts";

/** One claim to judge, with the checker of the invariants or without. */
export interface Asked {
  readonly id: string;
  readonly unchecked: boolean;
}

/** Which claims to judge, and how many blocks leave marks. */
export interface ClaimJob {
  readonly claims: readonly Asked[];
  readonly blocks: number;
}

/** The rows of one of them, and the numbers of the blocks that ran since the job came. One line a claim. */
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
  // What modules do when they are loaded is no part of a measurement.
  ran.fill(0);
  for (const { id, unchecked } of asked) {
    Object.assign(globalThis, { [UNCHECKED]: unchecked });
    const rows = claims.filter((claim) => claimId(claim.id) === id).map(judge);
    const line: ClaimAnswer = { id, rows, ran: [...ran.keys()].filter((i) => ran[i] === 1) };
    console.log(JSON.stringify(line));
  }
}
