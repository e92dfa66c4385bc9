// SPDX-License-Identifier: GPL-2.0-only
// Judges the modelled times: the error of every figure, the ratios before/after, and the order of all figures. A figure
// is trained, held out, or an anomaly (held out, with the reason in its fixture).

import { median } from "../../bench/statistics.ts";
import { modelInitMs, modelMs } from "../../src/model/time.ts";
import { type CostTable, costTable, DEFAULT_COST } from "../../src/model/cost_tables.ts";
import { BOOTSTRAP_FIGURES, GUP_FIGURES, type GupFigure } from "./figures.ts";
import type { SeriesWork } from "./work.ts";

/**
 * Half of the held-out figures must be closer than the goal, and none further off than LIMIT unless it is an anomaly.
 */
export const MEDIAN_GOAL = 0.1;
export const LIMIT = 0.25;
/** Figures this close have no order: repeated runs of the documents differ as much (494 and 524 ms). */
const ORDER_MARGIN = 0.1;

export function percent(x: number): string {
  return `${(100 * x).toFixed(1)} %`;
}

/** How a figure was used. */
export type Role = "trained" | "held out" | "anomaly";

/** A figure and its modelled value. Milliseconds, or a ratio. */
export interface Judged {
  readonly id: string;
  readonly place: string;
  readonly documented: number;
  /** As printed: a number, a range or a bound. */
  readonly printed: string;
  readonly modelled: number;
  /** Modelled over documented, minus one; null if the document gives a bound. */
  readonly deviation: number | null;
  readonly role: Role;
  readonly ok: boolean;
  readonly note: string;
}

/** Every time of gup_test and of the bootstrap. */
export function judgeTimes(work: SeriesWork, cost = costTable(DEFAULT_COST)): Judged[] {
  return [...GUP_FIGURES.map((f) => judgeGup(f, modelMs(work.gup(f), cost))), ...judgeBootstraps(work, cost)];
}

function judgeGup(figure: GupFigure, modelled: number): Judged {
  const role = figure.anomaly !== undefined ? "anomaly" : figure.train ? "trained" : "held out";
  return judge({
    id: `${figure.id}, ${figure.kernel}`,
    place: figure.line === 0 ? figure.source : `001:${figure.line}`,
    documented: figure.ms,
    printed: `${figure.ms}`,
    modelled,
    role,
    note: figure.anomaly ?? "",
  });
}

function judgeBootstraps(work: SeriesWork, cost: CostTable): Judged[] {
  return BOOTSTRAP_FIGURES.map((figure) => {
    const { low, high } = figure;
    const modelled = modelInitMs(work.bootstrap(figure), cost);
    const inside = modelled >= (low ?? 0) && modelled <= high;
    const row = judge({
      id: `bootstrap ${figure.id}`,
      place: `${figure.file.slice(0, 3)}:${figure.line}`,
      documented: low === null ? high : (low + high) / 2,
      printed: low === null ? `<${high}` : `${low}-${high}`,
      modelled,
      role: figure.train ? "trained" : "held out",
      note: inside ? "inside the printed range" : "outside the printed range",
    });
    return low === null ? { ...row, deviation: null, ok: inside } : row;
  });
}

/** An anomaly that the model explains is a failure too. */
function judge(row: Omit<Judged, "deviation" | "ok">): Judged {
  const deviation = row.modelled / row.documented - 1;
  const far = Math.abs(deviation) > LIMIT;
  return { ...row, deviation, ok: row.role === "anomaly" ? far : !far };
}

/** The ratio before/after for every pair of figures: ratios are claims too. */
export function judgeRatios(times: readonly Judged[]): Judged[] {
  return GUP_FIGURES.flatMap((figure, i) => {
    if (figure.kernel !== "before") return [];
    const j = GUP_FIGURES.findIndex((f) => f.id === figure.id && f.kernel !== "before");
    const [before, after] = [times[i], times[j]];
    const inherited = before.role === "anomaly" || after.role === "anomaly" ? "one of its figures is an anomaly" : "";
    const anomaly = figure.ratioAnomaly ?? inherited;
    return [judge({
      id: `${figure.id}, before / ${GUP_FIGURES[j].kernel}`,
      place: before.place,
      documented: before.documented / after.documented,
      printed: `${(before.documented / after.documented).toFixed(1)}x`,
      modelled: before.modelled / after.modelled,
      role: anomaly !== "" ? "anomaly" : before.role === "trained" && after.role === "trained" ? "trained" : "held out",
      note: anomaly,
    })];
  });
}

/** How many pairs of figures the model puts in the documents' order. */
export interface Order {
  readonly pairs: number;
  readonly agree: number;
  /** Pairs in the wrong order, as text. */
  readonly wrong: readonly string[];
}

/** Compares every two figures that differ by more than repeated runs do, without anomalies. */
export function judgeOrder(times: readonly Judged[]): Order {
  const rows = times.filter((t) => t.role !== "anomaly" && t.deviation !== null);
  const wrong: string[] = [];
  let pairs = 0;
  for (const [i, a] of rows.entries()) {
    for (const b of rows.slice(i + 1)) {
      const documented = a.documented / b.documented;
      if (Math.abs(Math.log(documented)) <= Math.log1p(ORDER_MARGIN)) continue;
      pairs++;
      if ((documented > 1) !== (a.modelled > b.modelled)) wrong.push(`${a.id} / ${b.id}`);
    }
  }
  return { pairs, agree: pairs - wrong.length, wrong };
}

/** The held-out figure that is furthest off, without anomalies. */
export function heldOutWorst(times: readonly Judged[]): Judged {
  const rows = times.filter((t) => t.role === "held out" && t.deviation !== null);
  return rows.reduce((worst, t) => Math.abs(t.deviation!) > Math.abs(worst.deviation!) ? t : worst);
}

/** Median of |error| over the figures that were not fitted, including anomalies. */
export function heldOutMedian(times: readonly Judged[]): number {
  const errors = times.filter((t) => t.role !== "trained" && t.deviation !== null).map((t) => Math.abs(t.deviation!));
  return median(errors);
}
