// SPDX-License-Identifier: GPL-2.0-only
// Steps of memory hotplug, timed one by one: memory blocks of 128 MiB are added (memmap and tables), put online
// (32768 struct pages per block, twice: initialised, then handed to the allocator), taken offline, removed.

import { boot } from "../../src/boot.ts";
import { acpiMemoryEnableDevice } from "../../src/drivers/acpi/acpi_memhotplug.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { removeMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { SZ_1G } from "../../src/include/sizes.ts";
import { panic } from "../../src/lib/bug.ts";
import type { Kernel } from "../../src/mm/kernel.ts";

/** The steps of a round, in order. */
export const STEPS = ["add", "online", "offline", "remove"] as const;
/** One of these steps. */
export type Step = typeof STEPS[number];

/** Where the memmap lies. */
export interface Variant {
  readonly name: string;
  readonly memmapOnMemory: boolean;
  readonly fragment: number;
}

/** Elsewhere, in pieces on a fragmented node, and on the memory itself. */
export const VARIANTS: readonly Variant[] = [
  { name: "memmap elsewhere", memmapOnMemory: false, fragment: 0 },
  { name: "memmap elsewhere, base pages", memmapOnMemory: false, fragment: 1 },
  { name: "memmap on memory", memmapOnMemory: true, fragment: 0 },
];

/** A machine into which `bytes` can be plugged. */
export function hotplugMachine(bytes: number, { memmapOnMemory, fragment }: Variant): Kernel {
  return boot({ dram: [4 * SZ_1G], hotplug: [{ bytes }], memmapOnMemory, fragment });
}

/** Does one step for all blocks. Panics on failure. */
export function hotplugStep(k: Kernel, step: Step): void {
  const { start, end } = k.machine.topology.hotplug[0];
  const { blockPages, blocks } = k.hotplug;
  const bytes = blockPages * k.pageBytes;
  let failed = 0;
  if (step === "online") { for (const block of blocks.values()) failed += memoryBlockOnline(k, block, "online"); }
  else if (step === "offline") { for (const block of blocks.values()) failed += memoryBlockOffline(k, block); }
  else {
    for (let at = start; at < end; at += blockPages) {
      failed += step === "add"
        ? acpiMemoryEnableDevice(k, 0, at * k.pageBytes, bytes)
        : removeMemory(k, at * k.pageBytes, bytes);
    }
  }
  if (failed !== 0) panic(`hotplugStep: ${step} fails`);
}
