// SPDX-License-Identifier: GPL-2.0-only
// Plugging 8 GiB as 64 memory blocks of 128 MiB, each step timed alone: add (memmap and tables), online (32768 struct
// pages per block, twice: initialised, then handed to the allocator), offline, remove. With the memmap elsewhere, in
// pieces on a fragmented node, and on the memory itself. Divide by 8 for the time per GiB, by 64 for a block.

import { boot } from "../src/boot.ts";
import { acpiMemoryEnableDevice } from "../src/drivers/acpi/acpi_memhotplug.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../src/drivers/base/memory.ts";
import { removeMemory } from "../src/drivers/base/memory_hotplug.ts";
import type { MemoryBlock } from "../src/include/memory.ts";
import { SZ_1G } from "../src/include/sizes.ts";
import { panic } from "../src/lib/bug.ts";
import type { Kernel } from "../src/mm/kernel.ts";
import { totalFreePages } from "../src/mm/page_alloc.ts";

const SIZE = 8 * SZ_1G;
const STEPS = ["add", "online", "offline", "remove"] as const;

interface Variant {
  readonly name: string;
  readonly memmapOnMemory: boolean;
  readonly fragment: number;
}

const VARIANTS: readonly Variant[] = [
  { name: "memmap elsewhere", memmapOnMemory: false, fragment: 0 },
  { name: "memmap elsewhere, base pages", memmapOnMemory: false, fragment: 1 },
  { name: "memmap on memory", memmapOnMemory: true, fragment: 0 },
];

const machines = new Map<string, Kernel>();

/** One machine per variant, booted when its first bench runs. */
function machine({ name, memmapOnMemory, fragment }: Variant): Kernel {
  let k = machines.get(name);
  if (k === undefined) {
    k = boot({ dram: [4 * SZ_1G], hotplug: [{ bytes: SIZE }], memmapOnMemory, fragment });
    machines.set(name, k);
  }
  return k;
}

function run(k: Kernel, step: typeof STEPS[number], blocks: readonly MemoryBlock[]): void {
  const { start, end } = k.machine.topology.hotplug[0];
  const { blockPages } = k.hotplug;
  const bytes = blockPages * k.pageBytes;
  let failed = 0;
  if (step === "online") { for (const block of blocks) failed += memoryBlockOnline(k, block, "online"); }
  else if (step === "offline") { for (const block of blocks) failed += memoryBlockOffline(k, block); }
  else {
    for (let at = start; at < end; at += blockPages) {
      failed += step === "add"
        ? acpiMemoryEnableDevice(k, 0, at * k.pageBytes, bytes)
        : removeMemory(k, at * k.pageBytes, bytes);
    }
  }
  if (failed !== 0) panic(`memory_hotplug_bench: ${step} fails`);
}

for (const timed of STEPS) {
  for (const [i, variant] of VARIANTS.entries()) {
    Deno.bench({
      name: `${timed}, ${variant.name}`,
      group: `${timed} 8 GiB`,
      baseline: i === 0,
      n: 12,
      warmup: 2,
      fn: (b) => {
        const k = machine(variant);
        const free = totalFreePages(k);
        for (const step of STEPS) {
          const blocks = [...k.hotplug.blocks.values()];
          if (step === timed) b.start();
          run(k, step, blocks);
          if (step === timed) b.end();
        }
        if (totalFreePages(k) !== free) panic("memory_hotplug_bench: frames did not come back");
      },
    });
  }
}
