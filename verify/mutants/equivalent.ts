// SPDX-License-Identifier: GPL-2.0-only
// Mutants that change nothing anybody could see, with the reason. A line is named by its file and its text, trimmed, so
// that the list outlives changes elsewhere in the file; a test says when a line is gone.

import type { Mutant } from "./operators.ts";

/** A mutant that is no defect. */
export interface Equivalent {
  readonly file: string;
  /** The line as it is, and as the mutant has it. */
  readonly line: string;
  readonly mutant: string;
  readonly why: string;
}

/** The list. */
export const EQUIVALENT: readonly Equivalent[] = [];

/** A mutant's line, before and after. */
export function lines(text: string, { at, text: old, replacement }: Mutant): { line: string; mutant: string } {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const stop = text.indexOf("\n", at + old.length);
  const end = stop < 0 ? text.length : stop;
  return {
    line: text.slice(start, end).trim(),
    mutant: (text.slice(start, at) + replacement + text.slice(at + old.length, end)).trim(),
  };
}

/** Why a mutant is none; null when it is one. */
export function whyEquivalent(text: string, mutant: Mutant): string | null {
  const changed = lines(text, mutant);
  const same = (e: Equivalent) => e.file === mutant.file && e.line === changed.line && e.mutant === changed.mutant;
  return EQUIVALENT.find(same)?.why ?? null;
}
