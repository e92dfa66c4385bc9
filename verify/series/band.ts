// SPDX-License-Identifier: GPL-2.0-only
// How far off the model is on figures that it was not fitted to, and the resulting band for its value of a documented
// time:
//
//   printed 59         59 / MODEL_BAND  to   59 * MODEL_BAND
//   printed 268-358   268 / MODEL_BAND  to  358 * MODEL_BAND
//   printed <1                0         to    1 * MODEL_BAND
//
// The factor is a jackknife interval. Each figure's error comes from a fit without that figure, anomalies included; one
// in ten errors may exceed the factor.

import type { CostTable } from "../../src/model/cost_tables.ts";
import { type Judged, judgeTimes } from "./judge.ts";
import type { SeriesWork } from "./work.ts";

/** Share of new figures that the band should contain. */
const LEVEL = 0.9;

/**
 * Factor either way, from {@linkcode modelBand} on runs of 16 GiB and more; verify:series fails when it is out of date.
 */
export const MODEL_BAND = 1.269;

/** Lowest and highest value; null for no upper end. */
export type Band = readonly [low: number, high: number | null];

/** The band around what a document prints: a number, a range, or a bound. RangeError for anything else. */
export function bandAround(printed: string): Band {
  const match = /^(?<bound>[<>])?(?<from>\d+(\.\d+)?)(-(?<to>\d+(\.\d+)?))?$/.exec(printed);
  if (match === null || match.groups!.bound !== undefined && match.groups!.to !== undefined) {
    throw new RangeError(`Cannot put a band around "${printed}": expected a number, a range, or a bound`);
  }
  const { bound, from, to = from } = match.groups!;
  return [
    bound === "<" ? 0 : Number(from) / MODEL_BAND,
    bound === ">" ? null : Number(to) * MODEL_BAND,
  ];
}

/** Whether a modelled value is in a band; NaN and infinities are not. */
export function isInside([low, high]: Band, value: number): boolean {
  return value >= low && value <= (high ?? Infinity) && Number.isFinite(value);
}

/** Computes the factor from every figure with an error; `fits` are cost tables of fits without one figure. */
export function modelBand(
  work: SeriesWork,
  times: readonly Judged[],
  fits: readonly { readonly without: string; readonly cost: CostTable }[],
): number {
  const held = times.filter(({ role, deviation }) => role !== "trained" && deviation !== null);
  const leftOut = fits.map(({ without, cost }) => judgeTimes(work, cost).find(({ id }) => id === without)!);
  const errors = [...held, ...leftOut].map(({ deviation }) => Math.abs(Math.log1p(deviation!))).sort((a, b) => a - b);
  return Math.exp(errors[Math.min(Math.ceil(LEVEL * (errors.length + 1)), errors.length) - 1]);
}
