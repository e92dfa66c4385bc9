// SPDX-License-Identifier: GPL-2.0-only
// What --check adds to a command: a line of text, and exit 1 when an invariant does not hold.

import type { InvariantCheck } from "../scenario/checked.ts";

/** 1 if the checker found a violation. */
export function exitCode(invariants: InvariantCheck | null): number {
  return invariants === null || invariants.objection === null ? 0 : 1;
}

/** The checker's result as a line; none without a check. */
export function checkedText(invariants: InvariantCheck | null): string[] {
  if (invariants === null) return [];
  return [`  invariants        ${invariants.objection === null ? "all hold" : `violated: ${invariants.objection}`}`];
}
