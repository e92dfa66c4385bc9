// SPDX-License-Identifier: GPL-2.0-only
// A claim and its verdict. Three numbers are compared: the one a document prints, the one a closed formula gives, and
// the one counted in the emulator. The verdict follows from them and from the number of printed digits. Each claim also
// states the verdict it expects, so that a change of the emulator, a formula or a claim is noticed.

import type { ResultRow } from "../../results/types.ts";
import type { Scale } from "../measure/measure.ts";
import { type Band, isInside } from "../series/band.ts";

/** What reading found; open if nothing available decides. */
export type Reading = "right" | "wrong" | "open";

/** The verdict on a documented number; `equal` for a check of no document: formula and emulator agree. */
export type Verdict = Exclude<Outcome, "disagreement">;

/** Judging may also find that formula and emulator differ, so that one of them is wrong. */
export type Outcome = ResultRow["verdict"];

/** Unit of a claim that is true (1) or false (0). */
export const YES_NO = "yes/no";

export function yesNo(claim: Claim): Claim {
  return { ...claim, unit: YES_NO };
}

/** A value with its unit, as printed: up to `digits` significant digits, counts in full. Words have no unit. */
export function figure(value: number | string, unit: string, digits = 7): string {
  if (unit === YES_NO) return Number(value) === 1 ? "yes" : "no";
  if (typeof value === "string" && !/\d/.test(value)) return value;
  const text = typeof value === "string" || Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  return `${text} ${unit}`.trim();
}

/** The modelled value and the band it must be in, as text; null if nothing is modelled. */
export function modelText(
  { model, band, unit }: Pick<ResultRow, "model" | "band" | "unit">,
  digits = 7,
): string | null {
  if (model === null) return null;
  const text = `modelled ${figure(model, unit, digits)}`;
  if (!band) return text;
  const [low, high] = band.map((end) => end === null ? null : figure(end, "", 3));
  return `${text}, band ${high === null ? `from ${low}` : `${low} to ${high}`}`;
}

/** One number to judge. */
export interface Claim {
  /** Id of the claim in fixtures/claims, with `/part` if it has several; any name for a check of no document. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** The number as the document prints it; none for a check of no document. */
  readonly printed?: string | null;
  /** From first principles (verify/formulas). */
  readonly formula?: number;
  /** Counted in the emulator. */
  readonly measure?: () => number;
  /** The value that the document's other figures imply for this one. */
  readonly own?: number;
  /** For a time: the model's value for the same work on the same machine. */
  readonly model?: () => number;
  /** Where that value must be, for the document's time to be within the model's error; required with `model`. */
  readonly band?: Band;
  /**
   * The expected verdict. Without formula and measurement it gives the reason: a time on some machine, a subject that
   * changed, or nothing that can be run.
   */
  readonly expected: Verdict;
  /** The reason, or what the document counts and omits. */
  readonly note?: string | null;
  /** A finding of the measurement besides its number; replaces the note. */
  readonly found?: () => string | null;
}

/** A check of no document: formula and measurement must be equal. */
export function check(id: string, what: string, formula: number, measure: () => number, unit = ""): Claim {
  return { id, what, unit, formula, measure, expected: "equal" };
}

/** The claims of one document, or checks of one kind. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly claims: (scale: Scale) => readonly Claim[];
}

export interface SuiteReport {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Judged[];
}

export interface Judged extends ResultRow {
  readonly expected: Verdict;
  /** Whether the verdict is the expected one. */
  readonly ok: boolean;
}

/**
 * Measures and judges. A measurement or model that fails, for example by a panic of the emulated kernel, is a
 * disagreement with a note. TypeError for a claim that has neither both numbers nor a reason.
 */
export function judge(claim: Claim): Judged {
  const { id, what, unit, printed, formula, expected, note } = claim;
  const failures: string[] = [];
  const attempt = (doing: string, run: (() => number) | undefined): number | null => {
    try {
      return run?.() ?? null;
    } catch (error) {
      failures.push(`${doing} failed: ${messageOf(error)}`);
      return null;
    }
  };
  const measured = attempt("measuring", claim.measure);
  const model = attempt("modelling", claim.model);
  const verdict = failures.length > 0 ? "disagreement" : outcome(claim, measured, model);
  return {
    id,
    what,
    unit,
    printed: printed ?? null,
    formula: formula ?? claim.own ?? null,
    measured,
    model,
    band: claim.band ?? null,
    verdict,
    expected,
    ok: verdict === expected,
    note: failures.length > 0 ? failures.join("; ") : claim.found?.() ?? note ?? null,
  };
}

/** Judges every claim of a suite; a suite that cannot list its claims becomes one row with the reason. */
export function judgeSuite({ name, title, claims }: Suite, scale: Scale): SuiteReport {
  try {
    return { name, title, rows: claims(scale).map(judge) };
  } catch (error) {
    return { name, title, rows: [failedRow(name, `the suite failed: ${messageOf(error)}`)] };
  }
}

/** A row for what could not be judged. */
export function failedRow(id: string, note: string): Judged {
  const numbers = { unit: "", printed: null, formula: null, measured: null, model: null, band: null };
  return { id, what: "judging", ...numbers, verdict: "disagreement", expected: "equal", ok: false, note };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}

/** A figure further off from the document's own is inconsistent with it. */
const OWN_TOLERANCE = 0.1;

function outcome(claim: Claim, measured: number | null, model: number | null): Outcome {
  const { id, formula, printed = null, expected, own, band } = claim;
  if (model !== null) {
    if (band === undefined) throw new TypeError(`Cannot judge claim ${id}: expected the band of the modelled value`);
    return isInside(band, model) ? "inside band" : "outside band";
  }
  if (own !== undefined) {
    const off = Math.abs(Number(printed) / own - 1);
    return off <= OWN_TOLERANCE ? "hardware-bound" : "inconsistent";
  }
  if (formula === undefined && measured === null && needsNoNumbers(expected)) {
    if (!claim.note) throw new TypeError(`Cannot judge claim ${id}: expected the reason`);
    return expected;
  }
  if (formula === undefined || measured === null) {
    throw new TypeError(`Cannot judge claim ${id}: expected a formula and a measurement, or why it has neither`);
  }
  if (!same(formula, measured)) return "disagreement";
  return printed === null ? "equal" : compare(printed, measured);
}

/** Whether a verdict needs no numbers. */
export function needsNoNumbers(verdict: Verdict): boolean {
  return verdict === "hardware-bound" || verdict === "superseded" || verdict.startsWith("read ");
}

/** Counts must be equal; ratios may differ by rounding errors of floating point. */
export function same(a: number, b: number): boolean {
  if (Number.isInteger(a) && Number.isInteger(b)) return a === b;
  return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

/** Compares a printed number with the right one. RangeError unless it is a plain decimal number. */
export function compare(printed: string, right: number): "confirmed" | "rounding" | "contradicted" {
  if (!/^-?\d+(\.\d+)?$/.test(printed)) {
    throw new RangeError(`Cannot compare with "${printed}": expected a plain decimal number`);
  }
  if (Number(printed) === right) return "confirmed";
  const digits = (printed.split(".")[1] ?? "").length;
  const scale = 10 ** digits;
  // 0.29 * 100 is 28.999...: a rounding error must not cut off a digit.
  const nearest = Math.round(right * scale);
  const cut = ((same(nearest, right * scale) ? nearest : Math.trunc(right * scale)) / scale).toFixed(digits);
  return printed === right.toFixed(digits) || printed === cut ? "rounding" : "contradicted";
}
