// SPDX-License-Identifier: GPL-2.0-only
// add_memory() and remove_memory() (mm/memory_hotplug.c). They live above drivers/base/memory.ts because they make and
// remove memory block devices, and imports go one way. A request that is split (6.8) gives every block its own memmap:
//
//   one altmap   |memmap|  block 0  |            the range must be exactly one block
//   split        |memmap|  block 0  |memmap|  block 1  |memmap|  block 2  |
//
// Left out: resources other than the ranges themselves, memory groups, the firmware map.

import { E2BIG, EBUSY, EEXIST, EINVAL } from "../../include/errno.ts";
import type { VmemAltmap } from "../../include/memremap.ts";
import type { MemoryBlock } from "../../include/memory.ts";
import { isAligned } from "../../lib/align.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { mhpSupportsMemmapOnMemory } from "../../mm/hotplug/memmap_on_memory.ts";
import { findMemoryBlock, overlapsMemoryBlocks } from "../../mm/hotplug/memory_block.ts";
import { addMemoryFailed, mapDirect, unmapDirect } from "../../mm/direct_map.ts";
import { addPages, removePages } from "../../mm/hotplug/memory_hotplug.ts";
import { createMemoryBlockDevices, memoryBlockOnline, removeMemoryBlockDevices } from "./memory.ts";
import { traced } from "../../mm/trace.ts";

/** `mhp_t`: how to add memory. */
export interface MhpFlags {
  /** MHP_MEMMAP_ON_MEMORY: the memmap comes from the range, or the request fails. */
  readonly memmapOnMemory?: boolean;
  /** With memmapOnMemory, adds block by block (since 6.8), so the range may have any number of blocks. */
  readonly split?: boolean;
}

/**
 * `add_memory`: hot-adds [start, start + bytes) near a node, and puts its blocks online if the policy says so. 0 or a
 * negative errno with nothing changed: -E2BIG beyond what the machine can address, -EEXIST if any of it exists, -EINVAL
 * for partial blocks, for an unknown node, or if its memmap cannot lie in it as requested; -ENOMEM.
 */
export const addMemory = traced(
  "add_memory(nid, start, bytes)",
  (k: Kernel, nid: number, start: number, bytes: number, flags: MhpFlags = {}): number => {
    const first = start / k.pageBytes;
    const end = (start + bytes) / k.pageBytes;
    if (end > k.machine.topology.maxPfn) return -E2BIG;
    if (rangeTaken(k, first, end)) return -EEXIST;
    if (!wholeBlocks(k, start, bytes) || k.nodes[nid] === undefined) return -EINVAL;
    const err = addMemoryResource(k, nid, first, end, flags);
    if (err < 0) return err;
    autoOnline(k, first, end);
    return 0;
  },
);

/**
 * `remove_memory` (try_remove_memory): removes offline memory. 0 or a negative errno with nothing changed: -EINVAL
 * unless all of it is hot-added memory, or (before 6.8) if it has several blocks and holds its own memmap; -EBUSY if
 * any of it is online.
 */
export const removeMemory = traced("remove_memory(start, bytes)", (k: Kernel, start: number, bytes: number): number => {
  if (!wholeBlocks(k, start, bytes)) return -EINVAL;
  const blocks = memoryBlocks(k, start / k.pageBytes, (start + bytes) / k.pageBytes);
  if (blocks === null) return -EINVAL;
  if (blocks.some((block) => block.zone >= 0)) return -EBUSY;
  if (blocks.length > 1 && blocks.some((block) => block.nrVmemmapPages > 0)) {
    if (k.config.memmapOnMemoryUnit === "range") return -EINVAL;
    for (const block of blocks) tearDown(k, block.start, block.end, block.altmap);
    return 0;
  }
  tearDown(k, blocks[0].start, blocks[blocks.length - 1].end, blocks[0].altmap);
  return 0;
});

/** The blocks of a range, or null if any of it is not hot-added memory. Frames. */
export function memoryBlocks(k: Kernel, start: number, end: number): MemoryBlock[] | null {
  const found: MemoryBlock[] = [];
  for (let at = start; at < end; at += k.hotplug.blockPages) {
    const block = findMemoryBlock(k, at);
    if (block === null) return null;
    found.push(block);
  }
  return found;
}

/** `add_memory_resource`. */
const addMemoryResource = traced(
  "add_memory_resource(nid, start, end)",
  (k: Kernel, nid: number, start: number, end: number, flags: MhpFlags): number => {
    if (!flags.memmapOnMemory) return addRange(k, nid, start, end, null);
    if (!flags.split) return addSelfHosted(k, nid, start, end);
    const { blockPages } = k.hotplug;
    for (let at = start; at < end; at += blockPages) {
      const err = addSelfHosted(k, nid, at, at + blockPages);
      if (err < 0) {
        for (let done = start; done < at; done += blockPages) {
          tearDown(k, done, done + blockPages, findMemoryBlock(k, done)!.altmap);
        }
        return err;
      }
    }
    return 0;
  },
);

/** Adds a range whose memmap is allocated from the range itself. */
function addSelfHosted(k: Kernel, nid: number, start: number, end: number): number {
  if (!mhpSupportsMemmapOnMemory(k, (end - start) * k.pageBytes)) return -EINVAL;
  const altmap = { basePfn: start, endPfn: end, reserve: 0, free: end - start, align: 0, alloc: 0 };
  return addRange(k, nid, start, end, altmap);
}

/** Adds the memmap, then the block devices. */
function addRange(k: Kernel, nid: number, start: number, end: number, altmap: VmemAltmap | null): number {
  let err = mapDirect(k, nid, start, end);
  if (err < 0) return err;
  err = addPages(k, nid, start, end - start, { altmap, pgmap: null });
  if (err < 0) {
    addMemoryFailed(k, start, end);
    return err;
  }
  err = createMemoryBlockDevices(k, nid, start, end, altmap);
  if (err < 0) {
    removePages(k, start, end - start, k.config.errata.addMemoryNullAltmap ? null : altmap);
    unmapDirect(k, start, end);
  }
  return err;
}

function tearDown(k: Kernel, start: number, end: number, altmap: VmemAltmap | null): void {
  removeMemoryBlockDevices(k, start, end);
  removePages(k, start, end - start, altmap);
  unmapDirect(k, start, end);
}

/** `online_memory_block` for each block; stops at the first failure, and the memory stays added. */
function autoOnline(k: Kernel, start: number, end: number): void {
  const type = k.hotplug.memhpDefaultState;
  if (type === "offline") return;
  for (const block of memoryBlocks(k, start, end)!) if (memoryBlockOnline(k, block, type) < 0) return;
}

/** `check_hotplug_memory_range`. Bytes. */
function wholeBlocks(k: Kernel, start: number, bytes: number): boolean {
  const block = k.hotplug.blockPages * k.pageBytes;
  return bytes > 0 && start >= 0 && isAligned(start, block) && isAligned(bytes, block);
}

/**
 * Whether boot memory, hot-added memory or device memory lies in a range of frames, so that request_mem_region() and
 * register_memory_resource() fail.
 */
export function rangeTaken(k: Kernel, start: number, end: number): boolean {
  return k.machine.topology.dram.some((r) => r.start < end && start < r.end) ||
    overlapsMemoryBlocks(k, start, end) || k.pgmaps.overlaps(start, end);
}
