// SPDX-License-Identifier: GPL-2.0-only
// `lsmem` as a table (any columns, -b or not) and as JSON (-J); since util-linux 2.42 with columns CONFIGURED and
// MEMMAP-ON-MEMORY and a line for the parameter.

import { damaged, type Facts, type Place, place, type RangeFact, type Source } from "./facts.ts";
import { fieldsOf, isObject } from "./fields.ts";
import type { Json } from "./json.ts";
import { mhpParameter } from "./kernel_of.ts";
import { middle, sizeOf, standsFor } from "./size.ts";

const KEYS = new Set("range size state removable block node zones configured memmap-on-memory".split(" "));

/** The table: its header, its rows, and the summary lines below it, wherever they stand. */
export function readLsmem(source: Source, at: number, facts: Facts): number {
  const line = source.lines[at];
  if (summary(line, place(source, at), facts)) return at + 1;
  const columns = [...line.toLowerCase().matchAll(/\S+/g)];
  const names = columns.map(([name]) => name);
  if (!/^\s*RANGE\s/.test(line) || !names.includes("size")) return at;
  let next = at + 1;
  for (; next < source.lines.length && /^\s*0x/i.test(source.lines[next]); next++) {
    const cells = [...source.lines[next].matchAll(/\S+/g)];
    const row = new Map(
      cells.map((cell, i) => [names[cells.length === columns.length ? i : columnOf(cell, columns)], cell[0]]),
    );
    addRange((key) => row.get(key) ?? null, place(source, next), facts);
  }
  return next;
}

/** If a cell is empty, the others are matched to the header whose columns they overlap. */
function columnOf(cell: RegExpExecArray, columns: readonly RegExpExecArray[]): number {
  const [start, end] = [cell.index, cell.index + cell[0].length];
  return columns.findIndex((head) => head.index < end && start < head.index + head[0].length);
}

/** Whether a value is something `lsmem -J` prints. */
export function isLsmemJson(json: Json): boolean {
  const list = isObject(json) ? json.value.get("memory")?.value : undefined;
  return Array.isArray(list) && list.every((row) => isObject(row) && row.value.has("range"));
}

/** Reads what {@linkcode isLsmemJson} accepts. */
export function readLsmemJson(file: string, json: Json, facts: Facts): void {
  if (!isObject(json)) return;
  for (const row of json.value.get("memory")!.value as readonly Json[]) {
    if (!isObject(row)) continue;
    fieldsOf(file, row, KEYS, facts);
    const text = (key: string) => {
      const value = row.value.get(key)?.value;
      return value === undefined || value === null ? null : String(value);
    };
    addRange(text, { file, line: row.line }, facts);
  }
}

function addRange(cell: (name: string) => string | null, where: Place, facts: Facts): void {
  const range = /^(0x[0-9a-f]+)-(0x[0-9a-f]+)$/i.exec(cell("range") ?? "");
  if (range === null) return damaged(facts, where, `range "${cell("range")}" cannot be read: left out`);
  const [start, end] = [Number(range[1]), Number(range[2]) + 1];
  if (end <= start || !Number.isSafeInteger(end)) {
    return damaged(facts, where, `range ${range[0]} is none: left out`);
  }
  const size = sizeOf(cell("size") ?? "");
  // lsmem rounds to one digit, and cuts off rather than rounds.
  if (size !== null && !standsFor({ least: size.least * 0.9, most: size.most * 1.1 }, end - start)) {
    return damaged(facts, where, `range ${range[0]} has ${end - start} bytes, its size says ${cell("size")}: left out`);
  }
  const blocks = /^(\d+)(?:-(\d+))?$/.exec(cell("block") ?? "");
  const node = cell("node");
  const onMemory = cell("memmap-on-memory");
  const fact: RangeFact = {
    ...where,
    start,
    end,
    online: (cell("state") ?? "online") !== "offline",
    firstBlock: blocks === null ? null : Number(blocks[1]),
    lastBlock: blocks === null ? null : Number(blocks[2] ?? blocks[1]),
    node: node !== null && /^\d+$/.test(node) ? Number(node) : null,
    zones: cell("zones"),
    memmapOnMemory: onMemory === null ? null : /^(yes|true|1)$/.test(onMemory),
  };
  facts.ranges.push(fact);
}

/** `Memory block size: 128M` and the other summary lines; whether the line is one. */
function summary(line: string, where: Place, facts: Facts): boolean {
  const match = /^\s*(Memory block size|Total online memory|Total offline memory|Memmap on memory parameter):\s*(.*)$/i
    .exec(line);
  if (match === null) return false;
  const [, what, text] = match;
  if (/parameter/i.test(what)) {
    facts.mhpParameter.push({ ...where, on: mhpParameter(text.trim()) });
    return true;
  }
  const size = sizeOf(text);
  if (size === null) damaged(facts, where, `${what} "${text}" is not a size`);
  else if (/block/i.test(what)) facts.blockBytes.push({ ...where, value: middle(size) });
  // One digit after the point, rounded or (old versions) cut off.
  else if (/online/i.test(what)) {
    facts.onlineTotal.push({ ...where, value: middle(size), slack: size.most - size.least });
  }
  return true;
}
