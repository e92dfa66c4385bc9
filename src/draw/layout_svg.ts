// SPDX-License-Identifier: GPL-2.0-only
// A layout as an SVG file: vmemmap pages and their frames, below them PMD entries and their PTE tables. Light or dark
// scheme follows the reader's.

import type { LayoutReport } from "../scenario/layout.ts";
import { layoutTitle, pageMapping, tableMapping, WIDEST } from "./mapping.ts";
import { CHAR, type Placed, placeMapping } from "./place.ts";

const MARGIN = 16;
const LINE = 17;

/** Fill of each hue on light and on dark, and the other colours that differ between them. */
const PALETTE = {
  light: ["#9dbfe6", "#f2b98a", "#a3d3a8", "#e3a3b4", "#c3b1e1", "#e2d184", "#94d2cf", "#c9bfae"],
  dark: ["#35609a", "#8a5022", "#356b3e", "#8f4359", "#634d94", "#6b5c16", "#246663", "#5f5749"],
} as const;

/** The document of `lab layout --svg`. */
export function layoutSvg(report: LayoutReport): string {
  const tables = tableMapping(report);
  const parts = [placeMapping(pageMapping(report)), ...(tables === null ? [] : [placeMapping(tables)])];
  const title = layoutTitle(report);
  const width = 2 * MARGIN + Math.max(WIDEST * CHAR, ...parts.map((part) => part.width));
  let y = MARGIN + title.length * LINE + 8;
  const drawn = parts.map((part) => {
    const group = `<g transform="translate(${MARGIN} ${y})">${shapes(part)}</g>`;
    y += part.height + 2 * MARGIN;
    return group;
  });
  if (tables === null) {
    drawn.push(`<text x="${MARGIN}" y="${y}">all leaves: no PTE table</text>`);
    y += 2 * MARGIN;
  }
  const lines = title.map((line, i) =>
    `<text class="title" x="${MARGIN}" y="${MARGIN + LINE * (i + 0.7)}">${line}</text>`
  );
  return svgDocument(width, y, title.join(": "), lines.join("") + drawn.join(""));
}

/** An SVG document in the colours and the type of all drawings. */
function svgDocument(width: number, height: number, title: string, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12"><title>${title}</title>` +
    `<style>${css()}</style><rect class="paper" width="100%" height="100%"/>${body}</svg>\n`;
}

/** The shapes of one placed mapping. */
export function shapes({ boxes, ribbons, labels }: Placed): string {
  return [
    ...ribbons.map(({ path, hue }) => `<path class="ribbon h${hue}" d="${path}"/>`),
    ...boxes.map(({ x, y, width, height, label, hue }) =>
      `<rect class="${hue < 0 ? "none" : `h${hue}`}" x="${x}" y="${y}" width="${width}" height="${height}" rx="3"/>` +
      `<text x="${x + width / 2}" y="${y + height / 2 + 4}" text-anchor="middle">${label}</text>`
    ),
    ...labels.map(({ x, y, text, anchor, head }) =>
      `<text${head ? ' class="head"' : ""} x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`
    ),
  ].join("");
}

function css(): string {
  const hues = (fills: readonly string[]) => fills.map((fill, i) => `.h${i}{fill:${fill}}`).join("");
  return `.paper{fill:#fff}text{fill:#1b1f24}.title{font-weight:600}.head{fill:#57606a}.ribbon{opacity:.45}.none{fill:none;stroke:#8c959f}${
    hues(PALETTE.light)
  }@media(prefers-color-scheme:dark){.paper{fill:#14181d}text{fill:#e6e9ed}.head{fill:#a3acb8}${hues(PALETTE.dark)}}`;
}
