// SPDX-License-Identifier: GPL-2.0-only
// The formulas against the /proc/zoneinfo of a real machine: Linux 6.18, 2 CPUs, 24 GiB, default sysctls.

import { assertEquals } from "@std/assert";
import { ZONE_MOVABLE } from "../include/mmzone.ts";
import { type MarkedMachine, zoneMarks } from "./watermarks.ts";

const MANAGED = [3840, 772915, 4358144, 0, 0];

function machine(managed: readonly number[], movableApart = true): MarkedMachine {
  const zones = managed.map((pages, index) => ({ nid: 0, index, present: pages, managed: pages }));
  return { nodes: [zones], cpus: 2, pageBytes: 4096, pageblockPages: 512, movableApart };
}

Deno.test("zoneMarks() gives what Linux 6.18 printed for each of its zones", () => {
  const { nodes: [zones], ...rest } = machine(MANAGED);
  const marks = zoneMarks({ nodes: [zones], ...rest });
  const rows = zones.map((zone) => {
    const { min, low, high, promo, protection, batch, pcpHigh, pcpHighMax, threshold } = marks.get(zone)!;
    return [min, low, high, promo, ...protection, batch, pcpHigh, pcpHighMax, threshold];
  });
  assertEquals(rows.slice(0, 3), [
    [12, 15, 18, 21, 0, 3019, 20043, 20043, 20043, 1, 7, 240, 4],
    [2543, 3315, 4087, 4859, 0, 0, 17024, 17024, 17024, 63, 1657, 48307, 24],
    [14340, 18698, 23056, 27414, 0, 0, 0, 0, 0, 63, 9349, 272384, 36],
  ]);
  // Zones without memory print no per-CPU lists.
  assertEquals(rows.slice(3).map((row) => row.slice(0, 9)), [
    [32, 32, 32, 32, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0],
  ]);
});

Deno.test("zoneMarks() gives ZONE_MOVABLE a share of min_free_kbytes before Linux 6.6", () => {
  const managed = [3840, 772915, 1000000, 1000000, 0];
  const min = (apart: boolean) => {
    const m = machine(managed, apart);
    return zoneMarks(m).get(m.nodes[0][ZONE_MOVABLE])!.min;
  };
  const pages = 512 * 3 * 11;
  assertEquals([min(true), min(false)], [128, Math.floor(pages * 1000000 / (3840 + 772915 + 2000000))]);
});

Deno.test("zoneMarks() keeps min_free_kbytes below a twentieth of a small machine's memory", () => {
  const m = machine([3840, 128000, 0, 0, 0]);
  const sum = [...zoneMarks(m).values()].slice(0, 2).reduce((pages, { min }) => pages + min, 0);
  // sqrt(16 * 527360 KiB) at first: high watermarks of 31 and 1056 pages, and a twentieth of the rest is 6537.
  assertEquals(sum, Math.floor(6537 * 3840 / 131840) + Math.floor(6537 * 128000 / 131840));
});
