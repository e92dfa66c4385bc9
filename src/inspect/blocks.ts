// SPDX-License-Identifier: GPL-2.0-only
// Memory blocks as in sysfs (drivers/base/memory.c) and as printed by lsmem, including those of boot memory, which are
// always online.

import { ZONE_NAMES } from "../include/mmzone.ts";
import { humanSize } from "../lib/units.ts";
import type { Kernel } from "../mm/kernel.ts";
import { zoneIndexOfDram } from "../mm/page_alloc.ts";

/** A block, of boot or hot-added. */
export interface BlockLine {
  readonly id: number;
  readonly nid: number;
  readonly online: boolean;
  /** The one zone it is in; `none` for several. */
  readonly zones: string;
}

/** All blocks, ascending. */
function memoryBlockLines(k: Kernel): BlockLine[] {
  const { blockPages, blocks } = k.hotplug;
  const lines = new Map<number, BlockLine>();
  for (const { nid, start, end } of k.machine.topology.dram) {
    for (let id = Math.floor(start / blockPages); id * blockPages < end; id++) {
      const first = zoneIndexOfDram(k, Math.max(start, id * blockPages));
      const last = zoneIndexOfDram(k, Math.min(end, (id + 1) * blockPages) - 1);
      const zones = first === last ? ZONE_NAMES[first] : "none";
      lines.set(id, { id, nid: lines.get(id)?.nid ?? nid, online: true, zones });
    }
  }
  for (const { id, nid, zone } of blocks.values()) {
    lines.set(id, { id, nid, online: zone >= 0, zones: zone >= 0 ? ZONE_NAMES[zone] : "Normal Movable" });
  }
  return [...lines.values()].sort((a, b) => a.id - b.id);
}

/** `grep -r . /sys/devices/system/memory`, without what is write-only. */
export function sysfsMemory(k: Kernel): string {
  const dir = "/sys/devices/system/memory";
  const blocks = memoryBlockLines(k).flatMap(({ id, online, zones }) => [
    `${dir}/memory${id}/removable:1\n`,
    `${dir}/memory${id}/phys_index:${id.toString(16).padStart(8, "0")}\n`,
    `${dir}/memory${id}/phys_device:0\n`,
    `${dir}/memory${id}/valid_zones:${zones}\n`,
    `${dir}/memory${id}/state:${online ? "online" : "offline"}\n`,
  ]);
  return [`${dir}/block_size_bytes:${blockBytes(k).toString(16)}\n`, ...blocks].join("");
}

const blockBytes = (k: Kernel) => k.hotplug.blockPages * k.pageBytes;

/** `lsmem -o+NODE,ZONES`: adjacent equal blocks in one row. */
export function lsmem(k: Kernel): string {
  const size = blockBytes(k);
  const runs: BlockLine[][] = [];
  for (const block of memoryBlockLines(k)) {
    const last = runs.at(-1)?.at(-1);
    const joins = last !== undefined && last.id === block.id - 1 && last.nid === block.nid &&
      last.online === block.online && last.zones === block.zones;
    if (joins) runs.at(-1)!.push(block);
    else runs.push([block]);
  }
  const hex = (n: number) => `0x${n.toString(16).padStart(16, "0")}`;
  const rows = [
    ["RANGE", "SIZE", "STATE", "REMOVABLE", "BLOCK", "NODE", "ZONES"],
    ...runs.map((run) => {
      const [first, last] = [run[0], run.at(-1)!];
      return [
        `${hex(first.id * size)}-${hex((last.id + 1) * size - 1)}`,
        shortSize(run.length * size),
        first.online ? "online" : "offline",
        "yes",
        first === last ? `${first.id}` : `${first.id}-${last.id}`,
        `${first.nid}`,
        first.zones === "none" ? "None" : first.zones.replace(" ", "/"),
      ];
    }),
  ];
  const total = (online: boolean) => shortSize(size * runs.flat().filter((block) => block.online === online).length);
  const line = (what: string, value: string) => `${what.padEnd(21)}${value.padStart(9)}`;
  return [
    ...columns(rows),
    "",
    line("Memory block size:", shortSize(size)),
    line("Total online memory:", total(true)),
    line("Total offline memory:", total(false)),
    "",
  ].join("\n");
}

/** Columns as libsmartcols pads them: the first left-aligned, the others right-aligned, separated by a blank. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join(" "));
}

/** `62.9G`: one digit after the point, none when it is 0. */
function shortSize(bytes: number): string {
  if (bytes === 0) return "0B";
  const [, number, unit] = /^([\d.]+) (\w)/.exec(humanSize(bytes))!;
  const exact = bytes / 2 ** (10 * ("BKMGTP".indexOf(unit)));
  return `${String(Math.round(exact * 10) / 10 || number)}${unit}`;
}
