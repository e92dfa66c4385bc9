// SPDX-License-Identifier: GPL-2.0-only
// What --check adds to a command: a line of text, and exit 1 when an invariant does not hold.

import type { InvariantCheck } from "../scenario/checked.ts";

/** 1 when the checker objects. */
export function exitCode(invariants: InvariantCheck | null): number {
  return invariants === null || invariants.objection === null ? 0 : 1;
}

/** What the checker says, in a line; none where it was not asked. */
export function checkedText(invariants: InvariantCheck | null): string[] {
  if (invariants === null) return [];
  return [`  invariants        ${invariants.objection === null ? "all hold" : `violated: ${invariants.objection}`}`];
}
