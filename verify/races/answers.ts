// SPDX-License-Identifier: GPL-2.0-only
// Statements about explored races: the results make each true or false, and the text is printed with that verdict.
// "Safe" means that nothing went wrong in any schedule.

import { daxAnswers } from "./dax_answers.ts";
import type { Answer, Race } from "./race.ts";
import { ramAnswers } from "./ram_answers.ts";

/** The answers from the results. */
export function answers(races: readonly Race[]): Answer[] {
  return [...daxAnswers(races), ...ramAnswers(races)];
}
