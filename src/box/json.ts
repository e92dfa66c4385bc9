// SPDX-License-Identifier: GPL-2.0-only
// JSON with line numbers, from the middle of a text: people paste a list of ndctl between other output, cut off at
// either end. Values keep the line they begin in, so that messages can name it.

/** A value and the line it begins in, counted from 1. */
export interface Json {
  readonly line: number;
  readonly value: string | number | boolean | null | readonly Json[] | ReadonlyMap<string, Json>;
}

/** Where and why a text is not JSON. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly line: number;
  /** From the line and what was found there. */
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** Limit of nesting; ndctl nests about six levels. */
const MOST_DEPTH = 64;

interface Cursor {
  readonly text: string;
  at: number;
  line: number;
}

/** The value that begins at an offset, which is in line `line`; `end` is the offset after it. JsonError. */
export function parseJson(text: string, at: number, line: number): { readonly json: Json; readonly end: number } {
  const cursor = { text, at, line };
  const json = value(cursor, 0);
  return { json, end: cursor.at };
}

function value(c: Cursor, depth: number): Json {
  if (depth > MOST_DEPTH) throw new JsonError(c.line, `more than ${MOST_DEPTH} levels of nesting`);
  skipSpace(c);
  const { line } = c;
  const char = c.text[c.at];
  if (char === "{") return { line, value: members(c, depth) };
  if (char === "[") return { line, value: elements(c, depth) };
  if (char === '"') return { line, value: quoted(c) };
  return { line, value: word(c) };
}

function members(c: Cursor, depth: number): Map<string, Json> {
  const found = new Map<string, Json>();
  c.at++;
  if (closes(c, "}")) return found;
  do {
    skipSpace(c);
    if (c.text[c.at] !== '"') throw unexpected(c, "a key in quotes");
    const key = quoted(c);
    skipSpace(c);
    expect(c, ":");
    found.set(key, value(c, depth + 1));
  } while (continues(c, "}"));
  return found;
}

function elements(c: Cursor, depth: number): Json[] {
  const found: Json[] = [];
  c.at++;
  if (closes(c, "]")) return found;
  do found.push(value(c, depth + 1)); while (continues(c, "]"));
  return found;
}

function quoted(c: Cursor): string {
  const match = stickily(/"((?:[^"\\\n]|\\.)*)"/y, c);
  if (match === null) throw new JsonError(c.line, "a text in quotes does not end");
  try {
    return JSON.parse(`"${match.slice(1, -1)}"`);
  } catch {
    throw new JsonError(c.line, "a text in quotes has an unknown escape");
  }
}

function word(c: Cursor): number | boolean | null {
  const match = stickily(/[-+.\w]+/y, c);
  if (match === "true" || match === "false") return match === "true";
  if (match === "null") return null;
  const number = match !== null && /^-?\d/.test(match) ? Number(match) : NaN;
  if (Number.isNaN(number)) throw unexpected(c, "a value", match ?? undefined);
  return number;
}

/** The text that a sticky pattern matches here; moves past it. */
function stickily(pattern: RegExp, c: Cursor): string | null {
  pattern.lastIndex = c.at;
  const match = pattern.exec(c.text);
  if (match === null) return null;
  c.at = pattern.lastIndex;
  return match[0];
}

function skipSpace(c: Cursor): void {
  for (;; c.at++) {
    const char = c.text.charCodeAt(c.at);
    if (char === 10) c.line++;
    else if (char !== 32 && char !== 9 && char !== 13) return;
  }
}

/** Whether the list or object ends at once. */
function closes(c: Cursor, end: string): boolean {
  skipSpace(c);
  if (c.text[c.at] !== end) return false;
  c.at++;
  return true;
}

/** Whether a comma follows; if not, the end must. */
function continues(c: Cursor, end: string): boolean {
  skipSpace(c);
  if (c.text[c.at] === ",") {
    c.at++;
    return true;
  }
  expect(c, end);
  return false;
}

function expect(c: Cursor, char: string): void {
  if (c.text[c.at] !== char) throw unexpected(c, `"${char}"`);
  c.at++;
}

function unexpected(c: Cursor, wanted: string, found = c.text.slice(c.at, c.at + 1)): JsonError {
  return new JsonError(
    c.line,
    found === "" ? `expected ${wanted}, found the end of the text` : `expected ${wanted}, found "${found}"`,
  );
}
