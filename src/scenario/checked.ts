// SPDX-License-Identifier: GPL-2.0-only
// Runs the invariant checker at the end of a scenario, for `check`: violations become part of the report.

import { checkInvariants } from "../debug_vm/debug_vm.ts";
import { KernelPanic } from "../lib/bug.ts";
import type { Kernel } from "../mm/kernel.ts";

/** Result of the invariant checker. */
export interface InvariantCheck {
  /** The first invariant that does not hold, by number, and what was found; null if all hold. */
  readonly objection: string | null;
}

/** A report of a machine that may have been checked. */
export interface Checked {
  /** What the invariant checker found; null without `check`. */
  readonly invariants: InvariantCheck | null;
}

/** Checks every invariant if `wanted`; null otherwise. */
export function checkedIf(wanted: boolean, k: Kernel): InvariantCheck | null {
  if (!wanted) return null;
  try {
    checkInvariants(k);
    return { objection: null };
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error;
    return { objection: error.message };
  }
}

/** The first check that failed, or else the last one. */
export function firstObjection(...checks: readonly (InvariantCheck | null)[]): InvariantCheck | null {
  return checks.find((check) => check !== null && check.objection !== null) ?? checks.at(-1) ?? null;
}
