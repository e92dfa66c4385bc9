// SPDX-License-Identifier: GPL-2.0-only
// The keys of `config` in what --json prints. The library's options are named like flags: `size`, `align`. A flag's
// value has a unit (`--size 64M`), a JSON number has none, so the key names it: `sizeBytes`. Addresses are `start` and
// `end`, as everywhere in reports.

/** Options that are bytes, and those whose name has another meaning in reports. */
const KEYS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      "align",
      "block",
      "dimm",
      "dram",
      "freeMemory",
      "guestUsed",
      "hostMemory",
      "offset",
      "pmem",
      "region",
      "regionAlign",
      "size",
      "usable",
      "window",
    ].map((name) => [name, `${name}Bytes`]),
  ),
  bytes: "sizeBytes",
  structPageSize: "structPageBytes",
  nid: "node",
};

/** Options that may be a list of sizes. */
const LISTS: readonly string[] = ["dram", "pmem", "hotplug"];

/** A configuration in the form of --json. */
function jsonConfig(config: object): object {
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [jsonKey(name, value), jsonValue(value)]));
}

/** A report with its configuration in the form of --json. */
export function jsonReport(report: object): object {
  const { config } = report as { config?: unknown };
  return typeof config === "object" && config !== null ? { ...report, config: jsonConfig(config) } : report;
}

/** The key of an option with this value. */
export function jsonKey(name: string, value: unknown): string {
  if (!Array.isArray(value)) return Object.hasOwn(KEYS, name) ? KEYS[name] : name;
  return LISTS.includes(name) && value.every((item) => typeof item === "number") ? `${name}SizesBytes` : name;
}

function jsonValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonValue);
  return typeof value === "object" && value !== null ? jsonConfig(value) : value;
}
