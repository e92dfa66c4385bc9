// SPDX-License-Identifier: GPL-2.0-only
// `ndctl list` in any of its shapes: a lone object or a list; regions with their namespaces, buses with their regions,
// namespaces alone; bytes or (-u) rounded figures. Old versions call fsdax `memory` and devdax `dax`.
// Left out: DIMMs, health, bad blocks, BTT.

import { daxFact } from "./daxctl.ts";
import { damaged, type Facts, type NamespaceFact } from "./facts.ts";
import { type Fields, fieldsOf, isObject } from "./fields.ts";
import type { Json } from "./json.ts";

const BUS = new Set("provider dev scrub_state regions namespaces dimms fw".split(" "));
const REGION = new Set(
  ("dev size align available_size max_available_extent type numa_node target_node iset_id state persistence_domain " +
    "mappings namespaces resource range_index interleave_ways badblock_count badblocks capabilities cap_refresh_rate " +
    "read_only")
    .split(" "),
);
const NAMESPACE = new Set(
  ("dev mode map size align uuid raw_uuid sector_size blockdev chardev name state numa_node target_node daxregion " +
    "resource enforce_mode badblock_count badblocks supported_alignments supported_sector_sizes security btt_dev " +
    "pfn_dev dax_dev volatile alt_name")
    .split(" "),
);
const DAX_REGION = new Set("id size align devices path available_size".split(" "));
const MAPS = ["mem", "dev", "none"];
const MODES = ["fsdax", "devdax", "sector", "raw", "memory", "dax", "safe"];
/** Modes by the names of ndctl before version 59. */
const OLD_MODES: Readonly<Record<string, string>> = { memory: "fsdax", dax: "devdax" };

/** Whether a value is something `ndctl list` prints. */
export function isNdctl(json: Json): boolean {
  if (Array.isArray(json.value)) return json.value.length > 0 && json.value.every(isNdctl);
  if (!isObject(json)) return false;
  const dev = json.value.get("dev")?.value;
  return ["regions", "namespaces", "dimms", "buses"].some((key) => json.value.has(key)) ||
    (typeof dev === "string" && /^((region|ndbus|nmem)\d+|(namespace|btt|pfn|dax)\d+\.\d+)$/.test(dev));
}

/** Reads what {@linkcode isNdctl} accepts; `region` is the one it is listed under. */
export function readNdctl(file: string, json: Json, facts: Facts, region: string | null = null): void {
  if (Array.isArray(json.value)) {
    for (const item of json.value as readonly Json[]) readNdctl(file, item, facts, region);
    return;
  }
  if (!isObject(json)) return damaged(facts, { file, line: json.line }, "a value where ndctl lists an object");
  const dev = json.value.get("dev")?.value;
  const name = typeof dev === "string" ? dev : "";
  if (name.startsWith("nmem")) return;
  if (/^(region|namespace)/.test(name) && !/^(region\d+|namespace\d+\.\d+)$/.test(name)) {
    return damaged(facts, { file, line: json.line }, `"${name}" is not a region or namespace: left out`);
  }
  if (name.startsWith("region")) readRegion(fieldsOf(file, json, REGION, facts), facts);
  else if (name.startsWith("namespace")) readNamespace(fieldsOf(file, json, NAMESPACE, facts), facts, region);
  else readContainer(fieldsOf(file, json, BUS, facts), facts, region);
}

/** An object that only holds lists: a bus, or the result of several options of ndctl. */
function readContainer(fields: Fields, facts: Facts, region: string | null): void {
  for (const key of ["regions", "namespaces"]) {
    for (const item of fields.list(key)) readNdctl(fields.file, item, facts, region);
  }
}

function readRegion(fields: Fields, facts: Facts): void {
  const { file, line } = fields;
  const size = fields.size("size");
  const dev = fields.text("dev")!;
  if (size === null) sizeless(fields, dev, facts);
  else {
    facts.regions.push({
      file,
      line,
      dev,
      size,
      align: fields.round("align"),
      available: fields.size("available_size"),
      maxExtent: fields.size("max_available_extent"),
      node: fields.count("numa_node"),
      start: fields.round("resource"),
      ways: fields.list("mappings").length || fields.count("interleave_ways"),
    });
  }
  for (const item of fields.list("namespaces")) readNdctl(file, item, facts, dev);
}

function readNamespace(fields: Fields, facts: Facts, region: string | null): void {
  const { file, line } = fields;
  const dev = fields.text("dev")!;
  const size = fields.size("size");
  const disabled = fields.text("state") === "disabled";
  // A seed: the remainder of a destroyed namespace.
  if (disabled && (size === null || size.most === 0)) return;
  if (size === null) return sizeless(fields, dev, facts);
  if (size.most === 0) return damaged(facts, fields, `${dev} has size 0, and is not disabled: left out`);
  const [mode, map, align] = [fields.word("mode", MODES), fields.word("map", MAPS), fields.page("align")];
  // Unreadable values were noted.
  const unread = { mode, map, align };
  if (Object.entries(unread).some(([key, value]) => value === null && !fields.isNull(key))) return;
  const fact: NamespaceFact = {
    file,
    line,
    dev,
    region,
    mode: mode === null ? null : OLD_MODES[mode] ?? mode,
    map,
    size,
    align,
    node: fields.count("numa_node"),
    disabled,
    start: fields.round("resource"),
    dax: readDaxRegion(fields, facts) ?? fields.device("chardev"),
  };
  facts.namespaces.push(fact);
}

/** Whether a size is present but unreadable, which was noted. */
function sizeless(fields: Fields, dev: string, facts: Facts): void {
  if (fields.isNull("size")) damaged(facts, fields, `${dev} has no size: left out`);
}

/** The devices of a namespace's DAX region; the name of the first. */
function readDaxRegion(fields: Fields, facts: Facts): string | null {
  const json = fields.object("daxregion");
  if (json === null || !isObject(json)) return null;
  const devices = fieldsOf(fields.file, json, DAX_REGION, facts).list("devices");
  const found = devices.map((item) => daxFact(fields.file, item, facts, "ndctl")).filter((dax) => dax !== null);
  facts.daxes.push(...found);
  return found[0]?.chardev ?? null;
}
