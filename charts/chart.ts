// SPDX-License-Identifier: GPL-2.0-only
// The common part of all charts: target, colours, numbers. A chart is a function from data to one SVG element, by
// Observable Plot; the document is given, so a server draws the same as a page does (linkedom).
/// <reference lib="dom" />

import { formatSize, humanSize } from "../src/lib/units.ts";

/** Number formats of a chart. */
export type ChartUnit = "count" | "bytes" | "ms" | "percent" | "ratio";

/** Target and style of a chart. */
export interface ChartOptions {
  /** Makes the elements: the page's own document, or linkedom's. */
  readonly document: Document;
  /** Read out by screen readers, and shown on top if the chart is a file of its own. */
  readonly title: string;
  /** Label of the value axis. */
  readonly axis: string;
  readonly unit: ChartUnit;
  /** Whether the value axis is logarithmic; default false. */
  readonly log?: boolean;
  /** Pixels; default 640. */
  readonly width?: number;
  /** Colours of the series, CSS variables allowed; default {@linkcode COLORS}. */
  readonly colors?: readonly string[];
}

/** Colours with 3:1 contrast against white and near-black, distinguishable with colour vision deficiency. */
export const COLORS = ["#2f6fb5", "#c2661f", "#3a8a4a", "#b04a68", "#7a5cb8", "#8a7414", "#1f8582", "#7d7260"];

/** toLocaleString() would make one of these for every number. */
const GROUPS = new Intl.NumberFormat("en");

/** A whole number with its digits in groups of three. */
export function grouped(value: number): string {
  return GROUPS.format(value).replaceAll(",", " ");
}

/** A value as shown by axis and label. */
export function chartNumber(value: number, unit: ChartUnit): string {
  if (value < 0) return `-${chartNumber(-value, unit)}`;
  if (unit === "bytes") return value >= 1 && Number.isInteger(value) ? humanSize(value) : `${value}`;
  if (unit === "percent") return `${Number(value.toPrecision(3))} %`;
  if (unit === "ms") return `${Number(value.toPrecision(3))} ms`;
  if (unit === "ratio") return `${Number(value.toPrecision(3))}x`;
  return Number.isInteger(value) ? grouped(value) : `${Number(value.toPrecision(4))}`;
}

/** A tick of an axis, short. */
export function chartTick(value: number, unit: ChartUnit): string {
  if (value < 0) return `-${chartTick(-value, unit)}`;
  if (unit === "bytes") return Number.isInteger(value) ? formatSize(value) : "";
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return `${Number(value.toPrecision(3))}`;
}

/** Ticks of a logarithmic axis of bytes, at most eight: familiar powers of two. */
export function byteTicks(least: number, most: number): number[] {
  const [from, to] = [Math.floor(Math.log2(least)), Math.ceil(Math.log2(most))];
  const step = [1, 2, 5, 10].find((step) => (to - from) / step <= 8) ?? 10;
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, i) => 2 ** (first + i * step));
}

/** Ticks of a linear axis of bytes, about six: multiples of one power of two. */
export function byteSteps(least: number, most: number): number[] {
  const step = 2 ** Math.max(0, Math.ceil(Math.log2((most - least) / 6)));
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** Plot's element as a named picture, without the style element that a page's policy would refuse. */
export function finished(drawn: Element, { title, document }: ChartOptions): SVGSVGElement {
  const svg = drawn as SVGSVGElement;
  for (const style of [...svg.querySelectorAll("style")]) style.remove();
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", title);
  const name = document.createElementNS("http://www.w3.org/2000/svg", "title");
  name.textContent = title;
  svg.prepend(name);
  return svg;
}
