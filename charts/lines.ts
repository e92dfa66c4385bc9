// SPDX-License-Identifier: GPL-2.0-only
// Growth with size: lines on two logarithmic axes. Each point states its exact value.

import { axisX, axisY, dot, gridX, gridY, line, plot, text } from "@observablehq/plot";
import { byteTicks, type ChartOptions, chartTick, COLORS, finished } from "./chart.ts";

/** One point. */
export interface Point {
  /** Bytes. */
  readonly x: number;
  readonly y: number;
  readonly series: string;
}

/** The chart. `xAxis` labels the sizes. RangeError without a point. Points without a value are left out. */
export function lineChart(given: readonly Point[], xAxis: string, options: ChartOptions): SVGSVGElement {
  const points = given.filter((point) => point.y > 0);
  if (points.length === 0) throw new RangeError("Cannot draw a chart of nothing: expected a point above 0");
  const { unit, axis, document, width = 720, colors = COLORS } = options;
  const series = [...new Set(points.map((point) => point.series))];
  const [xs, ys] = [points.map((point) => point.x), points.map((point) => point.y)];
  const yTicks = unit === "bytes" ? byteTicks(Math.min(...ys), Math.max(...ys)) : 6;
  // The outermost ticks lie on the plot's edges; beyond them they would collide with the axis label.
  const yDomain = typeof yTicks === "number"
    ? {}
    : { domain: [Math.min(...ys, ...yTicks), Math.max(...ys, ...yTicks)] };
  const names = labelled(points, series);
  return finished(
    plot({
      document,
      width,
      height: Math.round(width * 0.55),
      marginLeft: 62,
      marginRight: 24 + 7 * Math.max(...names.map(({ text }) => text.length)),
      marginBottom: 44,
      marginTop: 34,
      style: { fontSize: "12px", fontFamily: "inherit", background: "none", overflow: "visible" },
      x: { type: "log", base: 2 },
      y: { type: "log", base: unit === "bytes" ? 2 : 10, ...yDomain },
      color: { domain: series, range: series.map((_, i) => colors[i % colors.length]) },
      marks: [
        gridX({ ticks: byteTicks(Math.min(...xs), Math.max(...xs)), strokeOpacity: 0.15 }),
        gridY({ ticks: yTicks, strokeOpacity: 0.15 }),
        line(points, { x: "x", y: "y", z: "series", stroke: "series", strokeWidth: 2 }),
        dot(points, {
          x: "x",
          y: "y",
          fill: "series",
          r: 3.5,
          title: (point: Point) => `${point.series}, ${chartTick(point.x, "bytes")}: ${point.y}`,
        }),
        text(names, { x: "x", y: "y", text: "text", dx: 8, textAnchor: "start", fill: "currentColor" }),
        axisX({
          ticks: byteTicks(Math.min(...xs), Math.max(...xs)),
          label: `${xAxis} (logarithmic)`,
          labelAnchor: "center",
          labelArrow: "none",
          tickFormat: (value: number) => chartTick(value, "bytes"),
        }),
        axisY({
          ticks: yTicks,
          label: `${axis} (logarithmic)`,
          labelArrow: "none",
          tickFormat: (value: number) => chartTick(value, unit),
        }),
      ],
    }),
    options,
  );
}

/** A name at the end of each line; lines with a common end point share one name. */
function labelled(points: readonly Point[], series: readonly string[]): (Point & { readonly text: string })[] {
  const ends = series.map((name) => points.filter((point) => point.series === name).at(-1)!);
  const places = [...new Set(ends.map(({ x, y }) => `${x} ${y}`))];
  return places.map((place) => {
    const here = ends.filter(({ x, y }) => `${x} ${y}` === place);
    return { ...here[0], text: here.map((end) => end.series).join(", ") };
  });
}
