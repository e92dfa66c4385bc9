// SPDX-License-Identifier: GPL-2.0-only
// Memory blocks (drivers/base/memory.c with patches 1 and 4 of document 003): making their devices, and
// memory_block_online() and memory_block_offline(), which handle a block's own memmap before and after its other
// frames. Left out: sysfs, links to nodes, hwpoison counts.

import { EEXIST, EINVAL, ENOMEM } from "../../include/errno.ts";
import type { MemoryBlock, OnlineType } from "../../include/memory.ts";
import type { VmemAltmap } from "../../include/memremap.ts";
import { memmapOnMemoryPages } from "../../mm/hotplug/memmap_on_memory.ts";
import type { Kernel } from "../../mm/kernel.ts";
import {
  adjustPresentPageCount,
  mhpDeinitMemmapOnMemory,
  mhpInitMemmapOnMemory,
  offlinePages,
  onlinePages,
  zoneForPfnRange,
} from "../../mm/hotplug/ram.ts";
import { traced } from "../../mm/trace.ts";

/**
 * `create_memory_block_devices`: creates the blocks of [start, end), offline. 0; -EEXIST, or -ENOMEM without memory for
 * one, with none of them created.
 */
export const createMemoryBlockDevices = traced("create_memory_block_devices(nid, start, end)", (
  k: Kernel,
  nid: number,
  start: number,
  end: number,
  altmap: VmemAltmap | null,
): number => {
  const { blocks, blockPages } = k.hotplug;
  for (let at = start; at < end; at += blockPages) {
    const err = blocks.has(at / blockPages) ? -EEXIST : addMemoryBlock(k, nid, at, altmap);
    if (err < 0) {
      removeMemoryBlockDevices(k, start, at);
      return err;
    }
  }
  return 0;
});

/** `remove_memory_block_devices`. */
export const removeMemoryBlockDevices = traced(
  "remove_memory_block_devices(start, end)",
  (k: Kernel, start: number, end: number): void => {
    const { blocks, blockPages } = k.hotplug;
    for (let at = start; at < end; at += blockPages) blocks.delete(at / blockPages);
  },
);

/**
 * `memory_block_online`: adds the block's own memmap to the zone, then puts the other frames online. 0; -EINVAL if the
 * block is online; otherwise the error of onlinePages(), with nothing changed.
 */
export const memoryBlockOnline = traced(
  "memory_block_online()",
  (k: Kernel, block: MemoryBlock, type: OnlineType): number => {
    if (block.zone >= 0) return -EINVAL;
    const { start, end, nrVmemmapPages: own } = block;
    const zone = zoneForPfnRange(k, type, block.nid, start, end - start);
    if (own > 0) mhpInitMemmapOnMemory(k, start, own, zone);
    const err = onlinePages(k, start + own, end - start - own, zone);
    if (err < 0) {
      if (own > 0) mhpDeinitMemmapOnMemory(k, start, own, zone);
      return err;
    }
    // Counted after onlining succeeded: the memmap is present, but never managed.
    adjustPresentPageCount(zone, own);
    block.zone = zone.index;
    return 0;
  },
);

/**
 * `memory_block_offline`. 0; -EINVAL if the block is offline; otherwise the error of offlinePages(), nothing changed.
 */
export const memoryBlockOffline = traced("memory_block_offline()", (k: Kernel, block: MemoryBlock): number => {
  if (block.zone < 0) return -EINVAL;
  const { start, end, nrVmemmapPages: own } = block;
  const zone = k.nodes[block.nid].zones[block.zone];
  adjustPresentPageCount(zone, -own);
  const err = offlinePages(k, start + own, end - start - own, zone);
  if (err < 0) {
    adjustPresentPageCount(zone, own);
    return err;
  }
  if (own > 0) mhpDeinitMemmapOnMemory(k, start, own, zone);
  block.zone = -1;
  return 0;
});

/** `add_memory_block`. The device is a small object: allocating it takes no frame, but can fail. */
function addMemoryBlock(k: Kernel, nid: number, start: number, altmap: VmemAltmap | null): number {
  if (k.fault.fails(0)) return -ENOMEM;
  const { blocks, blockPages } = k.hotplug;
  const id = start / blockPages;
  const own = altmap === null ? 0 : memmapOnMemoryPages(k, altmap.alloc);
  blocks.set(id, { id, nid, start, end: start + blockPages, altmap, nrVmemmapPages: own, zone: -1 });
  return 0;
}
