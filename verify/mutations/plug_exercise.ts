// SPDX-License-Identifier: GPL-2.0-only
// The exercise for mutations of memory hotplug: blocks with and without their own memmap are added (with each
// allocation failing first), onlined, used, offlined and removed; invariants are checked after every step.

import { memoryBlockOffline, memoryBlockOnline } from "../../src/drivers/base/memory.ts";
import { addMemory, removeMemory } from "../../src/drivers/base/memory_hotplug.ts";
import { EINVAL, ENOMEM } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { findMemoryBlock } from "../../src/mm/hotplug/memory_block.ts";
import { totalFreePages } from "../../src/mm/page_alloc.ts";

/** Runs the exercise on the machine's hotplug range; panics when something is wrong. */
export function plugExercise(k: Kernel): void {
  const { start } = k.machine.topology.hotplug[0];
  const bytes = k.hotplug.blockPages * k.pageBytes;
  for (const memmapOnMemory of [true, false]) {
    for (let slot = 0; slot < 2; slot++) plug(k, start * k.pageBytes + slot * bytes, bytes, memmapOnMemory);
  }
}

function plug(k: Kernel, at: number, bytes: number, memmapOnMemory: boolean): void {
  const free = totalFreePages(k);
  const add = () => step(k, () => addMemory(k, 0, at, bytes, { memmapOnMemory }));
  let errno = -ENOMEM;
  for (let nth = 1; errno === -ENOMEM; nth++) {
    k.fault.arm(nth);
    errno = add();
    k.fault.disarm();
    if (errno < 0 && totalFreePages(k) !== free) panic(`plugExercise: ${free - totalFreePages(k)} frames are lost`);
  }
  // -EINVAL is right where a block cannot hold its own memmap.
  if (errno === -EINVAL && memmapOnMemory && k.structPageSize !== 64) return;
  zero(errno);
  const block = findMemoryBlock(k, at / k.pageBytes) ?? panic("plugExercise: no block");
  zero(step(k, () => memoryBlockOnline(k, block, "online_movable")));
  zero(step(k, () => memoryBlockOffline(k, block)));
  zero(step(k, () => removeMemory(k, at, bytes)));
}

function step<T>(k: Kernel, run: () => T): T {
  const result = run();
  checkInvariants(k);
  return result;
}

function zero(errno: number): void {
  if (errno !== 0) panic(`plugExercise: errno ${errno}`);
}
