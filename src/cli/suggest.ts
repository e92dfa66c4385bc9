// SPDX-License-Identifier: GPL-2.0-only
// Finds the known word nearest to a mistyped one.

import { levenshteinDistance } from "@std/text/levenshtein-distance";

/** ` (did you mean "plan"?)`, or nothing if no known word is near the given one. */
export function didYouMean(given: string, known: readonly string[]): string {
  if (given === "") return "";
  const far = (word: string) => levenshteinDistance(given.toLowerCase(), word.toLowerCase());
  const near = known.filter((word) => far(word) <= Math.max(1, Math.floor(word.length / 3)));
  if (near.length === 0) return "";
  return ` (did you mean "${near.reduce((best, word) => far(word) < far(best) ? word : best)}"?)`;
}
