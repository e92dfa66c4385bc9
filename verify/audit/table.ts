// SPDX-License-Identifier: GPL-2.0-only
// The rows of a suite as an aligned table, each with its reason below. Colours on a terminal only.

import { bold, dim, green, red, yellow } from "@std/fmt/colors";
import { KNOWN_DIFFERENCE } from "../linux/linux.ts";
import { figure, type Judged, modelText, type SuiteReport, YES_NO } from "../claims/claim.ts";

const HEAD = ["claim", "what", "documented", "formula", "measured", "verdict"];

export function table({ title, rows }: SuiteReport): string {
  const cells = rows.map((r) => [
    r.id,
    r.what,
    r.printed === null ? "" : figure(r.printed, r.unit),
    number(r.formula, r.unit),
    number(r.measured, r.unit),
    r.ok ? r.verdict : `${r.verdict}, expected ${r.expected}`,
  ]);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((c) => c[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => i > 1 && i < 5 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]));
  const out = [bold(title), dim(line(HEAD).join("  ").trimEnd())];
  for (const [i, row] of rows.entries()) {
    const padded = line(cells[i]);
    out.push([...padded.slice(0, 5), paint(row, padded[5].trimEnd())].join("  "));
    const model = modelText(row);
    if (model !== null) out.push(dim(`${" ".repeat(widths[0] + 2)}${model}`));
    const asSaid = row.ok && (row.verdict === "confirmed" || row.verdict === "equal");
    if (row.note !== null && (!asSaid || row.note.startsWith(KNOWN_DIFFERENCE))) {
      out.push(dim(`${" ".repeat(widths[0] + 2)}${row.note}`));
    }
  }
  return `${out.join("\n")}\n`;
}

function paint(row: Judged, text: string): string {
  if (!row.ok) return red(text);
  if (row.verdict === "contradicted" || row.verdict === "outside band") return yellow(text);
  return row.formula === null ? dim(text) : green(text);
}

/** A value under its heading; only the documented one shows the unit. */
function number(n: number | null, unit: string): string {
  return n === null ? "-" : figure(n, unit === YES_NO ? YES_NO : "");
}
