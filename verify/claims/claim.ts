// SPDX-License-Identifier: GPL-2.0-only
// What a claim is and how it is judged. Three numbers meet: the one a document prints, the one the closed formula
// gives, and the one counted in the emulator. The verdict follows from them and from how many digits were printed; each
// claim also says which verdict is expected, so that a change of the emulator, of a formula or of a claim is noticed.

import type { ResultRow } from "../../results/types.ts";
import type { Scale } from "../measure/measure.ts";
import { type Band, isInside } from "../series/band.ts";

/** What reading found; open where nothing at hand decides. */
export type Reading = "right" | "wrong" | "open";

/** What becomes of a documented number; `equal` where no document says it: formula and emulator agree. */
export type Verdict = Exclude<Outcome, "disagreement">;

/** What judging may also find: the formula and the emulator differ, so one of them is wrong. */
export type Outcome = ResultRow["verdict"];

/** Unit of a claim that is or is not so: 1 is yes, 0 no. */
export const YES_NO = "yes/no";

/** The claim as one that is or is not so. */
export function yesNo(claim: Claim): Claim {
  return { ...claim, unit: YES_NO };
}

/** A value with its unit, as people read it; up to `digits` significant ones, counts in full. Words have no unit. */
export function figure(value: number | string, unit: string, digits = 7): string {
  if (unit === YES_NO) return Number(value) === 1 ? "yes" : "no";
  if (typeof value === "string" && !/\d/.test(value)) return value;
  const text = typeof value === "string" || Number.isInteger(value) ? value : Number(value.toPrecision(digits));
  return `${text} ${unit}`.trim();
}

/** What the model gives and the band in which it must lie, as text; null where nothing is modelled. */
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

/** One number to be judged. */
export interface Claim {
  /** Id of the claim in fixtures/claims, with `/part` when it makes several; any name for a check of no document. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** The number as the document prints it; none for a check of no document. */
  readonly printed?: string | null;
  /** From first principles; formulas.ts. */
  readonly formula?: number;
  /** Counted in the emulator. */
  readonly measure?: () => number;
  /** What the document's own figures give for the number it prints. */
  readonly own?: number;
  /** For a time: what the model gives for the same work on the same machine. */
  readonly model?: () => number;
  /** Where that must lie for the document's time to be within the model's error; given with `model`. */
  readonly band?: Band;
  /**
   * The verdict expected. Without formula and measurement it says why: a time on some machine, a subject that changed,
   * nothing that can be run.
   */
  readonly expected: Verdict;
  /** The reason, or what the document counts and misses. */
  readonly note?: string | null;
  /** What the measurement has found out beside its number, instead of the note. */
  readonly found?: () => string | null;
}

/** The claims of one document, or checks of one kind. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly claims: (scale: Scale) => readonly Claim[];
}

/** One suite, judged. */
export interface SuiteReport {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Judged[];
}

/** A judged claim. */
export interface Judged extends ResultRow {
  readonly expected: Verdict;
  /** The verdict is the expected one. */
  readonly ok: boolean;
}

/**
 * Measures and judges. A measurement or a model that fails, by a panic of the emulated kernel for one, is a
 * disagreement that says so. TypeError for a claim that gives neither both numbers nor a reason why it has none.
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

/** Every claim of a suite, judged; a suite that cannot say what it claims is one row that says why. */
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

/** A figure further from the document's own than this is not about the same. */
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

/** Whether a verdict is given without numbers. */
export function needsNoNumbers(verdict: Verdict): boolean {
  return verdict === "hardware-bound" || verdict === "superseded" || verdict.startsWith("read ");
}

/** Counts must be equal; ratios may differ by what floating point does. */
export function same(a: number, b: number): boolean {
  if (Number.isInteger(a) && Number.isInteger(b)) return a === b;
  return Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

/** Compares a printed number with the right one. RangeError when it is no plain decimal number. */
export function compare(printed: string, right: number): "confirmed" | "rounding" | "contradicted" {
  if (!/^-?\d+(\.\d+)?$/.test(printed)) {
    throw new RangeError(`Cannot compare with "${printed}": expected a plain decimal number`);
  }
  if (Number(printed) === right) return "confirmed";
  const digits = (printed.split(".")[1] ?? "").length;
  const scale = 10 ** digits;
  // 0.29 * 100 is 28.999...: what floating point does must not cut a digit off.
  const nearest = Math.round(right * scale);
  const cut = ((same(nearest, right * scale) ? nearest : Math.trunc(right * scale)) / scale).toFixed(digits);
  return printed === right.toFixed(digits) || printed === cut ? "rounding" : "contradicted";
}
