// SPDX-License-Identifier: GPL-2.0-only
// Two maps of small cells: the entries of one PTE table, a colour per frame, and the sections of a namespace by how many
// frames their memmap takes.
/// <reference lib="dom" />

import { HUES } from "../../src/draw/place.ts";
import type { ViewProps } from "../view.ts";
import type { MapReport } from "../questions.ts";

const CELL = 9;
const STEP = 10;
const COLUMNS = 64;
/** Limit of cells; in larger namespaces, one cell is several sections. */
const MOST_CELLS = 512;

/** Entries of the table, with those of the selected compound framed. */
export function PteTable({ report, table }: { readonly report: MapReport; readonly table: MapReport["table"] }) {
  const { layout, structPageBytes, pageBytes } = report;
  const first = Math.floor(layout.startPfn * structPageBytes / pageBytes) - table.firstVmemmapPage;
  const shown = table.frames.slice(0, 2048);
  // Hues go in order of first appearance, so that neighbours never share one by chance.
  const hues = new globalThis.Map<number, number>();
  for (const pfn of shown) if (pfn >= 0 && !hues.has(pfn)) hues.set(pfn, hues.size % HUES);
  const rows = Math.ceil(shown.length / COLUMNS);
  const own = (i: number) => layout.vmemmapPages < shown.length && i >= first && i < first + layout.vmemmapPages;
  // One path for the cells of a colour: an element for each would be most of the page.
  const paths = new globalThis.Map<string, string>();
  shown.forEach((pfn, i) => {
    const name = `${pfn < 0 ? "none" : `h${hues.get(pfn)}`}${own(i) ? " own" : ""}`;
    const cell = `M${(i % COLUMNS) * STEP} ${Math.floor(i / COLUMNS) * STEP}h${CELL}v${CELL}h-${CELL}z`;
    paths.set(name, (paths.get(name) ?? "") + cell);
  });
  const label = table.leaf
    ? `A PMD leaf maps ${shown.length} pages to a frame each`
    : `PTE table at pfn ${table.pfn}: ${shown.filter((pfn) => pfn >= 0).length} entries map ${hues.size} frames`;
  return (
    <>
      <p class="note">{label}.</p>
      <svg
        class="cells"
        viewBox={`-1 -1 ${COLUMNS * STEP + 2} ${rows * STEP + 2}`}
        role="img"
        aria-label={label}
      >
        {[...paths].map(([name, path]) => <path key={name} class={name} d={path} />)}
      </svg>
    </>
  );
}

/** Sections, darker the more their memmap costs; a click goes there. */
export function Sections({ report, sections, set }: {
  readonly report: MapReport;
  readonly sections: MapReport["sections"];
  readonly set: ViewProps["set"];
}) {
  const per = Math.ceil(sections.length / MOST_CELLS);
  const cells = Array.from({ length: Math.ceil(sections.length / per) }, (_, i) => {
    const group = sections.slice(i * per, (i + 1) * per);
    const sum = (of: (s: typeof group[number]) => number) => group.reduce((n, s) => n + of(s), 0);
    return { first: group[0], pages: sum((s) => s.vmemmapPages), frames: sum((s) => s.frames) };
  });
  const columns = Math.min(COLUMNS, Math.max(16, cells.length));
  const rows = Math.ceil(cells.length / columns);
  const total = sections.reduce((n, s) => n + s.frames, 0);
  const label = `${sections.length} sections, ${
    per === 1 ? "one" : per
  } to a cell: their vmemmap pages map ${total} frames`;
  const goTo = (startPfn: number) => {
    const compound = Math.floor((startPfn - report.firstAligned) / report.pagesPerCompound);
    set({ compound: String(Math.max(0, Math.min(report.compounds - 1, compound))), pfn: "" });
  };
  return (
    <>
      <p class="note">{label}.</p>
      <svg class="cells" viewBox={`-1 -1 ${columns * STEP + 2} ${rows * STEP + 2}`} role="img" aria-label={label}>
        {cells.map(({ first, pages, frames }, i) => (
          <rect
            key={i}
            class={`q${Math.round(7 * frames / Math.max(1, pages))}`}
            x={(i % columns) * STEP}
            y={Math.floor(i / columns) * STEP}
            width={CELL}
            height={CELL}
            onClick={() => goTo(first.startPfn)}
          >
            <title>section {first.section}: {pages} vmemmap pages map {frames} frames</title>
          </rect>
        ))}
      </svg>
    </>
  );
}
