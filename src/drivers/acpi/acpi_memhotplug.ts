// SPDX-License-Identifier: GPL-2.0-only
// Plugging a DIMM (drivers/acpi/acpi_memhotplug.c with patch 5 of document 003): the whole DIMM is added in one
// request, with its memmap on the DIMM if that is supported, else in other memory. removeMemory() unplugs it.
// Left out: ACPI itself.

import type { Kernel } from "../../mm/kernel.ts";
import { mhpSupportsMemmapOnMemory } from "../../mm/hotplug/memmap_on_memory.ts";
import { addMemory } from "../base/memory_hotplug.ts";

/** `acpi_memory_enable_device`: adds a DIMM; errors as addMemory(). Bytes. */
export function acpiMemoryEnableDevice(k: Kernel, nid: number, start: number, bytes: number): number {
  return addMemory(k, nid, start, bytes, {
    memmapOnMemory: mhpSupportsMemmapOnMemory(k, bytes),
    split: k.config.memmapOnMemoryUnit === "block",
  });
}
