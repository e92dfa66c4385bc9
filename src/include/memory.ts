// SPDX-License-Identifier: GPL-2.0-only
// struct memory_block (include/linux/memory.h) and the states it can be in. Left out: the device it is in sysfs
// (memory groups, hwpoison counts, links to nodes).

import type { VmemAltmap } from "./memremap.ts";

/** What `/sys/devices/system/memory/memoryN/state` accepts, except offline. */
export type OnlineType =
  /** The zone that the block lies in, else a kernel zone. */
  | "online"
  /** A kernel zone. */
  | "online_kernel"
  /** ZONE_MOVABLE. */
  | "online_movable";

/** `auto_online_blocks`: what happens to a block when it is added. */
export type MemhpDefaultState = "offline" | OnlineType;

/** `struct memory_block`: the unit in which hot-added memory goes online and offline. Frames. */
export interface MemoryBlock {
  /** Number in sysfs: physical address / block size. */
  readonly id: number;
  readonly nid: number;
  readonly start: number;
  readonly end: number;
  /** Where its memmap came from if it holds its own; null otherwise. */
  readonly altmap: VmemAltmap | null;
  /** Frames at its start that hold its own memmap. */
  readonly nrVmemmapPages: number;
  /** Zone index while it is online, -1 otherwise. */
  zone: number;
}
