// SPDX-License-Identifier: GPL-2.0-only
// An erratum: a defect of a document or patch that can be run. It has a named switch in the kernel configuration, and
// one observation that distinguishes wrong from right behaviour on two kernels that differ only in that switch. If a
// claim is about it, its place, text and formula come from the claim.

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

/** An erratum's switch: a defect, or a fix that an older kernel lacks. */
export type Switch = keyof Errata | "memoryFailureHead" | "clearDynamicPgmap";

export interface Erratum {
  readonly name: Switch;
  /** Where the document or patch has it. */
  readonly source: string;
  /** What the document or patch does, and what it should do instead. */
  readonly wrongly: string;
  readonly rightly: string;
  /** The preset with which both kernels are made. */
  readonly preset: string;
  /** What is observed, and its unit. */
  readonly what: string;
  readonly unit: string;
  /** The formula's value with the defect and without. */
  readonly wrong: number;
  readonly right: number;
  /** Runs the behaviour on a kernel with or without the defect. */
  readonly observe: (kernel: KernelConfig) => number;
}

/** Values of an erratum that does not state them. */
const DEFAULTS = { preset: "v4", unit: "", right: 0 };
export type ErratumRow = Omit<Erratum, keyof typeof DEFAULTS> & Partial<Pick<Erratum, keyof typeof DEFAULTS>>;

/** Adds the defaults: an observation without a unit, 0 without the defect, on v4. */
export function errata(rows: readonly ErratumRow[]): Erratum[] {
  return rows.map((row) => ({ ...DEFAULTS, ...row }));
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

/** The formula's value of a claim's row. */
export function formulaOf(id: string): number {
  return rowOf(id).formula;
}

/** The place of a row's claim, and what is wrong there. */
export function reasonIn(id: string): Pick<Erratum, "source" | "wrongly"> {
  const { claim } = documented(id);
  return {
    source: [`${documentId(id)}:${claim.line}`, ...claim.alsoAt].join(", "),
    wrongly: rowOf(id).note ?? claim.text,
  };
}

/** An erratum that a claim's row already measures, with the same count for the defect. */
export function shownBy(id: string): Pick<Erratum, "source" | "wrongly" | "what" | "unit" | "wrong"> {
  const { what, unit, formula } = rowOf(id);
  return { ...reasonIn(id), what, unit, wrong: formula };
}

/** The kernel with an erratum on or off. A fix is switched off to show the defect. */
export function kernelWith({ name, preset }: Pick<Erratum, "name" | "preset">, on: boolean): KernelConfig {
  const base = PRESETS[preset];
  const named = { ...base, name: `${preset} ${on ? "with" : "without"} ${name}` };
  if (name === "memoryFailureHead" || name === "clearDynamicPgmap") return { ...named, [name]: !on };
  return { ...named, errata: { ...base.errata, [name]: on } };
}

/** Two rows: without the defect, and with it. */
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
