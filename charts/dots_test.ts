// SPDX-License-Identifier: GPL-2.0-only
// Dots and stacks drawn without a browser: a mark for every value, with its number and its series' colour.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { dotChart, legend, stackChart } from "./dots.ts";
import { serverDocument } from "./svg_file.ts";

const options = { document: serverDocument(), title: "t", axis: "time", unit: "ms" } as const;
const MARKS = [
  { label: "get", series: "document", value: 1 },
  { label: "get", series: "model", value: 30 },
  { label: "pin", series: "document", value: 500 },
];

Deno.test("dotChart() has a dot for every mark, and on a logarithmic axis the decades", () => {
  const chart = dotChart(MARKS, { ...options, log: true });
  const dots = [...chart.querySelectorAll("circle")];
  assertEquals(dots.map((d) => d.querySelector("title")!.textContent), [
    "get, document: 1",
    "get, model: 30",
    "pin, document: 500",
  ]);
  for (const tick of ["1", "10", "100"]) assert(chart.outerHTML.includes(`>${tick}<`), tick);
  assertThrows(() => dotChart([], options), RangeError, "nothing");
});

Deno.test("stackChart() draws pieces in proportion, in the colours of the legend", () => {
  const pieces = [...stackChart(MARKS.slice(0, 2), options).querySelectorAll("rect")];
  const [a, b] = pieces.map((piece) => Number(piece.getAttribute("width")));
  assert(Math.abs(b / a - 30) < 1e-6, `${b / a}`);
  assertEquals(pieces.map((piece) => piece.getAttribute("fill")), legend(MARKS).map(({ color }) => color));
});
