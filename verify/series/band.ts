// SPDX-License-Identifier: GPL-2.0-only
// How far the model is off on figures that it was not fitted to, and with that the band in which its value for a
// documented time must lie:
//
//   printed 59         59 / MODEL_BAND  to   59 * MODEL_BAND
//   printed 268-358   268 / MODEL_BAND  to  358 * MODEL_BAND
//   printed <1                0         to    1 * MODEL_BAND
//
// The factor is a jackknife interval: of the figures' errors, each by a fit without that figure, anomalies among them,
// the quantile that leaves out one in ten.

import type { CostTable } from "../../src/model/cost_tables.ts";
import { type Judged, judgeTimes } from "./judge.ts";
import type { SeriesWork } from "./work.ts";

/** Share of new figures that the band is to hold. */
const LEVEL = 0.9;

/** Factor either way, as {@linkcode modelBand} gives it for runs of 16 GiB and more. verify:series fails when it does not. */
export const MODEL_BAND = 1.269;

/** Lowest and highest value; no high end is null. */
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

/** Whether a modelled value lies in a band; what is no number does not. */
export function isInside([low, high]: Band, value: number): boolean {
  return value >= low && value <= (high ?? Infinity) && Number.isFinite(value);
}

/** The factor, from every figure with an error: `fits` are the cost tables of fits without one of them. */
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
