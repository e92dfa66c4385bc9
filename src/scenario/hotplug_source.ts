// SPDX-License-Identifier: GPL-2.0-only
// Where plugged memory comes from: DIMMs in the machine's slot, or a device-dax namespace given to kmem. Both are added
// from the bottom and removed from the top, because the memmap of memory added later may lie in memory added before.

import { acpiMemoryEnableDevice } from "../drivers/acpi/acpi_memhotplug.ts";
import { memoryBlockOffline } from "../drivers/base/memory.ts";
import { memoryBlocks, removeMemory } from "../drivers/base/memory_hotplug.ts";
import { devDaxRemove } from "../drivers/dax/device.ts";
import { allocDaxRegion, createDevDax, type DevDax } from "../drivers/dax/bus.ts";
import {
  daxKmemRange,
  devDaxKmemProbe,
  devDaxKmemRemove,
  memmapOnMemoryStore,
  truncationLog,
} from "../drivers/dax/kmem.ts";
import { createNamespace } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { EBUSY, EINVAL } from "../include/errno.ts";
import type { PfnRange } from "../include/memremap.ts";
import { levelBytes } from "../arch/arch.ts";
import { panic } from "../lib/bug.ts";
import type { PmemRegion } from "../machine/topology.ts";
import type { Kernel } from "../mm/kernel.ts";
import type { HotplugConfig } from "./hotplug_box.ts";
import { NamespaceError } from "./namespace.ts";

/** Memory that can be plugged and pulled. */
export interface MemorySource {
  /** First frame, for choosing the zone. */
  readonly start: number;
  /** Frames of whole memory blocks. */
  readonly pages: number;
  /** Adds as much as possible; 0, or the errno of the part that failed. */
  readonly add: () => number;
  /** Removes all of it, even if some is online; returns how many frames leaked. */
  readonly remove: () => number;
  /** The parts of a DAX device outside memory blocks; null for DIMMs. */
  readonly cut: () => DaxCut | null;
}

/** The DIMMs of a configuration, one request each; adding stops at the first that is refused. */
export function dimmSource(k: Kernel, { node, dimm }: HotplugConfig): MemorySource {
  const { start, end } = k.machine.topology.hotplug[0];
  const pages = dimm / k.pageBytes;
  let top = start;
  return {
    start,
    pages: end - start,
    add: () => {
      for (; top < end; top += pages) {
        const err = acpiMemoryEnableDevice(k, node, top * k.pageBytes, dimm);
        if (err < 0) return err;
      }
      return 0;
    },
    remove: () => {
      for (top -= pages; top >= start; top -= pages) {
        offlineRange(k, top, top + pages);
        const err = removeMemory(k, top * k.pageBytes, dimm);
        if (err < 0) panic(`dimmSource: the DIMM at frame ${top} cannot be removed, error ${err}`);
      }
      return 0;
    },
    cut: () => null,
  };
}

/**
 * The device of a namespace over the whole pmem region, its device_dax driver unbound, or a device over a range without
 * a namespace. NamespaceError if it cannot be created.
 */
export function daxSource(k: Kernel, config: HotplugConfig): MemorySource {
  const dev = config.range === null ? namespaceDevice(k, config) : rangeDevice(k, k.machine.topology.pmem[0]);
  const pmem = k.machine.topology.pmem[0];
  let err = 0;
  return {
    start: dev.ranges[0]?.start ?? pmem.start,
    pages: dev.ranges.map((range) => daxKmemRange(k, range)).reduce((n, r) => n + Math.max(0, r.end - r.start), 0),
    add: () => {
      // If that is refused, the memmap is in DRAM, which the report shows.
      memmapOnMemoryStore(k, dev, config.memmapOnMemory);
      return err = devDaxKmemProbe(k, dev);
    },
    remove: () => {
      if (dev.kmem === null) return 0;
      if (config.offline) { for (const { start, end } of dev.kmem) offlineRange(k, start, end); }
      return devDaxKmemRemove(k, dev);
    },
    cut: () => cutOff(k, dev, err),
  };
}

function namespaceDevice(k: Kernel, { map }: HotplugConfig): DevDax {
  const [region] = ndRegions(k);
  const size = region.end - region.start;
  const namespace = createNamespace(k, region, { size, align: levelBytes(k.arch, 1), map });
  if (typeof namespace === "number") throw new NamespaceError(namespace);
  const dev = namespace.dev!;
  devDaxRemove(k, dev);
  return dev;
}

/** A dynamic region, as hmem creates for memory that the firmware set aside, with one device over all of it. */
export function rangeDevice(k: Kernel, { nid, start, end, spec }: PmemRegion): DevDax {
  const region = allocDaxRegion(k, nid, { start, end }, k.pageBytes, false, spec.targetNid);
  const dev = region === null ? -EINVAL : createDevDax(k, region, end - start, k.pageBytes, null);
  if (typeof dev === "number") panic(`rangeDevice: no device over frames ${start} to ${end}`);
  return dev;
}

/** Bytes of a DAX device that no memory block covers, and what the driver logs about them. */
export interface DaxCut {
  /** Label, info block and reserve before the data; 0 for a range. */
  readonly reserveBytes: number;
  /** Before the first memory block. */
  readonly frontBytes: number;
  /** After the last. */
  readonly backBytes: number;
  /** Lines that the kernel logs. */
  readonly dmesg: readonly string[];
}

function cutOff(k: Kernel, dev: DevDax, err: number): DaxCut {
  const pmem = k.machine.topology.pmem[0];
  const [data] = dev.ranges.length > 0 ? dev.ranges : [{ start: pmem.end, end: pmem.end }];
  const blocks = daxKmemRange(k, data);
  const bytes = (frames: number) => frames * k.pageBytes;
  const some = blocks.start < blocks.end;
  return {
    reserveBytes: bytes(data.start - pmem.start),
    frontBytes: bytes(some ? blocks.start - data.start : data.end - data.start),
    backBytes: bytes(some ? pmem.end - blocks.end : pmem.end - data.end),
    dmesg: kmemLog(k, data, blocks, err),
  };
}

/** What dev_dax_kmem_probe() logs about its one range. */
function kmemLog(k: Kernel, data: PfnRange, blocks: PfnRange, err: number): string[] {
  const line = ({ start, end }: PfnRange, what: string) =>
    `kmem dax0.0: mapping0: 0x${(start * k.pageBytes).toString(16)}-0x${(end * k.pageBytes - 1).toString(16)} ${what}`;
  if (blocks.start >= blocks.end) {
    return [
      // A device without data has no mapping.
      ...(data.start < data.end ? [line(data, "too small after alignment")] : []),
      "kmem dax0.0: rejecting DAX region without any memory after alignment",
    ];
  }
  const truncated = truncationLog(k, "dax0.0", data.end - data.start - (blocks.end - blocks.start));
  if (err === -EBUSY) return [...truncated, line(blocks, "could not reserve region")];
  return err < 0 ? [...truncated, line(blocks, "memory add failed")] : truncated;
}

/** Puts the rest of [start, end) offline, from the top. */
function offlineRange(k: Kernel, start: number, end: number): void {
  for (const block of memoryBlocks(k, start, end)!.reverse()) if (block.zone >= 0) memoryBlockOffline(k, block);
}
