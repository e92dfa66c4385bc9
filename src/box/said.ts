// SPDX-License-Identifier: GPL-2.0-only
// The machine's own figures that can be compared with the emulator: usable sizes, places, blocks, spans, vmemmap.

import type { BoxFigure, BoxKernel, BoxRam, BoxRegion } from "./box.ts";
import type { Facts, Place } from "./facts.ts";

/** All of them, in the order of the report. */
export function figuresSaid(
  facts: Facts,
  regions: readonly BoxRegion[],
  ram: readonly BoxRam[],
  kernel: BoxKernel,
): BoxFigure[] {
  return [...ofNamespaces(facts, regions), ...ofRam(facts, ram, kernel), ...ofKernel(facts, regions, ram)];
}

function figure(at: Place, what: BoxFigure["what"], of: string, value: number, slack = 0): BoxFigure {
  return { file: at.file, line: at.line, what, of, value, slack };
}

function ofNamespaces(facts: Facts, regions: readonly BoxRegion[]): BoxFigure[] {
  const found: BoxFigure[] = [];
  for (const ns of regions.flatMap((r) => r.namespaces)) {
    // A size derived from the usable size would always agree with it.
    if (ns.usableBytes !== null && ns.sizeKnown) found.push(figure(ns, "usable", ns.dev, ns.usableBytes));
    if (ns.chardev === null) continue;
    const resource = facts.resources.find((r) => r.name === ns.chardev);
    const placed = facts.resources.some((r) => r.name === ns.dev || r.name.startsWith("Persistent Memory"));
    if (resource !== undefined && placed) found.push(figure(resource, "dax-start", ns.dev, resource.start));
  }
  return found;
}

function ofRam(facts: Facts, ram: readonly BoxRam[], { blockBytes }: BoxKernel): BoxFigure[] {
  const found: BoxFigure[] = [];
  for (const { dev, ranges } of ram) {
    const dax = facts.daxes.findLast((d) => d.chardev === dev && d.totalBlocks !== null);
    if (dax !== undefined) found.push(figure(dax, "blocks", dev, dax.totalBlocks!));
    const rows = facts.ranges.filter((r) => ranges.some(({ start, end }) => start <= r.start && r.end <= end));
    if (rows.length > 0 && rows[0].firstBlock !== null) {
      found.push(figure(rows[0], "block-range", dev, rows[0].firstBlock));
      const bytes = rows.reduce((sum, row) => sum + row.end - row.start, 0);
      found.push(figure(rows[0], "blocks", dev, bytes / blockBytes));
    }
    const cut = facts.kmem.findLast((k) => k.dev === dev && k.truncated !== null);
    if (cut !== undefined) found.push(figure(cut, "truncated", dev, cut.truncated!));
  }
  for (const { tooSmall, ...at } of facts.kmem) {
    if (tooSmall !== null) {
      found.push(figure(at, "too-small", `${at.dev} ${tooSmall.start} ${tooSmall.end}`, tooSmall.end - tooSmall.start));
    }
  }
  return found;
}

function ofKernel(facts: Facts, regions: readonly BoxRegion[], ram: readonly BoxRam[]): BoxFigure[] {
  const found: BoxFigure[] = [];
  const pmem = regions.some((r) => r.namespaces.some((ns) => ns.map !== null));
  for (const zone of facts.zones) {
    const known = zone.zone === "Device" ? pmem : ram.some((r) => r.node === zone.node && r.zone === zone.zone);
    if (known && zone.spanned !== null) {
      found.push(figure(zone, "spanned", `node ${zone.node} ${zone.zone}`, zone.spanned));
    }
  }
  if (pmem) { for (const fact of facts.initialised) found.push(figure(fact, "initialised", "", fact.value)); }
  for (const fact of facts.memmapPages) found.push(figure(fact, "memmap", "", fact.value));
  for (const fact of facts.freed) found.push(figure(fact, "freed", String(fact.size), fact.freed));
  return found;
}
