// SPDX-License-Identifier: GPL-2.0-only
// Statements over explored races: each is true or false of the results, and the text is printed with the verdict found.
// "Safe" is: no schedule in which anything went wrong.

import { daxAnswers } from "./dax_answers.ts";
import type { Answer, Race } from "./race.ts";
import { ramAnswers } from "./ram_answers.ts";

/** The answers the results give. */
export function answers(races: readonly Race[]): Answer[] {
  return [...daxAnswers(races), ...ramAnswers(races)];
}
