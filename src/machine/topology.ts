// SPDX-License-Identifier: GPL-2.0-only
// The physical address map: which frames are DRAM of which node, where DIMMs may be plugged later, which are a pmem
// region. Mirrors what QEMU's q35 board (and e820/SRAT/NFIT on hardware) would report:
//
//   0            low end   4G                 DRAM end   1G-aligned
//   +------------+---------+------------------+----------+-----------------+-----------------+-----------------+
//   | DRAM, node |  hole   | rest of the DRAM, | (gap)    | DIMM slots,     | pmem region 0   | pmem region 1   |
//   | after node |  (PCI)  | node after node   |          | empty at boot   | node given      | node given      |
//   +------------+---------+------------------+----------+-----------------+-----------------+-----------------+
//
// Left out: firmware tables, reserved holes below 1 MiB other than the first frame, interleave sets.

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
}

/** A region as ordered: its size, the node it is near to (default 0), and a place of its own if it is not the next. */
export interface RegionSpec {
  readonly bytes: number;
  readonly nid?: number;
  readonly startBytes?: number;
}

/** The box as ordered: bytes of DRAM per node, DIMM slots, pmem regions, and where regions may start. */
export interface TopologySpec {
  readonly dram: readonly number[];
  /** Nodes there may be (node_possible), those without DRAM included; default one per entry of `dram`. */
  readonly nodes?: number;
  /** DIMM slots; default none. */
  readonly hotplug?: readonly RegionSpec[];
  readonly pmem: readonly RegionSpec[];
  /** DRAM up to here sits under the hole, whichever node it is of. */
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
  /** Address space for DIMMs that are not there at boot. */
  readonly hotplug: readonly PmemRegion[];
  readonly pmem: readonly PmemRegion[];
  /** One past the highest frame of anything. */
  readonly maxPfn: number;
  /** First frame of the lowest pmem region; frames from here on are pmem tier. Infinity without pmem. */
  readonly pmemStart: number;
}

/** Lays out the spec. RangeError when a region overlaps DRAM or another region, or is not whole pages. */
export function layoutTopology(spec: TopologySpec): Topology {
  const dram = layoutDram(spec);
  const hotplug = layoutRegions(spec, spec.hotplug ?? [], dram[dram.length - 1].end, "DIMM slot");
  const pmem = layoutRegions(spec, spec.pmem, lastEnd(hotplug, dram[dram.length - 1].end), "pmem region");
  const maxPfn = lastEnd(pmem, lastEnd(hotplug, dram[dram.length - 1].end));
  return { dram, hotplug, pmem, maxPfn, pmemStart: pmem.length > 0 ? pmem[0].start : Infinity };
}

function lastEnd(regions: readonly PmemRegion[], otherwise: number): number {
  return regions.length > 0 ? regions[regions.length - 1].end : otherwise;
}

function layoutRegions(spec: TopologySpec, regions: readonly RegionSpec[], from: number, what: string): PmemRegion[] {
  // A board keeps the whole hole for devices, be there DRAM above it or not.
  const page = spec.pageBytes;
  const aboveHole = pfnDown(spec.highStartBytes, page);
  let next = from;
  const placed: PmemRegion[] = [];
  for (const [id, region] of regions.entries()) {
    const { startBytes = alignUp(Math.max(next, aboveHole) * page, spec.regionAlignBytes), bytes } = region;
    const start = pfnDown(startBytes, page);
    const end = start + pfnDown(bytes, page);
    if (startBytes % page !== 0 || bytes % page !== 0 || end <= start) {
      throw new RangeError(
        `Cannot place ${what} ${id}: start and size must be whole pages of ${page} bytes, at least one`,
      );
    }
    if (start < next) {
      throw new RangeError(
        `Cannot place ${what} ${id}: frame ${start} lies below ${next}, the end of what is there`,
      );
    }
    const nid = region.nid ?? 0;
    const nodes = spec.nodes ?? spec.dram.length;
    if (!Number.isInteger(nid) || nid < 0 || nid >= nodes) {
      throw new RangeError(`Cannot place ${what} ${id}: node ${nid} of ${nodes} nodes`);
    }
    placed.push({ id, nid, start, end });
    next = end;
  }
  return placed;
}

function layoutDram(spec: TopologySpec): DramRange[] {
  const page = spec.pageBytes;
  const ranges: DramRange[] = [];
  if (spec.dram.length === 0) throw new RangeError("Cannot place DRAM: there is no node");
  let next = 0;
  for (const [nid, bytes] of spec.dram.entries()) {
    let frames = pfnDown(bytes, page);
    if (bytes % page !== 0 || frames <= 0) {
      throw new RangeError(`Cannot place DRAM of node ${nid}: ${bytes} bytes are not a positive number of pages`);
    }
    const low = Math.min(frames, Math.max(0, pfnDown(spec.lowEndBytes, page) - next));
    if (low > 0) {
      ranges.push({ nid, start: next, end: next + low });
      next += low;
      frames -= low;
    }
    if (frames > 0) {
      next = Math.max(next, pfnDown(spec.highStartBytes, page));
      ranges.push({ nid, start: next, end: next + frames });
      next += frames;
    }
  }
  return ranges;
}
