// SPDX-License-Identifier: GPL-2.0-only
// Charts drawn without a browser: every value is there, the axis is, and nothing a strict policy would refuse.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { barChart } from "./bars.ts";
import { byteSteps, byteTicks, chartNumber, COLORS } from "./chart.ts";
import { stackChart } from "./dots.ts";
import { lineChart } from "./lines.ts";
import { escapeHtml, pageHtml } from "./page.ts";
import { serverDocument, svgFile } from "./svg_file.ts";

const document = serverDocument();

Deno.test("barChart() draws a bar per value with its exact number, and an axis that says what it is", () => {
  const bars = [{ label: "5.14, 2M", value: 2 ** 34 }, { label: "6.1, 2M", value: 2 ** 32 + 1, series: "b" }];
  const options = { document, title: "memmap", axis: "DRAM", unit: "bytes" } as const;
  for (const log of [false, true]) {
    const chart = barChart(bars, { ...options, log });
    const svg = chart.outerHTML;
    assertStringIncludes(svg, `<title>5.14, 2M: ${2 ** 34}</title>`);
    assertStringIncludes(svg, `6.1, 2M: ${2 ** 32 + 1}`);
    assertStringIncludes(svg, log ? "DRAM (logarithmic)" : "DRAM");
    assert(!svg.includes("<style"), "a style element");
    const widths = [...chart.querySelectorAll("rect")].map((rect) => Number(rect.getAttribute("width")));
    assert(widths[0] > widths[1] && widths[1] > 0, `${widths}`);
  }
  assertThrows(() => barChart([], options), RangeError, "nothing");
});

Deno.test("lineChart() names each line once at its end, and lines that end together together", () => {
  const points = ["a", "b", "c"].flatMap((series, i) =>
    [24, 34, 44].map((e) => ({ series, x: 2 ** e, y: series === "c" ? 2 ** (e - 8) : 2 ** (e - 6) * (i < 2 ? 1 : 2) }))
  );
  const svg = lineChart(points, "namespace", { document, title: "growth", axis: "DRAM", unit: "bytes" }).outerHTML;
  assertStringIncludes(svg, ">a, b<");
  assertStringIncludes(svg, "namespace (logarithmic)");
  assertEquals(svg.match(/<circle/g)?.length, 9);
  const none = [{ x: 1, y: 0, series: "a" }];
  assertThrows(() => lineChart(none, "", { document, title: "", axis: "", unit: "count" }), RangeError, "nothing");
});

Deno.test("barChart() draws negative values to the left of zero, with their sign", () => {
  const bars = [{ label: "gives", value: 3 * 2 ** 30 }, { label: "takes", value: -(2 ** 30) }];
  const chart = barChart(bars, { document, title: "levers", axis: "DRAM", unit: "bytes" });
  const [gives, takes] = [...chart.querySelectorAll("rect")].map((rect) =>
    ["x", "width"].map((name) => Number(rect.getAttribute(name)))
  );
  assertEquals([Math.round(gives[1] / takes[1]), Math.round(takes[0] + takes[1])], [3, Math.round(gives[0])]);
  assertStringIncludes(chart.outerHTML, ">-1 GiB<");
  assertStringIncludes(chart.outerHTML, ">-1G<");
});

Deno.test("stackChart() has an axis of bytes in powers of two", () => {
  const marks = [
    { label: "a", series: "x", value: 2 ** 30 },
    { label: "a", series: "y", value: 2 ** 30 },
    { label: "b", series: "x", value: -(2 ** 29) },
  ];
  const svg = stackChart(marks, { document, title: "t", axis: "x", unit: "bytes" }).outerHTML;
  for (const tick of ["-512M", "0", "512M", "1G", "2G"]) assertStringIncludes(svg, `>${tick}<`);
  assertEquals(byteSteps(0, 2 ** 33).map((step) => step / 2 ** 30), [0, 2, 4, 6, 8]);
  assertEquals(byteSteps(-9, 20), [-8, 0, 8, 16]);
});

Deno.test("pageHtml() folds tables under their charts, and lets no text become a tag", () => {
  const section = { id: "a", heading: "<H>", words: "w", legend: [], head: ["<h>"], rows: [["<td>"]] };
  const chart = barChart([{ label: "a", value: 3 }], { document, title: "t", axis: "x", unit: "count" });
  const page = (drawn: Element | null) =>
    pageHtml({ title: "<t>", heading: "h", intro: ["<i>"], sections: [{ ...section, chart: drawn }] });
  assertStringIncludes(page(null), "<details open>");
  assert(!page(chart).includes("<details open>") && page(chart).includes("<figure><svg"));
  for (const text of ["&lt;t&gt;", "&lt;i&gt;", "&lt;H&gt;", "&lt;h&gt;", "&lt;td&gt;"]) {
    assertStringIncludes(page(null), text);
  }
  assertEquals(escapeHtml('<b a="1">&'), "&lt;b a=&quot;1&quot;&gt;&amp;");
});

Deno.test("byteTicks() are few and powers of two", () => {
  assertEquals(byteTicks(2 ** 24, 2 ** 44).map(Math.log2), [25, 30, 35, 40]);
  assertEquals(byteTicks(2 ** 30, 2 ** 33).map(Math.log2), [30, 31, 32, 33]);
});

Deno.test("colours contrast with white and near-black", () => {
  const light = (hex: string) =>
    [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) =>
      c <= 0.04 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    ).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  for (const color of COLORS) {
    assert(1.05 / (light(color) + 0.05) >= 3, color);
    assert((light(color) + 0.05) / (light("#14181d") + 0.05) >= 3, color);
  }
});

Deno.test("svgFile() is a document with its title, chartNumber() writes what people read", () => {
  const chart = barChart([{ label: "a", value: 3 }], { document, title: "t", axis: "x", unit: "count" });
  const file = svgFile("A & B".replace("&", "&amp;"), chart);
  assert(file.startsWith("<svg ") && file.endsWith("</svg>\n"));
  assertStringIncludes(file, ">A &amp; B</text>");
  assertEquals(["bytes", "ms", "percent", "count"].map((unit) => chartNumber(4096, unit as "count")), [
    "4 KiB",
    "4100 ms",
    "4100 %",
    "4 096",
  ]);
});
