// SPDX-License-Identifier: GPL-2.0-only
// Text tables with aligned columns.

/**
 * Rows of cells as lines, columns as wide as needed; the first `left` are left-aligned, the others right-aligned. The
 * last cell of a row shorter than the first spans the missing columns, and widens none.
 */
export function table(rows: readonly (readonly string[])[], left: number, gap = "  "): string[] {
  const columns = rows[0].length;
  const spills = (row: readonly string[], i: number) => row.length < columns && i === row.length - 1;
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => spills(row, i) ? 0 : row[i]?.length ?? 0)));
  const pad = (row: readonly string[]) => (cell: string, i: number) => {
    if (spills(row, i)) return cell;
    return i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]);
  };
  return rows.map((row) => row.map(pad(row)).join(gap).trimEnd());
}
