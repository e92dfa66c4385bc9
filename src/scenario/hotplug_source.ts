// SPDX-License-Identifier: GPL-2.0-only
// Where plugged memory comes from: DIMMs in the box's slot, or a device-dax namespace handed to kmem. Both are added
// from the bottom, and taken away from the top: memory added later may have its memmap in memory added before.

import { acpiMemoryEnableDevice } from "../drivers/acpi/acpi_memhotplug.ts";
import { memoryBlockOffline } from "../drivers/base/memory.ts";
import { memoryBlocks, removeMemory } from "../drivers/base/memory_hotplug.ts";
import { devDaxRemove } from "../drivers/dax/device.ts";
import { devDaxKmemProbe, devDaxKmemRemove } from "../drivers/dax/kmem.ts";
import { createNamespace } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { levelBytes } from "../arch/arch.ts";
import { panic } from "../lib/bug.ts";
import type { Kernel } from "../mm/kernel.ts";
import type { HotplugConfig } from "./hotplug_box.ts";
import { NamespaceError } from "./namespace.ts";

/** Memory that can be plugged and pulled. */
export interface MemorySource {
  /** First frame, for choosing the zone. */
  readonly start: number;
  /** Adds as much as can be added; 0 or the errno of what could not. */
  readonly add: () => number;
  /** Takes all of it away again, whatever of it is still online. */
  readonly remove: () => void;
}

/** The DIMMs of a configuration, one request each; adding ends with the first that is refused. */
export function dimmSource(k: Kernel, { node, dimm }: HotplugConfig): MemorySource {
  const { start, end } = k.machine.topology.hotplug[0];
  const pages = dimm / k.pageBytes;
  let top = start;
  return {
    start,
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
    },
  };
}

/**
 * A namespace over the whole pmem region, with the device_dax driver unbound. NamespaceError when there can be none.
 */
export function daxSource(k: Kernel, config: HotplugConfig): MemorySource {
  const [region] = ndRegions(k);
  const size = region.end - region.start;
  const namespace = createNamespace(k, region, { size, align: levelBytes(k.arch, 1), map: "mem" });
  if (typeof namespace === "number") throw new NamespaceError(namespace);
  const dev = namespace.dev!;
  devDaxRemove(k, dev);
  return {
    start: dev.ranges[0].start,
    add: () => devDaxKmemProbe(k, dev, config.memmapOnMemory),
    remove: () => {
      for (const { start, end } of dev.kmem ?? []) offlineRange(k, start, end);
      const err = dev.kmem === null ? 0 : devDaxKmemRemove(k, dev);
      if (err < 0) panic(`daxSource: the namespace's memory cannot be removed, error ${err}`);
    },
  };
}

/** Puts what is still online of [start, end) offline, from the top. */
function offlineRange(k: Kernel, start: number, end: number): void {
  for (const block of memoryBlocks(k, start, end)!.reverse()) if (block.zone >= 0) memoryBlockOffline(k, block);
}
