// SPDX-License-Identifier: GPL-2.0-only
// A figure of a report as shown by the page: rounded for readers, with all its digits and its path in the report
// attached, so that a test can compare the two, and a reader can look it up in `lab ... --json`.

import { grouped } from "../../charts/chart.ts";
import { humanSize } from "../../src/lib/units.ts";

/** Units a figure may have. */
export type Unit = "count" | "bytes" | "percent" | "ms" | "text";

interface FigureProps {
  /** Path in the report: `pages.vmemmap`. */
  readonly path: string;
  readonly value: number | string | null;
  readonly unit?: Unit;
  /** Read out instead of the path. */
  readonly name?: string;
}

/** One figure. */
export function Figure({ path, value, unit = "count", name }: FigureProps) {
  const text = figureText(value, unit);
  return (
    <data class="figure" value={String(value)} data-key={path} data-value={String(value)} title={`${path}: ${value}`}>
      {name === undefined ? null : <span class="read">{name}:</span>}
      {text}
    </data>
  );
}

/** Digits in groups; null is a dash. */
export function figureText(value: number | string | null, unit: Unit = "count"): string {
  if (value === null) return "–";
  if (typeof value === "string") return value;
  if (unit === "bytes") return value < 0 ? `−${humanSize(-value)}` : humanSize(value);
  if (unit === "percent") return `${value.toPrecision(3)} %`;
  if (unit === "ms") return `${value < 10 ? value.toPrecision(3) : grouped(Math.round(value))} ms`;
  return Number.isInteger(value) ? grouped(value) : String(Number(value.toPrecision(7)));
}

/** A table of figures of one report: what, value, in that order. */
export function Figures({ caption, rows }: {
  readonly caption: string;
  readonly rows: readonly (readonly [label: string, path: string, value: number | string | null, unit?: Unit])[];
}) {
  return (
    <table class="figures">
      <caption>{caption}</caption>
      <tbody>
        {rows.map(([label, path, value, unit]) => (
          <tr key={path}>
            <th scope="row">{label}</th>
            <td>
              <Figure path={path} value={value} {...(unit === undefined ? {} : { unit })} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
