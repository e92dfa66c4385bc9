// SPDX-License-Identifier: GPL-2.0-only
// What a claim is and how it is judged. Three numbers meet: the one a document prints, the one the closed formula
// gives, and the one counted in the emulator. The verdict follows from them and from how many digits were printed; each
// claim also says which verdict is expected, so that a change of the emulator, of a formula or of a claim is noticed.

/** What becomes of a documented number. */
export type Verdict =
  /** Exactly right. */
  | "confirmed"
  /** Right within the printed digits, rounded or cut off. */
  | "rounding"
  /** Wrong; the formula and the emulator agree on another number. */
  | "contradicted"
  /** A time: it depends on the machine, so nothing here can confirm it. */
  | "hardware-bound"
  /** True when written, not of the kernels that came after. */
  | "superseded"
  /** Neither a number nor a behaviour: judged by reading; the reason says with what result. */
  | "read"
  /** No document says it: formula and emulator agree. */
  | "equal";

/** What judging may also find: the formula and the emulator differ, so one of them is wrong. */
export type Outcome = Verdict | "disagreement";

/** One number to be judged. */
export interface Claim {
  /** Id of the claim in fixtures/claims, with `/part` when it makes several; any name for a check of no document. */
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  /** The number as the document prints it; absent for a check of no document. */
  readonly printed?: string;
  /** From first principles; formulas.ts. */
  readonly formula?: number;
  /** Counted in the emulator. */
  readonly measure?: () => number;
  /**
   * Why formula and measurement are absent: a time on some machine, a subject that changed, nothing that can be run.
   */
  readonly without?: "hardware" | "superseded" | "read";
  /** For a time: what the model gives for the same work on the same machine. */
  readonly model?: () => number;
  readonly expected: Verdict;
  /** The reason, or what the document counts and misses. */
  readonly note?: string;
}

/** A judged claim. */
export interface Judged {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly printed: string | null;
  readonly formula: number | null;
  readonly measured: number | null;
  readonly model: number | null;
  readonly verdict: Outcome;
  readonly expected: Verdict;
  /** The verdict is the expected one. */
  readonly ok: boolean;
  readonly note: string | null;
}

/**
 * Measures and judges. A measurement that fails, by a panic of the emulated kernel for one, is a disagreement.
 * TypeError for a claim that gives neither both numbers nor a reason why it has none.
 */
export function judge(claim: Claim): Judged {
  const { id, what, unit, printed, formula, expected } = claim;
  let { note } = claim;
  let measured: number | undefined;
  try {
    measured = claim.measure?.();
  } catch (error) {
    measured = NaN;
    note = `measuring failed: ${error instanceof Error ? error.message : error}`;
  }
  const verdict = outcome(claim, measured);
  return {
    id,
    what,
    unit,
    printed: printed ?? null,
    formula: formula ?? null,
    measured: measured ?? null,
    model: claim.model?.() ?? null,
    verdict,
    expected,
    ok: verdict === expected,
    note: note ?? null,
  };
}

function outcome(claim: Claim, measured: number | undefined): Outcome {
  const { id, formula, printed, without } = claim;
  if (formula === undefined || measured === undefined) {
    if (formula !== undefined || measured !== undefined || without === undefined) {
      throw new TypeError(`Cannot judge claim ${id}: expected a formula and a measurement, or why it has neither`);
    }
    if (without !== "hardware" && !claim.note) throw new TypeError(`Cannot judge claim ${id}: expected the reason`);
    return without === "hardware" ? "hardware-bound" : without;
  }
  if (!same(formula, measured)) return "disagreement";
  return printed === undefined ? "equal" : compare(printed, measured);
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
