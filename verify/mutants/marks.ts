// SPDX-License-Identifier: GPL-2.0-only
// Names among the globals of a process that judges claims. They stand apart from blocks.ts, since one that loads the
// compiler takes twice as long to start.

/** The array of marks. */
export const MARKS = "vmemmapLabMarks";
/** The switch that turns the checker of the invariants off. */
export const UNCHECKED = "vmemmapLabUnchecked";
