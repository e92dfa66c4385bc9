// SPDX-License-Identifier: GPL-2.0-only
// The physical address map: which frames are DRAM of which node, which are a pmem region. Mirrors what QEMU's q35 board
// (and e820/NFIT on hardware) would report:
//
//   0            low end   4G                 DRAM end   1G-aligned
//   +------------+---------+------------------+----------+-----------------+-----------------+
//   | DRAM node 0|  hole   | DRAM node 0 rest, | (gap)    | pmem region 0   | pmem region 1   |
//   | (low part) |  (PCI)  | then nodes 1, 2.. |          | node given      | node given      |
//   +------------+---------+------------------+----------+-----------------+-----------------+
//
// Left out: firmware tables, reserved holes below 1 MiB other than the first frame, interleave sets.

import { alignUp } from "../lib/align.ts";

/** One run of DRAM frames; `end` is exclusive. */
export interface DramRange {
  readonly nid: number;
  readonly start: number;
  readonly end: number;
}

/** One NVDIMM region: frames and the node they are near to; `end` is exclusive. */
export interface PmemRegion {
  readonly id: number;
  readonly nid: number;
  readonly start: number;
  readonly end: number;
}

/** The box as ordered: bytes of DRAM per node, pmem regions, and where regions may start. */
export interface TopologySpec {
  readonly dram: readonly number[];
  readonly pmem: readonly { readonly bytes: number; readonly nid?: number; readonly startBytes?: number }[];
  /** DRAM of node 0 below this many bytes sits under the hole. */
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
  readonly pmem: readonly PmemRegion[];
  /** One past the highest frame of anything. */
  readonly maxPfn: number;
  /** First frame of the lowest pmem region; frames from here on are pmem tier. Infinity without pmem. */
  readonly pmemStart: number;
}

/** Lays out the spec. RangeError when a region overlaps DRAM or another region, or is not whole pages. */
export function layoutTopology(spec: TopologySpec): Topology {
  const dram = layoutDram(spec);
  // A board keeps the whole hole for devices, be there DRAM above it or not.
  const aboveHole = spec.highStartBytes / spec.pageBytes;
  let next = dram[dram.length - 1].end;
  const pmem: PmemRegion[] = [];
  for (const [id, region] of spec.pmem.entries()) {
    const start = region.startBytes === undefined
      ? alignUp(Math.max(next, aboveHole), spec.regionAlignBytes / spec.pageBytes)
      : region.startBytes / spec.pageBytes;
    const end = start + region.bytes / spec.pageBytes;
    if (!Number.isInteger(start) || !Number.isInteger(end) || end <= start) {
      throw new RangeError(
        `Cannot place pmem region ${id}: start and size must be whole pages of ${spec.pageBytes} bytes, at least one`,
      );
    }
    if (start < next) {
      throw new RangeError(
        `Cannot place pmem region ${id}: frame ${start} lies below ${next}, the end of what is there`,
      );
    }
    const nid = region.nid ?? 0;
    if (!Number.isInteger(nid) || nid < 0 || nid >= spec.dram.length) {
      throw new RangeError(`Cannot place pmem region ${id}: node ${nid} of ${spec.dram.length} nodes`);
    }
    pmem.push({ id, nid, start, end });
    next = end;
  }
  return { dram, pmem, maxPfn: next, pmemStart: pmem.length > 0 ? pmem[0].start : Infinity };
}

function layoutDram(spec: TopologySpec): DramRange[] {
  const page = spec.pageBytes;
  const ranges: DramRange[] = [];
  if (spec.dram.length === 0) throw new RangeError("Cannot place DRAM: there is no node");
  let next = 0;
  for (const [nid, bytes] of spec.dram.entries()) {
    let frames = bytes / page;
    if (!Number.isInteger(frames) || frames <= 0) {
      throw new RangeError(`Cannot place DRAM of node ${nid}: ${bytes} bytes are not a positive number of pages`);
    }
    const low = Math.min(frames, Math.max(0, spec.lowEndBytes / page - next));
    if (low > 0) {
      ranges.push({ nid, start: next, end: next + low });
      next += low;
      frames -= low;
    }
    if (frames > 0) {
      next = Math.max(next, spec.highStartBytes / page);
      ranges.push({ nid, start: next, end: next + frames });
      next += frames;
    }
  }
  return ranges;
}
