// SPDX-License-Identifier: GPL-2.0-only
// Finds the format of each line by its content, so that one file may hold several formats in any order, with shell
// prompts between them. Runs of lines in no known format are reported.

import { isDaxctl, readDaxctl } from "./daxctl.ts";
import { readDmesg } from "./dmesg.ts";
import { damaged, type Facts, place, type Reader, type Source } from "./facts.ts";
import { readIomem } from "./iomem.ts";
import { type Json, JsonError, parseJson } from "./json.ts";
import { isLsmemJson, readLsmem, readLsmemJson } from "./lsmem.ts";
import { readMeminfo } from "./meminfo.ts";
import { isNdctl, readNdctl } from "./ndctl.ts";
import { readSysfsMemory } from "./sysfs.ts";
import { readVmstat } from "./vmstat.ts";
import { readZoneinfo } from "./zoneinfo.ts";

/** Limit of a text that is read: a list of ten thousand namespaces has 5 MB. */
export const MOST_CHARS = 32 * 2 ** 20;

/** Number of faults after which the rest of a file is skipped. */
const MOST_FAULTS = 200;

/** In the order in which they are tried. */
const READERS: readonly Reader[] = [
  readZoneinfo,
  readLsmem,
  readIomem,
  readSysfsMemory,
  readVmstat,
  readMeminfo,
  readDmesg,
];

/** A JSON value begins here; a time stamp of dmesg does not. */
const JSON_START = /^\s*(\{|\[\s*([[{\]"]|$))/;

/** Reads one file's text and adds its statements; damage is noted and the rest is read. */
export function readText(name: string, text: string, facts: Facts): void {
  const whole = { file: name, line: 1 };
  if (text.length > MOST_CHARS) {
    return damaged(facts, whole, `${text.length} characters, more than the ${MOST_CHARS} that are read: not read`);
  }
  const zero = text.indexOf("\0");
  if (zero >= 0) {
    return damaged(
      facts,
      { file: name, line: lineOf(text, zero) },
      "has bytes of value zero, so it is not text: not read",
    );
  }
  const plain = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const bad = plain.indexOf("\uFFFD");
  if (bad >= 0) {
    const where = { file: name, line: lineOf(plain, bad) };
    facts.notes.push({ ...where, kind: "note", text: "has characters in another encoding than UTF-8" });
  }
  readLines({ file: name, lines: plain.split("\n") }, plain, facts);
}

function readLines(source: Source, text: string, facts: Facts): void {
  const { lines } = source;
  const unread = new UnreadRun(source, facts);
  let offset = 0;
  let damagedJson = false;
  let seen = facts.notes.length;
  let faults = 0;
  for (let at = 0; at < lines.length;) {
    for (; seen < facts.notes.length; seen++) if (facts.notes[seen].kind === "error") faults++;
    if (faults >= MOST_FAULTS) {
      damaged(facts, place(source, at), `${faults} faults in the lines before: the rest is not read`);
      break;
    }
    let next = at + 1;
    const line = lines[at];
    if (line.trim() !== "") {
      if (JSON_START.test(line) && (!damagedJson || !/^\s/.test(line))) {
        next = readJson(source, text, offset, at, facts);
        damagedJson = next < 0;
        if (next < 0) next = at + 1;
      } else {
        const taken = READERS.find((reader) => (next = reader(source, at, facts)) > at);
        if (taken === undefined) {
          next = at + 1;
          if (!(damagedJson && isInside(line)) && !isPrompt(line)) unread.add(at);
        } else damagedJson = false;
      }
    }
    for (; at < next; at++) offset += lines[at].length + 1;
  }
  unread.end();
}

/** A JSON value from line `at` on; returns the line after it, or -1 if it is damaged. */
function readJson(source: Source, text: string, offset: number, at: number, facts: Facts): number {
  const { file } = source;
  let found: { readonly json: Json; readonly end: number };
  try {
    found = parseJson(text, offset, at + 1);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    damaged(facts, { file, line: error.line }, `the JSON that begins in line ${at + 1} is damaged: ${error.message}`);
    return -1;
  }
  const { json, end } = found;
  if (isNdctl(json)) readNdctl(file, json, facts);
  else if (isDaxctl(json)) readDaxctl(file, json, facts);
  else if (isLsmemJson(json)) readLsmemJson(file, json, facts);
  else if (!(Array.isArray(json.value) && json.value.length === 0)) {
    const what = "JSON that is not a list of ndctl, daxctl or lsmem";
    facts.notes.push({ ...place(source, at), kind: "unread", text: what });
  }
  return restOfLine(source, text, end, at + lineOf(text, end, offset), facts);
}

/** Handles what follows a value on its last line: another value, a separator, or something unknown. */
function restOfLine(source: Source, text: string, from: number, next: number, facts: Facts): number {
  const newline = text.indexOf("\n", from);
  const rest = text.slice(from, newline < 0 ? undefined : newline);
  const skipped = /^[\s,\]}]*/.exec(rest)![0].length;
  if (skipped === rest.length) return next;
  if (JSON_START.test(rest.slice(skipped))) return readJson(source, text, from + skipped, next - 1, facts);
  const shown = rest.slice(skipped).trim().slice(0, 50);
  facts.notes.push({
    ...place(source, next - 1),
    kind: "unread",
    text: `"${shown}" behind JSON is of no known format`,
  });
  return next;
}

/** Line number of an offset, given the line number of another. */
function lineOf(text: string, offset: number, from = 0): number {
  let line = 1;
  for (let at = text.indexOf("\n", from); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** A line from the middle of a JSON value. */
function isInside(line: string): boolean {
  return /^\s*(["{}[\],]|-?\d|true|false|null)/.test(line);
}

/** `# ndctl list`, `[root@host ~]$ lsmem`, and fences of Markdown. */
function isPrompt(line: string): boolean {
  return /^\s*(\[?[\w.-]+@[^$#]*[$#]|[#$])\s*\S*/.test(line) || /^\s*```/.test(line);
}

/** Consecutive unknown lines, noted as one. */
class UnreadRun {
  readonly #source: Source;
  readonly #facts: Facts;
  #first = -1;
  #last = -1;

  constructor(source: Source, facts: Facts) {
    this.#source = source;
    this.#facts = facts;
  }

  add(at: number): void {
    if (this.#first >= 0 && at !== this.#last + 1) this.end();
    if (this.#first < 0) this.#first = at;
    this.#last = at;
  }

  end(): void {
    if (this.#first < 0) return;
    const line = this.#source.lines[this.#first].trim();
    const shown = line.length > 50 ? `${line.slice(0, 50)}...` : line;
    const others = this.#last - this.#first;
    const more = others === 0 ? "" : `, and ${others} more ${others === 1 ? "line" : "lines"}`;
    this.#facts.notes.push({
      ...place(this.#source, this.#first),
      kind: "unread",
      text: `"${shown}" is of no format that is known${more}`,
    });
    this.#first = -1;
  }
}
