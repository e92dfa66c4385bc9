// SPDX-License-Identifier: GPL-2.0-only
// Regions with their namespaces, and DAX devices that are System RAM. A region's place is that of iomem, or follows from
// its first DAX mapping; a namespace's whole size from the data that ndctl prints.
//
//   iomem      | namespace0.0 (info, memmap) | dax0.0 (data)                    | ... next namespace
//   ndctl                                    | size ------------------------->  |
//   the whole  | <------------------------------------------------------------> |

import type { AddressRange } from "../scenario/address_range.ts";
import { ARCHS } from "../arch/archs.ts";
import { daxAligns } from "../drivers/dax/bus.ts";
import { formatSize } from "../lib/units.ts";
import type { BoxDram, BoxKernel, BoxNamespace, BoxRam, BoxRegion } from "./box.ts";
import { damaged, type DaxFact, type Facts, type NamespaceFact, type Note, type RegionFact } from "./facts.ts";
import { dataOf, type Layout, sizeFor } from "./info_block.ts";
import { middle, roundest } from "./size.ts";

const UNIT = 2 ** 24;
const SUBSECTION = 2 ** 21;
/** What a machine can address. */
const MOST_BYTES = 2 ** 46;

/** Regions as listed, and one for each that is only known from its namespaces. */
export function joinRegions(
  facts: Facts,
  kernel: BoxKernel,
  dram: readonly BoxDram[],
  notes: Note[],
): BoxRegion[] {
  const names = new Set([...facts.regions.map((r) => r.dev), ...facts.namespaces.map(regionOf)]);
  const regions = [...names].sort(byNumber).map((dev) => {
    const region = facts.regions.findLast((r) => r.dev === dev) ?? null;
    const namespaces = lastOfEach(facts.namespaces.filter((ns) => regionOf(ns) === dev), (ns) => ns.dev)
      .sort((a, b) => byNumber(a.dev, b.dev));
    return joinRegion(facts, kernel, dev, region, namespaces, dram, notes);
  });
  return regions.filter((region) => region !== null);
}

/** DAX devices that are System RAM, with their mappings. */
export function joinRam(facts: Facts, regions: readonly BoxRegion[], arch: string, notes: Note[]): BoxRam[] {
  const found: BoxRam[] = [];
  const devices = facts.daxes.filter((d) => d.source === "daxctl" && d.mode === "system-ram");
  for (const dax of lastOfEach(devices, (d) => d.chardev)) {
    const namespace = regions.flatMap((r) => r.namespaces).find((ns) => ns.chardev === dax.chardev) ?? null;
    const ranges = dax.mappings.length > 0 ? dax.mappings : rangesOf(facts, arch, dax, namespace);
    if (ranges.length === 0) {
      const text = `nothing says where ${dax.chardev} lies (daxctl list -M, iomem): its blocks are not counted`;
      notes.push({ file: dax.file, line: dax.line, kind: "note", text });
      continue;
    }
    const row = facts.ranges.find((r) => ranges.some((range) => range.start <= r.start && r.end <= range.end));
    found.push({
      dev: dax.chardev,
      by: "kmem",
      ranges,
      node: row?.node ?? dax.targetNode ?? namespace?.node ?? 0,
      namespace: namespace?.dev ?? null,
      zone: row?.zones ?? (dax.movable === true ? "Movable" : null),
      selfHosted: row?.memmapOnMemory ?? null,
    });
  }
  return found;
}

/** Where a device lies if daxctl does not say: by iomem, or after its namespace's reserve. */
function rangesOf(facts: Facts, arch: string, dax: DaxFact, namespace: BoxNamespace | null): AddressRange[] {
  const resources = facts.resources.filter((r) => r.name === dax.chardev);
  if (resources.length > 0) return resources.map(({ start, end }) => ({ start, end }));
  if (namespace === null || namespace.map === null) return [];
  const layout = { arch, align: namespace.alignBytes, map: namespace.map };
  const data = dataOf(layout, namespace.start, namespace.sizeBytes);
  if (data === null) return [];
  const start = namespace.start + data.offset;
  return [{ start, end: start + data.bytes }];
}

