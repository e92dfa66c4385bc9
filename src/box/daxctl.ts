// SPDX-License-Identifier: GPL-2.0-only
// `daxctl list`: devices alone, or (-R) inside their regions; mappings with -M; bytes or (-u) rounded figures.

import type { AddressRange } from "../scenario/address_range.ts";
import { damaged, type DaxFact, type Facts } from "./facts.ts";
import { fieldsOf, isObject } from "./fields.ts";
import type { Json } from "./json.ts";

const REGION = new Set("path id size align available_size devices type".split(" "));
const DEVICE = new Set(
  ("chardev size target_node align mode online_memblocks total_memblocks movable mappings state memmap_on_memory " +
    "numa_node").split(" "),
);
const MAPPING = new Set("page_offset start end size".split(" "));
const MODES = ["devdax", "system-ram", "famfs", "unknown"];

/** Whether a value is something `daxctl list` prints. */
export function isDaxctl(json: Json): boolean {
  if (Array.isArray(json.value)) return json.value.length > 0 && json.value.every(isDaxctl);
  return isObject(json) && (json.value.has("chardev") || (json.value.has("path") && json.value.has("id")));
}

/** Reads what {@linkcode isDaxctl} accepts. */
export function readDaxctl(file: string, json: Json, facts: Facts): void {
  if (Array.isArray(json.value)) {
    for (const item of json.value as readonly Json[]) readDaxctl(file, item, facts);
    return;
  }
  if (!isObject(json)) return damaged(facts, { file, line: json.line }, "a value where daxctl lists an object");
  const devices = json.value.has("chardev") ? [json] : fieldsOf(file, json, REGION, facts).list("devices");
  for (const item of devices) {
    const dax = daxFact(file, item, facts, "daxctl");
    if (dax !== null) facts.daxes.push(dax);
  }
}

/** One device; null, with a note, if it has no name or size. */
export function daxFact(file: string, json: Json, facts: Facts, source: DaxFact["source"]): DaxFact | null {
  if (!isObject(json)) {
    damaged(facts, { file, line: json.line }, "expected a DAX device");
    return null;
  }
  const fields = fieldsOf(file, json, DEVICE, facts);
  const chardev = fields.text("chardev");
  const size = fields.size("size");
  if (chardev !== null && !/^dax\d+\.\d+$/.test(chardev)) {
    damaged(facts, fields, `"${chardev}" is no DAX device: left out`);
    return null;
  }
  if (chardev === null || size === null) {
    const missing = ["chardev", "size"].find((key) => fields.isNull(key));
    if (missing !== undefined) damaged(facts, fields, `a DAX device without ${missing}: left out`);
    return null;
  }
  return {
    file,
    line: fields.line,
    chardev,
    size,
    align: fields.round("align"),
    mode: fields.word("mode", MODES),
    targetNode: fields.count("target_node"),
    onlineBlocks: fields.count("online_memblocks"),
    totalBlocks: fields.count("total_memblocks"),
    movable: fields.flag("movable"),
    mappings: fields.list("mappings").flatMap((item) => mapping(file, item, facts)),
    source,
  };
}

/** A mapping's `end` is its last byte. */
function mapping(file: string, json: Json, facts: Facts): AddressRange[] {
  if (!isObject(json)) return [];
  const fields = fieldsOf(file, json, MAPPING, facts);
  const [start, last] = [fields.round("start"), fields.round("end")];
  if (start === null || last === null) return [];
  if (last < start) {
    damaged(facts, fields, `mapping ends at ${last}, before its start ${start}: left out`);
    return [];
  }
  return [{ start, end: last + 1 }];
}
