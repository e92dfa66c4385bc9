// SPDX-License-Identifier: GPL-2.0-only
// A layout as text, drawn like Documentation/mm/vmemmap_dedup.rst: sources that share a target point up at it.
//
//    +-----------+   mapping to   +-----------+
//    |     0     | -------------> |     0     |
//    +-----------+                +-----------+
//    |     1     | -------------> |     1     |
//    +-----------+                +-----------+
//    |     2     | -----------------^ ^ ^ ^ ^ ^
//    +-----------+                    | | | | |
//    |     3     | -------------------+ | | | |

import type { LayoutReport } from "../scenario/layout.ts";
import { layoutTitle, type Mapping, pageMapping, rowLabel, tableMapping } from "./mapping.ts";

const INNER = 13;
const RULE = `+${"-".repeat(INNER)}+`;
const ARROW = " -------------> ";
const SPACE = " ".repeat(ARROW.length);

/** The drawing of `lab layout`. */
export function layoutText(report: LayoutReport): string {
  const tables = tableMapping(report);
  return [
    ...layoutTitle(report),
    "",
    ...drawMapping(pageMapping(report)),
    "",
    ...(tables === null ? [" all leaves: no PTE table"] : drawMapping(tables)),
  ].join("\n");
}

/** Lines of one mapping. */
function drawMapping({ from, to, rows, targets, more }: Mapping): string[] {
  const lines = [
    ` ${center(from, RULE.length)}${SPACE}${center(to, RULE.length)}`.trimEnd(),
    ` ${RULE}   mapping to   ${RULE}`,
  ];
  for (let i = 0; i < rows.length;) {
    const { target } = rows[i];
    let end = i + 1;
    while (end < rows.length && rows[end].target === target) end++;
    const right = target < 0 ? center("not mapped", RULE.length) : `|${center(targets[target].label, INNER)}|`;
    const note = target < 0 ? "" : `  ${targets[target].note}`;
    const folded = target < 0 || targets[target].block;
    const label = rowLabel(folded ? { first: rows[i].first, last: rows[end - 1].last } : rows[i]);
    lines.push(` ${box(label)}${target < 0 ? SPACE : ARROW}${right}${note}`);
    lines.push(` ${RULE}${SPACE}${target < 0 ? "" : RULE}`.trimEnd());
    for (let j = folded ? end : i + 1; j < end; j++) {
      lines.push(` ${box(rowLabel(rows[j]))}${pointer(j - i - 1, end - i - 1)}`);
      const below = bars(j - i, end - i - 1);
      // The next target's box begins under the last arrow.
      lines.push(` ${RULE}${j + 1 === end && end < rows.length ? `${SPACE}${RULE}` : below}`.trimEnd());
    }
    i = end;
  }
  if (more > 0) lines.push(` ... and ${more} more`);
  return lines;
}

/** A line from source `i` of `n` that share a target: up into its box. */
function pointer(i: number, n: number): string {
  const line = ` ${"-".repeat(ARROW.length + 1 + 2 * i)}`;
  return i === 0 ? `${line}${Array(n).fill("^").join(" ")}` : `${line}+${" |".repeat(n - 1 - i)}`;
}

/** The arrows that pass below source `i`. */
function bars(i: number, n: number): string {
  return i >= n ? "" : `${" ".repeat(ARROW.length + 2 + 2 * i)}${Array(n - i).fill("|").join(" ")}`;
}

function box(text: string): string {
  return `|${center(text, INNER)}|`;
}

function center(text: string, width: number): string {
  return (" ".repeat(Math.max(0, Math.floor((width - text.length) / 2))) + text).padEnd(width);
}
