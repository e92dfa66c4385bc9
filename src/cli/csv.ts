// SPDX-License-Identifier: GPL-2.0-only
// Comma-separated values (RFC 4180): a header, then a line per row; text in quotes if needed. A command that names the
// rows of its report (command.ts) accepts --csv.

/** Rows as lines. */
export function csv(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => row.map(cell).join(",")).join("\r\n");
}

function cell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Objects as lines under a header of their keys. Nested values are named `outer.inner`, lists of words or numbers are
 * joined by blanks; lists of objects do not fit on a line and are left out.
 */
export function objectsCsv(objects: readonly object[]): string {
  const flat = objects.map((object) => new Map(flatten(object, "")));
  const keys = [...new Set(flat.flatMap((row) => [...row.keys()]))];
  return csv([keys, ...flat.map((row) => keys.map((key) => row.get(key) ?? null))]);
}

function flatten(object: object, prefix: string): [string, string | number | null][] {
  return Object.entries(object).flatMap(([key, value]): [string, string | number | null][] => {
    if (Array.isArray(value)) {
      return value.some((item) => typeof item === "object") ? [] : [[prefix + key, value.map(String).join(" ")]];
    }
    if (typeof value === "object" && value !== null) return flatten(value, `${prefix}${key}.`);
    return [[prefix + key, typeof value === "boolean" ? String(value) : value]];
  });
}
