// SPDX-License-Identifier: GPL-2.0-only
// Horizontal bars with their values at the end; negative values go to the left. On a logarithmic axis a bar's length
// alone says nothing, so the axis is always drawn, and begins at a power of the base below the least
// value.

import { axisX, axisY, barX, gridX, plot, text } from "@observablehq/plot";
import { byteSteps, byteTicks, chartNumber, type ChartOptions, chartTick, COLORS, finished } from "./chart.ts";

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Bars of one series share a colour; by default all do. */
  readonly series?: string;
}

/** The chart, one bar per row, in the order given. RangeError without a bar. */
export function barChart(bars: readonly Bar[], options: ChartOptions): SVGSVGElement {
  if (bars.length === 0) throw new RangeError("Cannot draw a chart of nothing: expected a bar");
  const { unit, axis, document, log = false, width = 640, colors = COLORS } = options;
  const series = [...new Set(bars.map((bar) => bar.series ?? ""))];
  const most = Math.max(0, ...bars.map((bar) => bar.value));
  const base = unit === "bytes" ? 2 : 10;
  const start = log ? axisStart(bars, base) : 0;
  const least = log ? start : Math.min(0, ...bars.map((bar) => bar.value));
  const ticks = { ticks: unit !== "bytes" ? 5 : log ? byteTicks(start, most) : byteSteps(least, most) };
  const labels = bars.map((bar) => bar.label);
  const label = (bar: Bar) => chartNumber(bar.value, unit);
  return finished(
    plot({
      document,
      width,
      height: 62 + bars.length * 24,
      marginLeft: 18 + 7 * Math.max(...labels.map((text) => text.length)),
      marginRight: 24 + 7 * Math.max(...bars.map((bar) => label(bar).length)),
      marginTop: 6,
      marginBottom: 40,
      style: { fontSize: "12px", fontFamily: "inherit", background: "none", overflow: "visible" },
      x: { type: log ? "log" : "linear", base, domain: [least, most > least ? most : least + 1] },
      y: { type: "band", domain: labels, padding: 0.25 },
      color: { domain: series, range: colors.slice(0, series.length) },
      marks: [
        gridX({ ...ticks, strokeOpacity: 0.18 }),
        barX(bars, {
          x1: start,
          x2: "value",
          y: "label",
          fill: (bar: Bar) => bar.series ?? "",
          title: (bar: Bar) => `${bar.label}: ${bar.value}`,
        }),
        text(bars, {
          x: (bar: Bar) => Math.max(start, bar.value),
          y: "label",
          text: label,
          textAnchor: "start",
          dx: 6,
          fill: "currentColor",
        }),
        axisY({ label: null, tickSize: 0 }),
        axisX({
          ...ticks,
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

/** A power of the base far enough below every value that the shortest bar is visible. */
function axisStart(bars: readonly Bar[], base: number): number {
  const least = Math.min(...bars.map((bar) => bar.value).filter((value) => value > 0));
  return base ** Math.floor(Math.log(least) / Math.log(base) - 0.5);
}
