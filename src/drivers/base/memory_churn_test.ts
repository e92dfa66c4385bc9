// SPDX-License-Identifier: GPL-2.0-only
// Random plugging: blocks are added, put online, used, put offline and removed in any order, with allocations failing
// now and then. Every invariant must hold after each step, and all memory must be freed in the end.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { USE_PINNED } from "../../include/frame_use.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { findMemoryBlock } from "../../mm/hotplug/memory_block.ts";
import { allocPages, freePages, totalFreePages } from "../../mm/page_alloc.ts";
import { withKernel } from "../../testing.ts";
import { memoryBlockOffline, memoryBlockOnline } from "./memory.ts";
import { addMemory, removeMemory } from "./memory_hotplug.ts";

const BLOCK = 2 ** 14;
const SLOTS = 6;

const STEP = fc.record({
  what: fc.constantFrom("add", "remove", "online", "offline", "use", "release"),
  slot: fc.nat(SLOTS - 1),
  movable: fc.boolean(),
  selfHosted: fc.boolean(),
  order: fc.nat(5),
  fail: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 20 }) }),
});

type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;
type Held = { pfn: number; order: number }[];

function step(k: Kernel, held: Held, { what, slot, movable, selfHosted, order }: Step): void {
  const start = k.machine.topology.hotplug[0].start * k.pageBytes + slot * BLOCK;
  const block = findMemoryBlock(k, start / k.pageBytes);
  if (what === "add") addMemory(k, 0, start, BLOCK, { memmapOnMemory: selfHosted });
  if (what === "remove") removeMemory(k, start, BLOCK);
  if (what === "online" && block !== null) memoryBlockOnline(k, block, movable ? "online_movable" : "online");
  if (what === "offline" && block !== null) memoryBlockOffline(k, block);
  if (what === "use") {
    const pfn = allocPages(k, order, 0, USE_PINNED, false, movable);
    if (pfn >= 0) held.push({ pfn, order });
  }
  if (what === "release" && held.length > 0) {
    const [{ pfn, order }] = held.splice(slot % held.length, 1);
    freePages(k, pfn, order, USE_PINNED);
  }
}

/**
 * Takes all blocks offline and removes them, from the top; repeatedly, since memmap of one block may lie in another.
 */
function removeAll(k: Kernel): void {
  for (let round = 0; k.hotplug.blocks.size > 0 && round < SLOTS; round++) {
    for (const block of [...k.hotplug.blocks.values()]) {
      if (block.zone >= 0) memoryBlockOffline(k, block);
      removeMemory(k, block.start * k.pageBytes, BLOCK);
    }
  }
  assertEquals(k.hotplug.blocks.size, 0);
}

for (const debug of [true, false]) {
  Deno.test(`addMemory() and the related functions in any order keep every invariant, ${debug ? "with" : "without"} poison`, () => {
    fc.assert(
      fc.property(fc.array(STEP, { minLength: 10, maxLength: 80, size: "max" }), (steps) => {
        const options = {
          arch: "toy",
          dram: [2 ** 17],
          hotplug: [{ bytes: SLOTS * BLOCK }],
          memmapOnMemory: true,
          memoryBlockBytes: BLOCK,
          debug,
        };
        withKernel(options, (k) => {
          // Little is free: memmap and users' pages soon come from hot-added memory.
          const held: Held = [];
          while (totalFreePages(k) > 60) held.push({ pfn: allocPages(k, 0, 0, USE_PINNED), order: 0 });
          for (const s of steps) {
            if (s.fail > 0) k.fault.arm(s.fail);
            step(k, held, s);
            k.fault.disarm();
            checkInvariants(k);
          }
          for (const { pfn, order } of held) freePages(k, pfn, order, USE_PINNED);
          removeAll(k);
        });
      }),
      { numRuns: 100 },
    );
  });
}
