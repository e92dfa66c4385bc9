// SPDX-License-Identifier: GPL-2.0-only
// `lab layout`: the memmap's sharing as a drawing in text, as SVG or as JSON.

import { formatSize } from "../lib/units.ts";
import { type LayoutReport, layoutReport } from "../scenario/layout.ts";
import { layoutSvg } from "./layout_svg.ts";
import type { Command } from "./command.ts";
import { NAMESPACE_FLAGS, sizeFlag } from "./flags.ts";
import { namespaceOptions } from "./namespace.ts";
import { writeFile } from "./write_file.ts";

/** The command. */
export const layoutCommand: Command = {
  name: "layout",
  summary: "show which vmemmap page maps to which frame, and the tables",
  flags: {
    ...NAMESPACE_FLAGS,
    window: { value: "SIZE", help: "memory whose memmap is shown, from the first aligned page on; default: one page" },
    svg: { value: "FILE", help: "write the drawing there" },
  },
  run: async (flags) => {
    const window = flags.has("window") ? { window: sizeFlag(flags, "window") } : {};
    const report = layoutReport({ ...namespaceOptions(flags), ...window });
    if (flags.has("svg")) await writeFile(flags.text("svg"), layoutSvg(report));
    return { report, text: text(report) };
  },
};

function text(report: LayoutReport): string {
  const { config, frames, tables } = report;
  return [
    `memmap of ${formatSize(config.window)} at align ${
      formatSize(config.align)
    }, map=${config.map}, kernel ${config.kernel}: ` +
    `${report.vmemmapPages} vmemmap pages, ${frames.length} frames, ${tables.pte.length} PTE tables`,
    "",
    " struct pages (vmemmap page)          page frame",
    ...drawing(report),
    "",
    " PMD entries            PTE table",
    ...tables.pte.map((t) =>
      ` ${runs(t.pmdEntries).padEnd(18)} --> table ${t.table} (pfn ${t.pfn}, ${t.refcount} references)`
    ),
    ...(tables.pte.length === 0 ? [" all leaves: no PTE table"] : []),
  ].join("\n");
}

/** One row per run of vmemmap pages that map the same frame (or consecutive frames of one block). */
function drawing(report: LayoutReport): string[] {
  const owner = new Map<number, LayoutReport["frames"][number]>();
  for (const frame of report.frames) for (const page of frame.vmemmapPages) owner.set(page, frame);
  const rule = " +-----------+                     +-----------+";
  const rows = [rule];
  for (let page = 0; page < report.vmemmapPages;) {
    const frame = owner.get(page);
    let end = page + 1;
    while (end < report.vmemmapPages && owner.get(end) === frame) end++;
    const left = end - page === 1 ? `${page}` : `${page}..${end - 1}`;
    const right = frame === undefined ? "?" : frame.level === 1 ? `block ${frame.frame}` : `${frame.frame}`;
    const refs = frame?.refcount === null || frame === undefined ? "in pmem" : `refcount ${frame.refcount}`;
    rows.push(` |${center(left)}| ---- mapping to ---> |${center(right)}|  pfn ${frame?.pfn}, ${refs}`, rule);
    page = end;
  }
  return rows;
}

function center(text: string): string {
  const left = Math.max(0, Math.floor((11 - text.length) / 2));
  return (" ".repeat(left) + text).padEnd(11);
}

/** `[0, 1, 2, 5]` as `0..2, 5`. */
function runs(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < numbers.length;) {
    let j = i;
    while (j + 1 < numbers.length && numbers[j + 1] === numbers[j] + 1) j++;
    parts.push(i === j ? `${numbers[i]}` : `${numbers[i]}..${numbers[j]}`);
    i = j + 1;
  }
  return parts.join(", ");
}
