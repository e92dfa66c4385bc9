// SPDX-License-Identifier: GPL-2.0-only
// Device-dax as System RAM (drivers/dax/kmem.c, an attribute of drivers/dax/bus.c; `daxctl reconfigure-device -m
// system-ram`): the whole memory blocks of a device are hot-added to its target node. Since 6.8 each block may hold its
// own memmap.
//
//   device   |  . .|########|########|########|.   |      . lost: less than a memory block
//
// Memory that is online when the driver is unbound leaks: it stays System RAM and keeps its addresses.
// Left out: memory tiers.

import { EBUSY, EINVAL, ENOENT, EOPNOTSUPP } from "../../include/errno.ts";
import type { PfnRange } from "../../include/memremap.ts";
import { alignDown, alignUp } from "../../lib/align.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { mhpSupportsMemmapOnMemory } from "../../mm/hotplug/memmap_on_memory.ts";
import { addMemory, memoryBlocks, rangeTaken, removeMemory } from "../base/memory_hotplug.ts";
import type { DevDax } from "./bus.ts";
import { traced } from "../../mm/trace.ts";

/**
 * `memmap_on_memory_store`: sets the attribute of a device, initially false. 0; -ENOENT before 6.8, which has no such
 * attribute; -EOPNOTSUPP for true if memory blocks cannot hold their memmap; -EBUSY to change it while kmem has the
 * device.
 */
export const memmapOnMemoryStore = traced(
  "memmap_on_memory_store(_, value)",
  (k: Kernel, dev: DevDax, value: boolean): number => {
    if (!k.config.kmemMemmapOnMemory) return -ENOENT;
    if (value && !blocksHoldMemmap(k)) return -EOPNOTSUPP;
    if (dev.memmapOnMemory !== value && dev.kmem !== null) return -EBUSY;
    dev.memmapOnMemory = value;
    return 0;
  },
);

function blocksHoldMemmap(k: Kernel): boolean {
  return mhpSupportsMemmapOnMemory(k, k.hotplug.blockPages * k.pageBytes);
}

/**
 * `dev_dax_kmem_probe`: binds the driver. 0; -EBUSY if a driver is bound or the memory is taken, -EINVAL if the device
 * contains no whole memory block; otherwise the error of addMemory() for the first range. After one range is added,
 * ranges that fail are skipped.
 */
export const devDaxKmemProbe = traced(
  "dev_dax_kmem_probe()",
  (k: Kernel, dev: DevDax): number => {
    if (dev.bound || dev.kmem !== null) return -EBUSY;
    const split = dev.memmapOnMemory && blocksHoldMemmap(k);
    const added: PfnRange[] = [];
    for (const range of dev.ranges.map((r) => daxKmemRange(k, r)).filter((r) => r.start < r.end)) {
      const bytes = (range.end - range.start) * k.pageBytes;
      const err = rangeTaken(k, range.start, range.end)
        ? -EBUSY
        : addMemory(k, dev.region.targetNid, range.start * k.pageBytes, bytes, { memmapOnMemory: split, split });
      if (err === 0) added.push(range);
      else if (added.length === 0) return err;
    }
    if (added.length === 0) return -EINVAL;
    dev.kmem = added;
    return 0;
  },
);

/**
 * `dev_dax_kmem_remove`: unbinds the driver. Returns how many frames leak: ranges that are partly online, or of which a
 * part was removed before, stay System RAM. -EINVAL unless bound.
 */
export const devDaxKmemRemove = traced("dev_dax_kmem_remove()", (k: Kernel, dev: DevDax): number => {
  if (dev.kmem === null) return -EINVAL;
  let leaked = 0;
  for (const { start, end } of dev.kmem) {
    const blocks = memoryBlocks(k, start, end);
    if (blocks === null || blocks.some((block) => block.zone >= 0)) leaked += end - start;
    else for (const block of blocks) removeMemory(k, block.start * k.pageBytes, k.hotplug.blockPages * k.pageBytes);
  }
  dev.kmem = null;
  return leaked;
});

/** `dax_kmem_range`: the whole memory blocks in a range; empty if there is none. */
export function daxKmemRange(k: Kernel, range: PfnRange): PfnRange {
  const { blockPages } = k.hotplug;
  return { start: alignUp(range.start, blockPages), end: alignDown(range.end, blockPages) };
}

/** What `dev_dax_kmem_probe` logs about the frames of a device that no memory block covers; nothing before 6.16. */
export function truncationLog(k: Kernel, device: string, lost: number): string[] {
  if (lost === 0 || !k.config.kmemTruncationLog) return [];
  return [`kmem ${device}: DAX region truncated by ${stringGetSize(lost * k.pageBytes)} due to alignment`];
}

/** `string_get_size` with STRING_UNITS_2: three digits of the largest binary unit. */
function stringGetSize(bytes: number): string {
  let unit = 0;
  let size = bytes;
  for (; size >= 1024; size /= 1024) unit++;
  const digits = unit === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return `${size.toFixed(digits)} ${["B", "KiB", "MiB", "GiB", "TiB", "PiB"][unit]}`;
}
