// SPDX-License-Identifier: GPL-2.0-only
// The physical address map: DRAM by node, slots for DIMMs plugged later, pmem regions. Mirrors what QEMU's q35 board
// (and e820/SRAT/NFIT on hardware) would report:
//
//   0            low end   4G                 DRAM end   1G-aligned
//   +------------+---------+------------------+----------+-----------------+-----------------+-----------------+
//   | DRAM, node |  hole   | rest of the DRAM, | (gap)    | DIMM slots,     | pmem region 0   | pmem region 1   |
//   | after node |  (PCI)  | node after node   |          | empty at boot   | node given      | node given      |
//   +------------+---------+------------------+----------+-----------------+-----------------+-----------------+
//
// A region may also lie between DRAM ranges: that of another socket, or what memmap=nn!ss sets aside.
//
// Left out: firmware tables, reserved holes below 1 MiB other than the first frame, where an interleave set begins on
// each of its DIMMs.

import { alignUp, pfnDown } from "../lib/align.ts";

/** One run of DRAM frames; `end` is exclusive. */
export interface DramRange {
  readonly nid: number;
  readonly start: number;
  readonly end: number;
}

/** One NVDIMM region or DIMM slot: frames and the node they are near to; `end` is exclusive. */
export interface PmemRegion {
  readonly id: number;
  readonly nid: number;
  readonly start: number;
  readonly end: number;
  /** The spec it was built from. */
  readonly spec: RegionSpec;
}

/** A requested region: its size, its node (default 0), and its start unless it follows the others. */
export interface RegionSpec {
  readonly bytes: number;
  readonly nid?: number;
  readonly startBytes?: number;
  /** Node of its memory as System RAM (default `nid`). */
  readonly targetNid?: number;
  /** DIMMs it is interleaved over (default 1). */
  readonly ways?: number;
  /** Whether its DIMMs have labels, so that it can be cut into namespaces (default true). */
  readonly labels?: boolean;
  /** Whether DRAM that does not fit below it may follow it (default false). */
  readonly amongDram?: boolean;
}

/** The requested machine: bytes of DRAM per node, DIMM slots, pmem regions, and where regions may start. */
export interface TopologySpec {
  readonly dram: readonly number[];
  /** Number of possible nodes (node_possible), including those without DRAM; default one per entry of `dram`. */
  readonly nodes?: number;
  /** DIMM slots; default none. */
  readonly hotplug?: readonly RegionSpec[];
  readonly pmem: readonly RegionSpec[];
  /** DRAM up to here lies below the hole, of whichever node. */
  readonly lowEndBytes: number;
  /** Where DRAM continues above the hole. */
  readonly highStartBytes: number;
  /** Alignment of a region's start. */
  readonly regionAlignBytes: number;
  readonly pageBytes: number;
}

/** The resulting map, in frames. */
export interface Topology {
  readonly dram: readonly DramRange[];
  /** Address space for DIMMs that are plugged after boot. */
  readonly hotplug: readonly PmemRegion[];
  readonly pmem: readonly PmemRegion[];
  /** One past the highest frame of anything. */
  readonly maxPfn: number;
  /** First frame of the lowest pmem region. Infinity without pmem. */
  readonly pmemStart: number;
}

/** Lays out the spec. RangeError if a region overlaps DRAM or another region, or is not whole pages. */
export function layoutTopology(spec: TopologySpec): Topology {
  const among = spec.pmem.filter(({ amongDram }) => amongDram).map((region) => amongRegion(spec, region));
  const dram = layoutDram(spec, among);
  const top = dram[dram.length - 1].end;
  const hotplug = layoutRegions(spec, spec.hotplug ?? [], lastEnd(among, top), "DIMM slot");
  const pmem = layoutRegions(spec, spec.pmem, lastEnd(hotplug, top), "pmem region");
  const maxPfn = Math.max(top, lastEnd(pmem, lastEnd(hotplug, top)));
  return { dram, hotplug, pmem, maxPfn, pmemStart: pmem.length > 0 ? pmem[0].start : Infinity };
}

