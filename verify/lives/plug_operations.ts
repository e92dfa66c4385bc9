// SPDX-License-Identifier: GPL-2.0-only
// Operations on memory blocks: hot-added with their memmap in DRAM or in themselves, put online, taken offline,
// removed.

import { memoryBlockOffline, memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { addMemory, removeMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { EBUSY, EEXIST, EINVAL } from "../../src/include/errno.ts";
import type { MemoryBlock, OnlineType } from "../../src/include/memory.ts";
import { findMemoryBlock } from "../../src/mm/hotplug/memory_block.ts";
import { BLOCK_BYTES, BLOCKS, type Life } from "./life.ts";
import { expectErrno, oom, type Operation, wholeLeaves } from "./expect.ts";

const ONLINE_TYPES: readonly OnlineType[] = ["online", "online_kernel", "online_movable"];

/** Every operation by name. */
export const PLUG_OPERATIONS: Readonly<Record<string, Operation>> = {
  plugBlock(life, a, b, c) {
    const there = blockAt(life, a) !== null;
    const memmapOnMemory = c % 2 === 1;
    const err = addMemory(life.k, b % 2, blockStart(life, a), BLOCK_BYTES, { memmapOnMemory });
    // A block can hold its own memmap only if that fills whole leaves and HugeTLB does not remap it.
    const fits = wholeLeaves(life) && life.k.config.selfHostedVmemmap !== "exclusive";
    const refused = memmapOnMemory && !fits ? [-EINVAL] : [0];
    expectErrno("addMemory", err, there ? [-EEXIST] : [...refused, ...oom(life)]);
    return true;
  },

  unplugBlock(life, a) {
    const block = blockAt(life, a);
    const err = removeMemory(life.k, blockStart(life, a), BLOCK_BYTES);
    expectErrno("removeMemory", err, [block === null ? -EINVAL : block.zone >= 0 ? -EBUSY : 0]);
    return true;
  },

  onlineBlock(life, a, b) {
    const block = blockAt(life, a);
    if (block === null) return false;
    const allowed = block.zone >= 0 ? [-EINVAL] : [0, ...oom(life)];
    expectErrno("memoryBlockOnline", memoryBlockOnline(life.k, block, ONLINE_TYPES[b % 3]), allowed);
    return true;
  },

  offlineBlock(life, a) {
    const block = blockAt(life, a);
    if (block === null) return false;
    // Memmap or tables may have been taken from it; the kernel accounts for frames in use.
    const allowed = block.zone < 0 ? [-EINVAL] : [0, -EBUSY];
    expectErrno("memoryBlockOffline", memoryBlockOffline(life.k, block), allowed);
    return true;
  },
};

function blockStart(life: Life, slot: number): number {
  return life.k.machine.topology.hotplug[0].start * life.k.pageBytes + slot % BLOCKS * BLOCK_BYTES;
}

function blockAt(life: Life, slot: number): MemoryBlock | null {
  return findMemoryBlock(life.k, blockStart(life, slot) / life.k.pageBytes);
}