function joinRegion(
  facts: Facts,
  kernel: BoxKernel,
  dev: string,
  region: RegionFact | null,
  namespaces: readonly NamespaceFact[],
  dram: readonly BoxDram[],
  notes: Note[],
): BoxRegion | null {
  const { file, line } = region ?? namespaces[0];
  const known = region === null ? null : roundest(region.size);
  const start = region?.start ?? startOf(facts, kernel, dev, known, namespaces);
  const align = Math.max(region?.align ?? UNIT, SUBSECTION);
  const node = region?.node ?? namespaces.find((ns) => ns.node !== null)?.node ?? 0;
  const joined: BoxNamespace[] = [];
  // If unknown, after the DRAM: the costs of memmap only depend on the place within 64 GiB.
  let at = start ?? Math.ceil(Math.max(4 * 2 ** 30, ...dram.map((d) => d.end)) / 2 ** 30) * 2 ** 30;
  for (const ns of namespaces) {
    const left = known === null ? Infinity : known - joined.reduce((sum, other) => sum + other.sizeBytes, 0);
    const sole = namespaces.length === 1 && region?.available?.most === 0;
    const from = resourceOf(facts, ns.dev)?.start ?? ns.start ?? at;
    const size = wholeSize(kernel, ns, from, align, left, sole && known !== null ? known : null);
    if (size === null || size > left) {
      damaged({ ...facts, notes }, ns, `${ns.dev} ${tooLarge(kernel, ns, dev, size, left)}: left out`);
      continue;
    }
    joined.push(joinNamespace(ns, dev, from, size, node, sole && known === size));
    at = from + size;
  }
  const size = known ?? joined.reduce((sum, ns) => sum + ns.sizeBytes, 0);
  if (size === 0) {
    // A region known only by its namespaces, none of which could be read.
    if (region !== null) damaged({ ...facts, notes }, { file, line }, `${dev} has no size: left out`);
    return null;
  }
  return { dev, start, sizeBytes: size, alignBytes: align, node, namespaces: joined };
}

/** What is wrong with a namespace's size. */
function tooLarge(kernel: BoxKernel, ns: NamespaceFact, region: string, size: number | null, left: number): string {
  const printed = formatSize(middle(ns.size));
  const { map, alignBytes: align } = shapeOf(ns);
  if (Number.isFinite(left) && (size ?? ns.size.least) > left) {
    return `has ${printed}, more than ${region} with ${formatSize(left)} left`;
  }
  if (map !== null && !daxAligns(ARCHS[kernel.arch]).includes(align)) {
    return `has align ${formatSize(align)}, no page size of ${kernel.arch}`;
  }
  return ns.size.least > MOST_BYTES
    ? `has ${printed}, more than the ${formatSize(MOST_BYTES)} that can be addressed`
    : `has ${printed} of data, which no namespace with align ${formatSize(align)} and map=${map} has`;
}

function joinNamespace(
  ns: NamespaceFact,
  region: string,
  start: number,
  size: number,
  node: number,
  sizeKnown: boolean,
): BoxNamespace {
  const { file, line, dev, dax, disabled } = ns;
  const shape = shapeOf(ns);
  const usable = ns.size.least === ns.size.most && shape.map !== null ? ns.size.least : null;
  const whole = { start, sizeBytes: size, usableBytes: usable, sizeKnown };
  return { file, line, dev, region, ...shape, ...whole, node: ns.node ?? node, chardev: dax, disabled };
}

/** Mode, place of the memmap, and page size, with ndctl's defaults for what an old version leaves out. */
function shapeOf(ns: NamespaceFact): Pick<BoxNamespace, "mode" | "map" | "alignBytes"> {
  const mode = ns.mode ?? "raw";
  const mapped = mode === "fsdax" || mode === "devdax";
  const map = !mapped || ns.map === "none" ? null : ns.map === "mem" ? "mem" : "dev";
  return { mode, map, alignBytes: ns.align ?? 2 ** 21 };
}

