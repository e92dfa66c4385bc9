// SPDX-License-Identifier: GPL-2.0-only
// What an erratum is: a defect of a document or patch that can be run. It has a named switch of the kernel
// configuration, and one observation that tells the wrong behaviour from the right one, made on two kernels that differ
// in nothing else. Where a claim is about it, its place, its words and its formula are the claim's.

import { type Errata, type KernelConfig, PRESETS } from "../../mod.ts";
import { documentId } from "../claims/catalogue.ts";
import type { Claim } from "../claims/claim.ts";
import { documented } from "../claims/documented.ts";
import { savedByOne } from "../claims/hugetlb.ts";
import { devmapClaims } from "../claims/v4_devmap.ts";
import { threadClaims } from "../claims/v4_thread.ts";
import { gupClaims } from "../claims/v4_gup.ts";
import { INIT_CLAIMS } from "../claims/v4_init.ts";
import { REFERENCE_CLAIMS } from "../claims/v4_refs.ts";

/** The name of an erratum's switch: a defect, or a fix that an older kernel lacks. */
export type Switch = keyof Errata | "memoryFailureHead" | "clearDynamicPgmap";

/** One defect. */
export interface Erratum {
  readonly name: Switch;
  /** Where it stands. */
  readonly source: string;
  /** What the document or patch does, and what it should do instead. */
  readonly wrongly: string;
  readonly rightly: string;
  /** Preset it is switched on and off in. */
  readonly preset: string;
  /** What is looked at, and its unit. */
  readonly what: string;
  readonly unit: string;
  /** What the formula says one sees with the defect and without. */
  readonly wrong: number;
  readonly right: number;
  /** Runs the behaviour on a kernel with the defect or without. */
  readonly observe: (kernel: KernelConfig) => number;
}

/** Rows that errata are about. */
const ROWS = new Map(
  [...INIT_CLAIMS, ...REFERENCE_CLAIMS, ...gupClaims(), ...devmapClaims(), ...threadClaims(), ...savedByOne()].map((
    row,
  ) => [row.id, row]),
);

function rowOf(id: string): Claim & Required<Pick<Claim, "formula">> {
  const row = ROWS.get(id);
  if (row?.formula === undefined) throw new RangeError(`Cannot find "${id}": expected a row with a formula`);
  return { ...row, formula: row.formula };
}

/** The formula of a claim's row. */
export function formulaOf(id: string): number {
  return rowOf(id).formula;
}

/** Where the claim of a row stands, and what is wrong there. */
export function reasonIn(id: string): Pick<Erratum, "source" | "wrongly"> {
  const { claim } = documented(id);
  return {
    source: [`${documentId(id)}:${claim.line}`, ...claim.alsoAt].join(", "),
    wrongly: rowOf(id).note ?? claim.text,
  };
}

/** An erratum that a claim's row shows: the row counts the same, with the defect. */
export function shownBy(id: string): Pick<Erratum, "source" | "wrongly" | "what" | "unit" | "wrong"> {
  const { what, unit, formula } = rowOf(id);
  return { ...reasonIn(id), what, unit, wrong: formula };
}

/** The kernel with an erratum on or off. A fix is switched off to see the defect. */
export function kernelWith({ name, preset }: Pick<Erratum, "name" | "preset">, on: boolean): KernelConfig {
  const base = PRESETS[preset];
  const named = { ...base, name: `${preset} ${on ? "with" : "without"} ${name}` };
  if (name === "memoryFailureHead" || name === "clearDynamicPgmap") return { ...named, [name]: !on };
  return { ...named, errata: { ...base.errata, [name]: on } };
}

/** Two rows: what is seen without the defect, and with it. */
export function erratumClaims(erratum: Erratum): Claim[] {
  const { name, source, what, unit, wrong, right, observe } = erratum;
  const row = (on: boolean): Claim => ({
    id: `${name} ${on ? "on" : "off"}`,
    what,
    unit,
    formula: on ? wrong : right,
    measure: () => observe(kernelWith(erratum, on)),
    expected: "equal",
    note: `${source}: ${on ? erratum.wrongly : erratum.rightly}`,
  });
  return [row(false), row(true)];
}
