// SPDX-License-Identifier: GPL-2.0-only
// Names of globals in a process that judges claims. Not in blocks.ts: that file loads the TypeScript compiler, which
// doubles the start-up time.

/** The array of marks. */
export const MARKS = "vmemmapLabMarks";
/** Turns the invariant checker off. */
export const UNCHECKED = "vmemmapLabUnchecked";