type Run = Pick<PmemRegion, "start" | "end">;

/** The highest end of some regions, at least `otherwise`. */
function lastEnd(regions: readonly Run[], otherwise: number): number {
  return regions.reduce((end, region) => Math.max(end, region.end), otherwise);
}

/** The frames of a region among the DRAM. */
function amongRegion({ pageBytes }: TopologySpec, { startBytes, bytes }: RegionSpec): Run {
  if (startBytes === undefined) throw new RangeError("Cannot place a region among the DRAM: expected its start");
  const start = pfnDown(startBytes, pageBytes);
  return { start, end: start + pfnDown(bytes, pageBytes) };
}

function layoutRegions(spec: TopologySpec, regions: readonly RegionSpec[], from: number, what: string): PmemRegion[] {
  // A board keeps the whole hole for devices, even without DRAM above it.
  const page = spec.pageBytes;
  const aboveHole = pfnDown(spec.highStartBytes, page);
  let next = from;
  let lastAmong = 1;
  const placed: PmemRegion[] = [];
  for (const [id, region] of regions.entries()) {
    const { startBytes = alignUp(Math.max(next, aboveHole) * page, spec.regionAlignBytes), bytes } = region;
    const start = pfnDown(startBytes, page);
    const end = start + pfnDown(bytes, page);
    checkPages(region, startBytes, page, `${what} ${id}`);
    // Frame 0 is the kernel's.
    const least = region.amongDram ? lastAmong : next;
    if (start < least) {
      throw new RangeError(
        `Cannot place ${what} ${id}: frame ${start} is taken, expected ${least} or above`,
      );
    }
    const { nid = 0, targetNid = nid } = region;
    for (const node of [nid, targetNid]) checkNode(spec, node, `${what} ${id}`);
    placed.push({ id, nid, start, end, spec: region });
    if (region.amongDram) lastAmong = end;
    next = Math.max(next, end);
  }
  return placed;
}

function checkPages({ bytes, ways = 1 }: RegionSpec, startBytes: number, page: number, what: string): void {
  if (startBytes % page !== 0 || bytes % page !== 0 || bytes <= 0) {
    throw new RangeError(
      `Cannot place ${what}: expected a start and a size of whole pages of ${page} bytes, at least one`,
    );
  }
  if (!Number.isInteger(ways) || ways < 1 || bytes % (ways * page) !== 0) {
    throw new RangeError(`Cannot place ${what}: ${bytes} bytes on ${ways} DIMMs, expected whole pages on each`);
  }
}

function checkNode(spec: TopologySpec, nid: number, what: string): void {
  const nodes = spec.nodes ?? spec.dram.length;
  if (!Number.isInteger(nid) || nid < 0 || nid >= nodes) {
    throw new RangeError(`Cannot place ${what}: node ${nid}, expected a node from 0 to ${nodes - 1}`);
  }
}

function layoutDram(spec: TopologySpec, among: readonly Run[]): DramRange[] {
  const page = spec.pageBytes;
  const ranges: DramRange[] = [];
  if (spec.dram.length === 0) throw new RangeError("Cannot place DRAM: expected at least one node");
  const [lowEnd, highStart] = [pfnDown(spec.lowEndBytes, page), pfnDown(spec.highStartBytes, page)];
  const taken = [...among, { start: lowEnd, end: highStart }].sort((a, b) => a.start - b.start);
  let next = 0;
  for (const [nid, bytes] of spec.dram.entries()) {
    let frames = pfnDown(bytes, page);
    if (bytes % page !== 0 || frames <= 0) {
      throw new RangeError(`Cannot place DRAM of node ${nid}: ${bytes} bytes, expected whole pages, at least one`);
    }
    while (frames > 0) {
      // Skip what is taken, and stop where the next taken range begins.
      for (const { start, end } of taken) if (start <= next) next = Math.max(next, end);
      const room = (taken.find(({ start }) => start > next)?.start ?? Infinity) - next;
      const run = Math.min(frames, room);
      ranges.push({ nid, start: next, end: next + run });
      next += run;
      frames -= run;
    }
  }
  return ranges;
}
