// SPDX-License-Identifier: GPL-2.0-only
// A chart as an SVG file, drawn without a browser.
/// <reference lib="dom" />

import { parseHTML } from "linkedom";

/** A document to draw in outside a browser. */
export function serverDocument(): Document {
  return parseHTML("<!doctype html><html><body></body></html>").document as unknown as Document;
}

const HEAD = 40;

/** The file: background, title, chart, light or dark by the reader's preference. */
export function svgFile(title: string, chart: SVGSVGElement): string {
  const [width, height] = ["width", "height"].map((name) => Number(chart.getAttribute(name)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + HEAD}" width="${width}" ` +
    `height="${
      height + HEAD
    }" font-family="system-ui, sans-serif"><style>.paper{fill:#fff}svg{color:#1b1f24;fill:#1b1f24}` +
    `@media(prefers-color-scheme:dark){.paper{fill:#14181d}svg{color:#e6e9ed;fill:#e6e9ed}}</style>` +
    `<rect class="paper" width="100%" height="100%"/>` +
    `<text x="16" y="26" font-size="15" font-weight="600">${title}</text>` +
    `<g transform="translate(0 ${HEAD})">${chart.outerHTML}</g></svg>\n`;
}
