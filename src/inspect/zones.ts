// SPDX-License-Identifier: GPL-2.0-only
// /proc/zoneinfo, /proc/buddyinfo and /proc/vmstat of the emulated machine, in the format of mm/vmstat.c. Watermarks and
// limits are computed as the kernel does (watermarks.ts). What is not modelled prints as 0: pages on per-CPU lists, the
// page cache, NUMA hits, reclaim.

import { versionOf } from "../box/kernel_of.ts";
import { ZONE_NAMES } from "../include/mmzone.ts";
import type { Kernel } from "../mm/kernel.ts";
import { type PgData, type Zone, zoneFreePages } from "../mm/mmzone.ts";
import { totalFreePages } from "../mm/page_alloc.ts";
import { C } from "../mm/vmstat.ts";
import { releaseOf } from "./release.ts";
import { type ZoneMarks, zoneMarks } from "./watermarks.ts";
import { statNames, vmstatNames } from "./vmstat_names.ts";

/** Nodes with any memory; the others are not online. */
function onlineNodes(k: Kernel): PgData[] {
  return k.nodes.filter((node) => node.zones.some((zone) => zone.spanned > 0));
}

const name = (zone: Zone) => ZONE_NAMES[zone.index].padStart(8);

/** /proc/zoneinfo: every zone, populated or not. */
export function zoneinfo(k: Kernel): string {
  const marks = zoneMarks({
    nodes: onlineNodes(k).map(({ zones }) => zones),
    cpus: k.machine.cpus.length,
    pageBytes: k.pageBytes,
    pageblockPages: 2 ** k.arch.pageblockOrder,
    movableApart: versionOf(releaseOf(k)) >= versionOf("6.6"),
  });
  return onlineNodes(k).flatMap((node) => node.zones.map((zone) => zoneText(k, node, zone, marks.get(zone)!))).join("");
}

/** `zoneinfo_show_print`. */
function zoneText(k: Kernel, node: PgData, zone: Zone, marks: ZoneMarks): string {
  const release = releaseOf(k);
  const { zone: ofZone, numa, node: ofNode } = statNames(release);
  const lines = [`Node ${node.nid}, zone ${name(zone)}`];
  const stat = (names: readonly string[], value: (name: string) => number) =>
    lines.push(...names.map((item) => `      ${item.padEnd(12)} ${value(item)}`));
  if (zone === node.zones.find(({ present }) => present > 0)) {
    lines.push("  per-node stats");
    stat(ofNode, (item) => nodeStat(k, item));
  }
  const promo = versionOf(release) >= versionOf("6.12") ? [["promo", marks.promo] as const] : [];
  const { min, low, high } = marks;
  const counts = [["boost", 0], ["min", min], ["low", low], ["high", high], ...promo] as const;
  const spans = [["spanned", zone.spanned], ["present", zone.present], ["managed", zone.managed], ["cma", 0]] as const;
  lines.push(`  pages free     ${zoneFreePages(zone)}`);
  for (const [what, pages] of [...counts, ...spans]) lines.push(`        ${what.padEnd(8)} ${pages}`);
  lines.push(`        protection: (${marks.protection.join(", ")})`);
  if (zone.present === 0) return `${lines.join("\n")}\n`;
  stat(ofZone, (item) => item === "nr_free_pages" ? zoneFreePages(zone) : 0);
  stat(numa, () => 0);
  lines.push("  pagesets", ...k.machine.cpus.flatMap(({ id }) => pageset(id, release, marks)));
  lines.push("  node_unreclaimable:  0", `  start_pfn:           ${zone.startPfn}`);
  if (versionOf(release) >= versionOf("7.3")) lines.push("  reserved_highatomic: 0", "  free_highatomic:     0");
  return `${lines.join("\n")}\n`;
}

/** What one CPU may keep of a zone. Since 6.7 `high` grows from 0 as pages are freed, between high_min and high_max. */
function pageset(cpu: number, release: string, { batch, pcpHigh, pcpHighMax, threshold }: ZoneMarks): string[] {
  const values: Readonly<Record<string, number>> = versionOf(release) >= versionOf("6.12")
    ? { "count:   ": 0, "high:    ": 0, "batch:   ": batch, "high_min:": pcpHigh, "high_max:": pcpHighMax }
    : { "count:": 0, "high: ": pcpHigh, "batch:": batch };
  return [
    `    cpu: ${cpu}`,
    ...Object.entries(values).map(([name, value]) => `              ${name} ${value}`),
    `  vm stats threshold: ${threshold}`,
  ];
}

/** Pins are counted for the machine, and printed with its first node. */
function nodeStat(k: Kernel, item: string): number {
  if (item === "nr_foll_pin_acquired") return k.stat[C.follPinAcquired];
  return item === "nr_foll_pin_released" ? k.stat[C.follPinReleased] : 0;
}

/** /proc/buddyinfo: free blocks by order of every populated zone. */
export function buddyinfo(k: Kernel): string {
  const orders = Array.from({ length: k.arch.maxOrder + 1 }, (_, order) => order);
  const blocks = (zone: Zone, order: number) => zone.areas.reduce((sum, area) => sum + area.freeBlocks(order), 0);
  return onlineNodes(k).flatMap((node) =>
    node.zones.filter(({ present }) => present > 0).map((zone) =>
      `Node ${node.nid}, zone ${name(zone)} ${orders.map((o) => `${String(blocks(zone, o)).padStart(6)} `).join("")}\n`
    )
  ).join("");
}

/** /proc/vmstat. */
export function vmstat(k: Kernel): string {
  const values: Readonly<Record<string, number>> = {
    nr_free_pages: totalFreePages(k),
    nr_foll_pin_acquired: k.stat[C.follPinAcquired],
    nr_foll_pin_released: k.stat[C.follPinReleased],
    nr_memmap_pages: k.stat[C.nrMemmapPages],
    nr_memmap_boot_pages: k.stat[C.nrMemmapBootPages],
  };
  return vmstatNames(releaseOf(k)).map((name) => `${name} ${values[name] ?? 0}\n`).join("");
}
