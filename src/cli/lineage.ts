// SPDX-License-Identifier: GPL-2.0-only
// `lab lineage`: puts one question to every kernel generation, and lists what changed between them.

import { DEFAULT_ARCH } from "../include/defaults.ts";
import { formatSize, humanSize, parseSize } from "../lib/units.ts";
import { type LineageOptions, lineageReport, type LineageRow } from "../scenario/lineage.ts";
import { type Command, CommandError, type Flags } from "./command.ts";
import { table } from "./table.ts";

/** The command. */
export const lineageCommand: Command = {
  name: "lineage",
  summary: "one namespace, pool or DIMM under every kernel generation, and what changed in which commit",
  flags: {
    size: { value: "SIZE", help: "a device-dax namespace of this size" },
    align: { value: "SIZE", help: "its page size", fallback: "2M" },
    map: { value: "mem|dev", help: "where its memmap is kept", fallback: "mem" },
    pool: { value: "SIZE:COUNT", help: "a pool of huge pages whose vmemmap is freed" },
    dimm: { value: "SIZE", help: "a DIMM plugged with memmap_on_memory" },
    arch: { value: "NAME", help: "architecture", fallback: DEFAULT_ARCH },
  },
  csv: (report) =>
    (report as { rows: LineageRow[] }).rows.map(({ kernel, kind, figures: cost }) => ({ kernel, kind, ...cost })),
  run: (flags) => {
    const report = lineageReport(questionOf(flags));
    return { report, text: [...costTable(report.rows), "", ...changeLines(report.rows)].join("\n") };
  },
};

function questionOf(flags: Flags): LineageOptions {
  const asked = ["size", "pool", "dimm"].filter((name) => flags.has(name));
  if (asked.length !== 1) {
    const given = asked.length === 0 ? "none" : asked.map((name) => `--${name}`).join(" and ");
    throw new CommandError(`lineage: expected one of --size, --pool, --dimm, got ${given}`);
  }
  const arch = flags.text("arch");
  if (asked[0] === "pool") return { pool: poolOf(flags.text("pool")), arch };
  if (asked[0] === "dimm") return { dimm: bytes(flags, "dimm"), arch };
  const map = flags.text("map");
  if (map !== "mem" && map !== "dev") throw new CommandError(`lineage: --map: expected mem or dev, got "${map}"`);
  return { size: bytes(flags, "size"), align: bytes(flags, "align"), map, arch };
}

function bytes(flags: Flags, name: string): number {
  try {
    return parseSize(flags.text(name));
  } catch (error) {
    throw new CommandError(`lineage: --${name}: ${error instanceof Error ? error.message : error}`);
  }
}

function poolOf(text: string): { size: number; count: number } {
  const [size, count, ...more] = text.split(":");
  if (!/^[1-9]\d*$/.test(count ?? "") || more.length > 0) {
    throw new CommandError(`lineage: --pool: expected SIZE:COUNT, got "${text}"`);
  }
  try {
    return { size: parseSize(size), count: Number(count) };
  } catch (error) {
    throw new CommandError(`lineage: --pool: ${error instanceof Error ? error.message : error}`);
  }
}

const MARKS = { kernel: "", "what-if": "what if", arithmetic: "by arithmetic" };

function costTable(rows: readonly LineageRow[]): string[] {
  const line = ({ kernel, what, kind, figures: cost, why: error }: LineageRow): string[] => {
    const name = MARKS[kind] === "" ? kernel : `${MARKS[kind]}: ${kernel}`;
    if (cost === null) return [name, what, error ?? ""];
    const { dramBytes, directMapBytes, structPagesWritten, entriesWritten, tlbFlushes } = cost;
    const { referencesTaken: references } = cost;
    const size = (bytes: number) => bytes % 2 ** 20 === 0 && bytes > 0 ? formatSize(bytes) : humanSize(bytes);
    const counts = [structPagesWritten, entriesWritten, tlbFlushes, references].map((n) => n === null ? "-" : `${n}`);
    return [name, what, size(dramBytes), size(directMapBytes), ...counts];
  };
  const head = ["kernel", "", "DRAM", "direct map", "structs written", "entries", "flushes", "references"];
  return table([head, ...rows.map(line)], 2);
}

function changeLines(rows: readonly LineageRow[]): string[] {
  return rows.filter(({ changes }) => changes.length > 0).flatMap(({ kernel, changes }) => [
    `${kernel}:`,
    ...table(changes.map(({ name, from, to, help, source }) => [`  ${name}`, `${from} -> ${to}`, help, source]), 4),
  ]);
}