/**
 * All bytes of a namespace: the rest of its region if nothing else is in it and the data agrees, or the size that has
 * the printed data. Without an info block, the printed size.
 */
function wholeSize(
  kernel: BoxKernel,
  ns: NamespaceFact,
  start: number,
  align: number,
  left: number,
  sole: number | null,
): number | null {
  const { map, alignBytes: page } = shapeOf(ns);
  if (map === null) return sole ?? roundest(ns.size);
  if (!daxAligns(ARCHS[kernel.arch]).includes(page)) return null;
  const layout: Layout = { arch: kernel.arch, align: page, map };
  const data = sole === null ? null : dataOf(layout, start, sole);
  if (data !== null && data.bytes >= ns.size.least && data.bytes <= ns.size.most) return sole;
  const most = Math.min(left, MOST_BYTES);
  const exact = ns.size.least === ns.size.most;
  // A region without labels may have any size, cut to a subsection.
  for (const unit of exact ? [align, UNIT, SUBSECTION] : [align, UNIT]) {
    const size = sizeFor(layout, start, ns.size, unit, most);
    if (size !== null) return size;
  }
  return sole ?? sizeFor(layout, start, { least: ns.size.least, most: ns.size.most + 2 * page }, UNIT, most);
}

/** Where a region begins: in iomem, around one of its namespaces; or before the first mapping of a sole namespace. */
function startOf(
  facts: Facts,
  kernel: BoxKernel,
  dev: string,
  size: number | null,
  namespaces: readonly NamespaceFact[],
): number | null {
  for (const ns of namespaces) {
    const resource = resourceOf(facts, ns.dev) ?? (ns.dax === null ? null : resourceOf(facts, ns.dax));
    if (resource === null) continue;
    const around = facts.resources.find((r) =>
      r.name.startsWith("Persistent Memory") && r.start <= resource.start && resource.end <= r.end
    );
    if (around !== undefined) return around.start;
  }
  const sole = namespaces.length === 1 ? namespaces[0] : null;
  const mapping = facts.daxes.find((d) => sole !== null && d.chardev === sole.dax && d.mappings.length > 0)
    ?.mappings[0];
  const { map, alignBytes: align } = sole === null ? { map: null, alignBytes: 0 } : shapeOf(sole);
  if (mapping !== undefined && map !== null) {
    const whole = size ?? sizeFor({ arch: kernel.arch, align, map }, 0, sole!.size, UNIT, MOST_BYTES);
    const data = whole === null ? null : dataOf({ arch: kernel.arch, align, map }, 0, whole);
    if (data !== null) return mapping.start - data.offset;
  }
  return regionByOrder(facts, dev, size);
}

/** The persistent memory of this size in iomem, if there is only one. */
function regionByOrder(facts: Facts, dev: string, size: number | null): number | null {
  const found = facts.resources.filter((r) => r.name.startsWith("Persistent Memory") && r.end - r.start === size);
  const alike = facts.regions.filter((r) => r.dev !== dev && middle(r.size) === size);
  return found.length === 1 && alike.length === 0 ? found[0].start : null;
}

function resourceOf(facts: Facts, name: string): AddressRange | null {
  return facts.resources.find((r) => r.name === name) ?? null;
}

/** The region a namespace was listed under, or that its name names. */
function regionOf(ns: NamespaceFact): string {
  return ns.region ?? `region${/^namespace(\d+)/.exec(ns.dev)?.[1] ?? 0}`;
}

/** The last of several statements about one thing. */
function lastOfEach<T>(list: readonly T[], name: (item: T) => string): T[] {
  return [...new Map(list.map((item) => [name(item), item])).values()];
}

/** `namespace0.10` after `namespace0.9`. */
function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
