// SPDX-License-Identifier: GPL-2.0-only
// The documents' times. Nothing here can confirm one: it is their machine's. Where the model has costs for the work, its
// value stands beside: counters of the same run on the emulator times the cost table of their machine (src/model).

import { modelInitMs, modelMs } from "../src/model/clock.ts";
import { costTable, DEFAULT_COST } from "../src/model/cost_tables.ts";
import type { Claim } from "./claim.ts";
import { BOOTSTRAP_FIGURES, GUP_FIGURES } from "./series_figures.ts";
import { SeriesWork } from "./series_work.ts";

/** A time of somebody's machine, with the model's value if there is one. */
export function time(id: string, what: string, printed: string, unit: string, model?: () => number): Claim {
  const claim = { id, what, printed, unit, without: "hardware", expected: "hardware-bound" } as const;
  return model === undefined ? claim : { ...claim, model };
}

/** The runs behind the times, 4 GiB of each: work is proportional to pages, and a 1G device needs a few. */
const WORK = new SeriesWork(4096);

/** A gup_test time of seed 001 before or after patch 8, by the line of its cover letter. */
export function gupTime(id: string, what: string, line: number): Claim[] {
  return GUP_FIGURES.filter((figure) => figure.line === line).map((figure) => {
    const when = figure.kernel === "before" ? "before" : "after";
    const model = () => modelMs(WORK.gup(figure), costTable(DEFAULT_COST));
    return time(`${id}/${when}`, `${what}, ${when}`, String(figure.ms), "ms", model);
  });
}

/** A bootstrap time, by its name in fixtures/series. */
export function bootstrapTime(id: string, what: string, name: string): Claim {
  const figure = BOOTSTRAP_FIGURES.find((f) => f.id === name);
  if (figure === undefined) throw new RangeError(`Cannot find bootstrap time "${name}": expected one of the fixture`);
  const printed = figure.low === null ? `<${figure.high}` : `${figure.low}-${figure.high}`;
  return time(id, what, printed, "ms", () => modelInitMs(WORK.bootstrap(figure), costTable(DEFAULT_COST)));
}
