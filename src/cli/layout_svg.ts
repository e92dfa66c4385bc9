// SPDX-License-Identifier: GPL-2.0-only
// The drawing of `lab layout --svg`: vmemmap pages on the left, frames on the right, a line for each mapping, as in the
// kernel document's pictures. Runs of pages that map one frame are drawn as one box, so a 1 GiB page fits on a sheet.

import { formatSize } from "../lib/units.ts";
import type { LayoutReport } from "../scenario/layout.ts";

const ROW = 26;
const BOX = 150;
const GAP = 200;

/** The layout as an SVG document. */
export function layoutSvg(report: LayoutReport): string {
  const runs = pageRuns(report);
  const height = (Math.max(runs.length, report.frames.length) + 3) * ROW;
  const frameY = new Map(report.frames.map((f, i) => [f.frame, 2 * ROW + i * ROW]));
  const left = runs.map((run, i) => {
    const y = 2 * ROW + i * ROW;
    const label = run.first === run.last ? `${run.first}` : `${run.first} .. ${run.last}`;
    const to = (frameY.get(run.frame) ?? y) + ROW / 2;
    return box(10, y, label) +
      `<path d="M ${10 + BOX} ${y + ROW / 2} L ${10 + BOX + GAP} ${to}" stroke="#36c" fill="none"/>`;
  });
  const right = report.frames.map((f, i) => {
    const label = `${f.level === 1 ? "2M block" : "frame"} ${f.frame}${
      f.refcount === null ? "" : ` (${f.refcount} refs)`
    }`;
    return box(10 + BOX + GAP, 2 * ROW + i * ROW, label);
  });
  const { config } = report;
  const title = `memmap of ${formatSize(config.window)}, align ${formatSize(config.align)}, kernel ${config.kernel}: ` +
    `${report.vmemmapPages} vmemmap pages, ${report.frames.length} frames, ${report.tables.pte.length} PTE tables`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * BOX + GAP + 20}" height="${height}" ` +
    `font-family="monospace" font-size="12"><rect width="100%" height="100%" fill="white"/>` +
    `<text x="10" y="${ROW}">${title}</text>${left.join("")}${right.join("")}</svg>\n`;
}

function box(x: number, y: number, label: string): string {
  return `<rect x="${x}" y="${y}" width="${BOX}" height="${ROW}" fill="#eef" stroke="#333"/>` +
    `<text x="${x + BOX / 2}" y="${y + ROW * 0.65}" text-anchor="middle">${label}</text>`;
}

/** Runs of vmemmap pages that map the same frame, ascending. */
function pageRuns(report: LayoutReport): { first: number; last: number; frame: number }[] {
  const owner = new Map<number, number>();
  for (const frame of report.frames) for (const page of frame.vmemmapPages) owner.set(page, frame.frame);
  const runs: { first: number; last: number; frame: number }[] = [];
  for (let page = 0; page < report.vmemmapPages; page++) {
    const frame = owner.get(page) ?? -1;
    const last = runs[runs.length - 1];
    if (last !== undefined && last.frame === frame) last.last = page;
    else runs.push({ first: page, last: page, frame });
  }
  return runs;
}
