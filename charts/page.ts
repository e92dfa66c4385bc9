// SPDX-License-Identifier: GPL-2.0-only
// Charts and tables as one HTML file: no script, no request, light and dark. Every chart precedes the folded table of
// its values, so that a reader who cannot see it has the same numbers; a table without a chart is unfolded.

/** One part of a page. */
export interface Section {
  readonly id: string;
  readonly heading: string;
  /** Description of the chart, in a sentence or two; plain text. */
  readonly words: string;
  /** Null for a table alone. */
  readonly chart: Element | null;
  readonly legend: readonly { readonly series: string; readonly color: string }[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A page: its name, the text under the heading, its parts. All plain text. */
export interface Page {
  readonly title: string;
  readonly heading: string;
  readonly intro: readonly string[];
  readonly sections: readonly Section[];
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b2733; --soft: #52606d; --line: #d5dce3; --paper: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6ebf0; --soft: #a3b1bf; --line: #35414d; --paper: #12181f; }
  
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 47rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; max-width: 42rem; } .soft, summary, figcaption { color: var(--soft); font-size: .875rem; }
figure { margin: 0; overflow-x: auto; } nav a { margin-right: .9rem; white-space: nowrap; } a { color: #0a6ebd; }
@media (prefers-color-scheme: dark) { a { color: #6db3f2; } }
.key { display: inline-block; margin-right: 1rem; } .key i { display: inline-block; width: .75em; height: .75em; margin-right: .35em; border-radius: 2px; }
table { border-collapse: collapse; font-size: .875rem; margin: .5rem 0; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; vertical-align: top; }
`;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ENTITIES[c]);
}

function keys(section: Section): string {
  if (section.legend.length === 0) return "";
  const items = section.legend.map(({ series, color }) =>
    `<span class="key"><i style="background:${color}"></i>${escapeHtml(series)}</span>`
  );
  return `<figcaption>${items.join("")}</figcaption>`;
}

function tableOf({ head, rows, heading, chart }: Section): string {
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<details${chart === null ? " open" : ""}><summary>The numbers (${rows.length} rows)</summary>` +
    `<div class="wide"><table><caption hidden>${escapeHtml(heading)}</caption><thead>${cells("th", head)}</thead>` +
    `<tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table></div></details>`;
}

function sectionHtml(section: Section): string {
  const figure = section.chart === null ? "" : `<figure>${section.chart.outerHTML}${keys(section)}</figure>`;
  return `<section id="${section.id}"><h2>${escapeHtml(section.heading)}</h2><p>${escapeHtml(section.words)}</p>` +
    `${figure}${tableOf(section)}</section>`;
}

/** The whole file. */
export function pageHtml({ title, heading, intro, sections }: Page): string {
  const links = sections.map(({ id, heading }) => `<a href="#${id}">${escapeHtml(heading)}</a>`).join("\n");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(heading)}</h1>
${intro.map((text) => `<p class="soft">${escapeHtml(text)}</p>`).join("\n")}
<nav aria-label="Sections">${links}</nav>
<main>
${sections.map(sectionHtml).join("\n")}
</main>
</html>
`;
}
