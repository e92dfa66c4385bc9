// SPDX-License-Identifier: GPL-2.0-only
// How a row is judged: the expressions of its formula and its measurement, with file and line. They are read from the
// source, so they are what runs.

const VERIFY = new URL("../", import.meta.url);

/** Where a row is declared, and its two sides. */
export interface Explanation {
  /** File and line, from the root. */
  readonly place: string;
  /** The formula's expression; null if a helper makes the row. */
  readonly formula: string | null;
  readonly measure: string | null;
  /** The complete call, if a helper makes the row. */
  readonly call: string | null;
}

/** The explanation of a row; null if its id is not in a source (rows made in a loop). */
export function explain(rowId: string): Explanation | null {
  for (const folder of ["claims/", "errata/"]) {
    for (const { name } of Deno.readDirSync(new URL(folder, VERIFY))) {
      if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
      const text = Deno.readTextFileSync(new URL(folder + name, VERIFY));
      const at = text.indexOf(`"${rowId}"`);
      if (at < 0) continue;
      const place = `verify/${folder}${name}:${text.slice(0, at).split("\n").length}`;
      const before = text.slice(0, at).trimEnd();
      if (/\bclaim\($/.test(before)) return claimRow(place, text, at);
      return before.endsWith("id:") ? objectRow(place, text, at) : callRow(place, text, at);
    }
  }
  return null;
}

function objectRow(place: string, text: string, at: number): Explanation {
  const body = text.slice(text.lastIndexOf("{", at), closing(text, text.lastIndexOf("{", at)));
  const side = (name: string) => {
    const found = new RegExp(`\\b${name}: `).exec(body);
    return found === null ? null : tidy(expression(body, found.index + found[0].length));
  };
  return { place, formula: side("formula"), measure: side("measure"), call: null };
}

/** A row made by `claim(id, formula, measure)`. */
function claimRow(place: string, text: string, at: number): Explanation {
  const sides: string[] = [];
  for (let from = at; text[from - 1] !== ")" && sides.length < 3;) {
    const side = expression(text, from);
    sides.push(tidy(side));
    from += side.length + 1;
  }
  const [, formula = "", measure = ""] = sides;
  return { place, formula: formula || null, measure: measure || null, call: null };
}

function callRow(place: string, text: string, at: number): Explanation {
  const open = text.lastIndexOf("(", at);
  const name = /\w+$/.exec(text.slice(0, open))?.[0] ?? "";
  return { place, formula: null, measure: null, call: tidy(name + text.slice(open, closing(text, open) + 1)) };
}

/** The expression that starts here, up to the comma or bracket that ends it. */
export function expression(text: string, from: number): string {
  let depth = 0;
  let at = from;
  for (; at < text.length; at++) {
    if ("([{".includes(text[at])) depth++;
    if (")]}".includes(text[at]) && depth-- === 0) break;
    if (",;".includes(text[at]) && depth === 0) break;
  }
  return text.slice(from, at);
}

/** Index of the matching closing bracket. */
function closing(text: string, open: number): number {
  return open + 1 + expression(`${text.slice(open + 1).replace(/[,;]/g, " ")})`, 0).length;
}

function tidy(code: string): string {
  return code.replace(/\s+/g, " ").trim();
}
