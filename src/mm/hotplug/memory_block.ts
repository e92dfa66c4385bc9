// SPDX-License-Identifier: GPL-2.0-only
// State of memory hotplug: its boot parameters and the table of memory blocks (drivers/base/memory.c,
// arch/x86/mm/init_64.c for their size). Blocks of boot memory are left out: they hold the kernel and stay online.

import type { Arch } from "../../arch/arch.ts";
import type { MemhpDefaultState, MemoryBlock } from "../../include/memory.ts";
import { isAligned, isPowerOf2 } from "../../lib/align.ts";
import { formatSize } from "../../lib/units.ts";
import type { Topology } from "../../machine/topology.ts";
import type { HotplugState, Kernel } from "../kernel.ts";

/** Boot parameters of memory hotplug. */
export interface HotplugParams {
  /** memory_hotplug.memmap_on_memory, if the kernel has it: N (false, default), Y (true), or force (since 6.6). */
  readonly memmapOnMemory?: boolean | "force";
  /** State of hot-added memory blocks (memhp_default_state=); default `"offline"`. */
  readonly memhpDefaultState?: MemhpDefaultState;
  /** movable_node: hot-added memory that belongs to no zone yet goes to ZONE_MOVABLE; default false. */
  readonly movableNode?: boolean;
  /** Whether the machine is virtual, which affects the size of memory blocks; default true. */
  readonly hypervisor?: boolean;
  /** Size of a memory block instead of the architecture's choice. */
  readonly memoryBlockBytes?: number;
  /** hugetlb_free_vmemmap=on; up to 5.19 it keeps memmap_on_memory off. Default false. */
  readonly hugetlbFreeVmemmap?: boolean;
}

/** The state at boot. RangeError if the block size is not a power of two, or smaller than a section. */
export function newHotplugState(
  arch: Arch,
  topology: Topology,
  pageBytes: number,
  params: HotplugParams,
): HotplugState {
  const end = topology.dram[topology.dram.length - 1].end * pageBytes;
  const bytes = params.memoryBlockBytes ?? memoryBlockBytes(arch, end, params.hypervisor ?? true);
  const least = 2 ** arch.sectionShift;
  if (!isPowerOf2(bytes) || bytes < least) {
    throw new RangeError(
      `Cannot boot with memory blocks of ${bytes} bytes: expected a power of two from ${formatSize(least)}`,
    );
  }
  return {
    blockPages: bytes / pageBytes,
    blocks: new Map(),
    memmapOnMemory: params.memmapOnMemory ?? false,
    memhpDefaultState: params.memhpDefaultState ?? "offline",
    movableNode: params.movableNode ?? false,
    hugetlbFreeVmemmap: params.hugetlbFreeVmemmap ?? false,
  };
}

/**
 * `memory_block_size_bytes`, x86 `probe_memory_block_size`: a section on small machines and architectures without large
 * blocks, the largest size on large machines; on large virtual machines, the largest that divides the end of boot
 * memory.
 */
export function memoryBlockBytes(arch: Arch, bootMemEnd: number, hypervisor: boolean): number {
  const least = 2 ** arch.sectionShift;
  const large = arch.largeMemoryBlocks;
  if (large === undefined || bootMemEnd < large.fromBytes) return least;
  let bytes = large.maxBytes;
  while (hypervisor && bytes > least && !isAligned(bootMemEnd, bytes)) bytes /= 2;
  return bytes;
}

/** `find_memory_block`: the hot-added block of a frame, or null. */
export function findMemoryBlock(k: Kernel, pfn: number): MemoryBlock | null {
  return k.hotplug.blocks.get(Math.floor(pfn / k.hotplug.blockPages)) ?? null;
}

/** Whether any hot-added block overlaps [start, end). */
export function overlapsMemoryBlocks(k: Kernel, start: number, end: number): boolean {
  const { blocks, blockPages } = k.hotplug;
  if (blocks.size === 0) return false;
  for (let id = Math.floor(start / blockPages); id * blockPages < end; id++) if (blocks.has(id)) return true;
  return false;
}

/** Frames of online blocks that hold their own memmap: present, never managed. */
export function selfHostedPages(k: Kernel): number {
  let pages = 0;
  for (const block of k.hotplug.blocks.values()) if (block.zone >= 0) pages += block.nrVmemmapPages;
  return pages;
}
