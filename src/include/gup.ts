// SPDX-License-Identifier: GPL-2.0-only
// What get_user_pages_fast(), its counterparts and their inner loops share for the length of one call (mm/gup.c passes
// it from function to function). A kernel has one such record and reuses it; only one call runs at a time.

/** How pages are held: FOLL_GET or FOLL_PIN. */
export type GupMode = "get" | "pin";

/** One call that holds or returns pages. Word indexes are those of a window of the machine's memory. */
export interface GupCall {
  /** Whether to use Atomics, because other CPUs may change the same counts. */
  readonly locked: boolean;
  /** The bit of SetPageReferenced. */
  readonly referenced: number;
  mode: GupMode;
  /** Recorded pfns, and the index of the next to record or to return. */
  pages: Float64Array;
  next: number;
  /** Index of the first page that this walk recorded: *nr is `next - first`. */
  first: number;
  /** The head whose counts the tails update: where its words are, and the low word of its tails' compound_head. */
  heads: Int32Array;
  headAt: number;
  headLo: number;
  /** Word of its pin count; -1 if it is not updated. */
  pinAt: number;
}

/** The record of a kernel. */
export function newGupCall(locked: boolean, referenced: number): GupCall {
  return {
    locked,
    referenced,
    mode: "get",
    pages: new Float64Array(0),
    next: 0,
    first: 0,
    heads: new Int32Array(0),
    headAt: 0,
    headLo: 0,
    pinAt: -1,
  };
}
