// SPDX-License-Identifier: GPL-2.0-only
// Rows of dots and of stacked bars, a colour per series: the spread of several answers to one question, and the parts
// of a whole. Each mark states its exact value; the legend is up to the caller, from legend().

import { axisX, axisY, barX, dot, gridX, plot, type PlotOptions, ruleY } from "@observablehq/plot";
import { byteSteps, type ChartOptions, chartTick, COLORS, finished } from "./chart.ts";

/** One dot, or one piece of a stacked bar. */
export interface Mark {
  /** Its row. */
  readonly label: string;
  readonly series: string;
  readonly value: number;
}

/** The series of some marks in order of appearance, each with its colour. */
export function legend(
  marks: readonly Mark[],
  colors: readonly string[] = COLORS,
): { series: string; color: string }[] {
  return [...new Set(marks.map((mark) => mark.series))].map((series, i) => ({
    series,
    color: colors[i % colors.length],
  }));
}

/** Dots on a row per label. RangeError without a dot. */
export function dotChart(marks: readonly Mark[], options: ChartOptions): SVGSVGElement {
  const title = (mark: Mark) => `${mark.label}, ${mark.series}: ${mark.value}`;
  return rows(marks, options, [
    ruleY(labels(marks), { strokeOpacity: 0.15 }),
    dot(marks, { x: "value", y: "label", fill: "series", r: 4.5, fillOpacity: 0.85, title }),
  ]);
}

/** One bar per label, its pieces in the order given. RangeError without a piece. */
export function stackChart(marks: readonly Mark[], options: ChartOptions): SVGSVGElement {
  const title = (mark: Mark) => `${mark.label}, ${mark.series}: ${mark.value}`;
  return rows(marks, options, [barX(marks, { x: "value", y: "label", fill: "series", title })]);
}

const labels = (marks: readonly Mark[]) => [...new Set(marks.map((mark) => mark.label))];

function rows(found: readonly Mark[], options: ChartOptions, marks: NonNullable<PlotOptions["marks"]>): SVGSVGElement {
  if (found.length === 0) throw new RangeError("Cannot draw a chart of nothing: expected a mark");
  const { unit, axis, document, log = false, width = 720, colors } = options;
  const names = labels(found);
  const colours = legend(found, colors);
  const ticks = log ? decades(found) : unit === "bytes" ? byteSteps(...extent(found)) : 6;
  return finished(
    plot({
      document,
      width,
      height: 62 + names.length * 22,
      marginLeft: 18 + 7 * Math.max(...names.map((name) => name.length)),
      marginRight: 24,
      marginTop: 6,
      marginBottom: 40,
      style: { fontSize: "12px", fontFamily: "inherit", background: "none", overflow: "visible" },
      x: log ? { type: "log" } : { zero: true },
      y: { type: found.length > names.length ? "band" : "point", domain: names },
      color: { domain: colours.map((c) => c.series), range: colours.map((c) => c.color) },
      marks: [
        gridX({ ticks, strokeOpacity: 0.18 }),
        marks,
        axisY({ label: null, tickSize: 0 }),
        axisX({
          ticks,
          label: `${axis}${log ? " (logarithmic)" : ""}`,
          labelAnchor: "center",
          labelArrow: "none",
          tickFormat: (value: number) => chartTick(value, unit),
        }),
      ],
    }),
    options,
  );
}

/** From the lowest to the highest end of any bar, or zero. */
function extent(marks: readonly Mark[]): [number, number] {
  const ends = labels(marks).flatMap((label) =>
    [-1, 1].map((sign) =>
      marks.filter((mark) => mark.label === label && mark.value * sign > 0).reduce((sum, { value }) => sum + value, 0)
    )
  );
  return [Math.min(0, ...ends), Math.max(0, ...ends)];
}

/** Powers of ten around the values. */
function decades(marks: readonly Mark[]): number[] {
  const values = marks.map((mark) => mark.value);
  const [from, to] = [Math.ceil(Math.log10(Math.min(...values))), Math.floor(Math.log10(Math.max(...values)))];
  return Array.from({ length: Math.max(1, to - from + 1) }, (_, i) => 10 ** (from + i));
}
