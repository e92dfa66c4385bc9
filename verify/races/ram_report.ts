// SPDX-License-Identifier: GPL-2.0-only
// The part of RACES.md about RAM: a table per kind of reader, rows and columns as the explorations name them.

import type { Race } from "./race.ts";
import { RAM_VARIANTS, WALKERS } from "./ram_variants.ts";

/** Schedules of a cell of a table, whose sum may be over several explorations. */
function cell(races: readonly Race[]): string {
  const sum = (f: (r: Race) => number) => races.reduce((n, r) => n + f(r), 0);
  const schedules = sum((r) => r.explored.schedules);
  const wrong = schedules - sum((r) => r.safe);
  const counts = `[${sum((r) => r.held)}, ${sum((r) => r.speculated)}]`;
  return wrong === 0 ? `safe, n = ${schedules} ${counts}` : `**${wrong} wrong** of ${schedules} ${counts}`;
}

/** Tables and what their words mean. */
export function ramLines(races: readonly Race[]): string[] {
  return [
    "# HugeTLB and compound pages of RAM",
    "",
    "CPU 0 looks at a frame without a reference. Either it is a base page that is freed and becomes a tail of a huge page,",
    "whose vmemmap is optimised and which a user takes; or the way back: returned, restored, destroyed, a base page again.",
    "It looks at the first frame of a shared vmemmap page (a fake head, where one page is kept) and at the one after it,",
    "each with and without a cached translation. Cells are as above; the first number in brackets says how often a",
    "reference was got, the second how often gup counted for a moment on a page that was not, or no longer, the process's.",
    "",
    "| pfn walker | where |",
    "|---|---|",
    ...WALKERS.map(({ name, source }) => `| ${name} | ${source} |`),
    "",
    "| gup-fast | where |",
    "|---|---|",
    ...RAM_VARIANTS.map(({ name, source }) => `| ${name} | ${source} |`),
    "",
    "A huge page is mapped by a PMD entry, gup wants a fake head and the tail after it; a page that is split by PTEs, gup",
    "wants one tail. `ipi`: the flush of the process's TLB waits for gup; `rcu`: vmemmap entries change after a grace period.",
    "",
    "pfn_to_online_page(): the device begins in the middle of a section of RAM, which is online. Frames of the device are",
    "told from RAM by the subsection map and the pgmap only.",
    "",
    ...[...new Set(races.map((r) => r.table))].flatMap((name) => table(races.filter((r) => r.table === name), name)),
  ];
}

/** A table; `rows` says what its rows are. */
export function table(races: readonly Race[], name: string, rowsAre = ""): string[] {
  const columns = [...new Set(races.map((r) => r.column))];
  const rows = [...new Set(races.map((r) => r.row))];
  return [
    `### ${name}`,
    "",
    `| ${rowsAre}${rowsAre === "" ? "" : " "}| ${columns.join(" | ")} |`,
    `|${"---|".repeat(columns.length + 1)}`,
    ...rows.map((row) =>
      `| ${row} | ${
        columns.map((column) => cell(races.filter((r) => r.row === row && r.column === column))).join(" | ")
      } |`
    ),
    "",
  ];
}
