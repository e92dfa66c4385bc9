// SPDX-License-Identifier: GPL-2.0-only
// Real kernels, measured on virtual machines, against the emulator with the same configuration: a row of `task verify`
// per captured row. "Documented" is the number of fields from Linux, "formula" and "measured" the number of them that
// are equal; fields that differ for a known cause (known.ts) count, and are named.

import type { Claim, Suite } from "../claims/claim.ts";
import { type Capture, captures } from "./captures.ts";
import type { CapturedRow } from "./row.ts";
import { type Compared, compareRow, type Difference, rowsOf } from "./compare.ts";

/** Suite of the captured kernels. */
export const LINUX: Suite = {
  name: "linux",
  title: "Linux as measured",
  claims: () => captures().flatMap((capture) => rowsOf(capture).map((row) => rowClaim(capture, row))),
};

/** How the note of a row begins that differs for a known cause. */
export const KNOWN_DIFFERENCE = "known difference";

function rowClaim(capture: Capture, row: CapturedRow): Claim {
  const { folder, scenario } = capture;
  let known: readonly Difference[] = [];
  const fields = Object.keys(row.linux).length;
  const formulas = compareRow(capture, { ...row, emulate: () => row.linux }).formulas;
  return {
    id: `${folder.replace(/^linux-/, "")} ${scenario}`,
    what: `${row.name}: fields as on Linux`,
    unit: "",
    printed: String(fields),
    formula: fields - formulas.filter(unexplained).length,
    measure: () => {
      const compared = compareRow(capture, row);
      known = compared.differences;
      return equalFields(compared);
    },
    expected: "confirmed",
    found: () => known.map((d) => `${KNOWN_DIFFERENCE}: ${describe(d)}: ${d.cause}`).join("; ") || null,
  };
}

/** Number of fields that are equal or differ for a known cause; others are an error that names them. */
function equalFields({ fields, differences }: Compared): number {
  const wrong = differences.filter(unexplained);
  if (wrong.length > 0) throw new Error(`${wrong.map(describe).join("; ")}`);
  return fields;
}

function unexplained({ cause }: Difference): boolean {
  return cause === undefined;
}

/** Describes a difference. */
export function describe({ field, linux, here }: Difference): string {
  return `${field}: Linux ${JSON.stringify(linux)}, here ${JSON.stringify(here)}`;
}
