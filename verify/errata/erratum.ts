// SPDX-License-Identifier: GPL-2.0-only
// What an erratum is: a defect of a document or patch that can be run. It has a named switch of the kernel
// configuration, and one observation that tells the wrong behaviour from the right one, made on two kernels that differ
// in nothing else.

import { type Errata, type KernelConfig, PRESETS } from "../../mod.ts";
import type { Claim } from "../claims/claim.ts";

/** The name of an erratum's switch: a defect, or a fix that an older kernel lacks. */
export type Switch = keyof Errata | "memoryFailureHead" | "clearDynamicPgmap";

/** One defect. */
export interface Erratum {
  readonly name: Switch;
  /** Where it stands, and the claim it belongs to, if one does. */
  readonly source: string;
  readonly claim?: string;
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
