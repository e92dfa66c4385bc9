// SPDX-License-Identifier: GPL-2.0-only
// Plugging 8 GiB as 64 memory blocks of 128 MiB, each step timed separately: add (memmap and tables), online (32768
// struct pages per block, twice: initialised, then handed to the allocator), offline, remove. With memmap elsewhere,
// in pieces on a fragmented node, and on the memory itself. Divide by 8 for the time per GiB, by 64 for a block.

import { SZ_1G } from "../src/include/sizes.ts";
import { panic } from "../src/lib/bug.ts";
import type { Kernel } from "../src/mm/kernel.ts";
import { totalFreePages } from "../src/mm/page_alloc.ts";
import { hotplugMachine, hotplugStep, STEPS, type Variant, VARIANTS } from "./side/hotplug.ts";

const machines = new Map<string, Kernel>();

/** One machine per variant, booted when its first bench runs. */
function machine(variant: Variant): Kernel {
  let k = machines.get(variant.name);
  if (k === undefined) {
    k = hotplugMachine(8 * SZ_1G, variant);
    machines.set(variant.name, k);
  }
  return k;
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
          if (step === timed) b.start();
          hotplugStep(k, step);
          if (step === timed) b.end();
        }
        if (totalFreePages(k) !== free) panic("memory_hotplug_bench: frames did not come back");
      },
    });
  }
}
