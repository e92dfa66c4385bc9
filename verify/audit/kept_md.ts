// SPDX-License-Identifier: GPL-2.0-only
// The part of verify/AUDIT.md about current kernels: how many claims each keeps, and every number that one of them does
// not keep. Measuring is too slow for a test, so `deno task audit` stores the result beside this file.

import { writeFile } from "../../src/cli/write_file.ts";
import { figure } from "../claims/claim.ts";
import { type Kept, keptClaims, type KeptCount, type KeptRow } from "./generations.ts";

/** Kernels in use: Debian 12, Debian 13, and the newest captured one. */
const KERNELS_OF_TODAY = ["6.1", "6.12", "7.3"];

const STORED = new URL("kept.json", import.meta.url);

/** The stored counts, and the numbers that at least one kernel does not keep. */
export interface KeptTable {
  readonly summary: readonly KeptCount[];
  readonly lost: readonly KeptRow[];
}

export function keptTable({ summary, claims }: Kept): KeptTable {
  const rows = claims.flatMap(({ rows }) => rows);
  return { summary, lost: rows.filter(({ under }) => under.some(({ kept }) => !kept)) };
}

export function storedKept(): KeptTable {
  return JSON.parse(Deno.readTextFileSync(STORED));
}

/** Measures all claims under these kernels and stores the result. */
export async function measureKept(): Promise<KeptTable> {
  const table = keptTable(keptClaims({}, KERNELS_OF_TODAY));
  await writeFile(STORED.pathname, `${JSON.stringify(table, null, 2)}\n`);
  return table;
}

/** Two tables: the counts, and the numbers no longer kept. `line` makes a Markdown table. */
export function keptMarkdown(
  { summary, lost }: KeptTable,
  table: (head: readonly string[], rows: readonly (readonly string[])[]) => string[],
): string[] {
  const counts = summary.map(({ kernel, kept, notKept, notComparable }) =>
    [kernel, kept, notKept, notComparable].map(String)
  );
  return [
    "## What current kernels keep",
    "",
    "The numbers of each claim are measured again with a current kernel in place of the document's. If they are the same, the",
    "claim is kept, whatever its verdict. A claim whose measurements name no kernel of a document is not comparable. For one",
    "claim and any kernels: `deno task lab claims --id ID --kernel 6.1,7.3`.",
    "",
    ...table(["Kernel", "kept", "not kept", "not comparable"], counts),
    "Numbers that at least one of them does not keep; `=` marks those that do.",
    "",
    ...table(["Claim", "Number", "Document's kernel", ...summary.map(({ kernel }) => kernel)], lost.map(lostCells)),
  ];
}

function lostCells({ id, what, unit, measured, under }: KeptRow): string[] {
  const cells = under.map(({ kept, measured: value, error }) =>
    kept ? "=" : value === null ? `refused: ${error}` : figure(value, unit, 4)
  );
  return [id, what, figure(measured, unit, 4), ...cells];
}
