// SPDX-License-Identifier: GPL-2.0-only
// Huge pages on hot-added memory: memmap from the buddy allocator is shared and restored frame by frame; self-hosted
// memmap is not touched (I28).

import { assertEquals, assertThrows } from "@std/assert";
import { TOY_HUGETLB } from "../../arch/toy/toy.ts";
import { boot } from "../../boot.ts";
import { acpiMemoryEnableDevice } from "../../drivers/acpi/acpi_memhotplug.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../drivers/base/memory.ts";
import { addMemory, removeMemory } from "../../drivers/base/memory_hotplug.ts";
import { EBUSY } from "../../include/errno.ts";
import type { SelfHostedVmemmap } from "../../include/kernel_config.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { kernelLike } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { allocHugePageAt, setNrHugepages, setOptimizeVmemmap } from "./hugetlb.ts";
import { vmemmapOptimized } from "./hugetlb_vmemmap.ts";
import type { Kernel } from "../kernel.ts";
import { totalFreePages } from "../page_alloc.ts";
import { C } from "../vmstat.ts";

const BLOCK = 2 ** 18;

for (const memmapOnMemory of [false, true]) {
  Deno.test(`huge pages on a hot-added block, memmap on memory ${memmapOnMemory}, are allocated and freed without a leak`, () => {
    const k = boot({
      arch: TOY_HUGETLB,
      dram: [2 ** 22],
      hotplug: [{ bytes: 2 * BLOCK }],
      memoryBlockBytes: BLOCK,
      memmapOnMemory,
      hugetlbFreeVmemmap: true,
      debug: true,
    });
    const h = k.hugetlb.hstates[0];
    const free = totalFreePages(k);
    const start = k.machine.topology.hotplug[0].start;
    assertEquals(addMemory(k, 0, start * k.pageBytes, BLOCK, { memmapOnMemory }), 0);
    const [block] = k.hotplug.blocks.values();
    assertEquals(memoryBlockOnline(k, block, "online_kernel"), 0);
    const before = totalFreePages(k);
    // The first 64 frames may be the block's memmap; pages 1 to 7 are free either way.
    for (let page = 1; page < 8; page++) assertEquals(allocHugePageAt(k, h, start + 64 * page), true);
    checkInvariants(k);
    const shared = h.freeLists[0].filter((head) => vmemmapOptimized(k, head)).length;
    assertEquals(shared, memmapOnMemory ? 0 : 7);
    assertEquals(before - totalFreePages(k), 7 * 64 - (memmapOnMemory ? 0 : 7 * 7 - 1));
    assertEquals(k.stat[C.vmemmapSplits], memmapOnMemory ? 0 : 1);
    setNrHugepages(k, h, 0);
    checkInvariants(k);
    assertEquals(memoryBlockOffline(k, block), 0);
    assertEquals(removeMemory(k, start * k.pageBytes, BLOCK), 0);
    checkInvariants(k);
    assertEquals(totalFreePages(k), free);
  });
}

//  blocks of 256K   |0|1|2|3|4|5|6|7|8|9|      a page of 2M is eight of them, aligned; DRAM of 4M has no such run free
Deno.test("a page larger than a memory block is a run of frames of several, as long as one zone has them all", () => {
  const k = boot({ arch: TOY_HUGETLB, dram: [2 ** 22], hotplug: [{ bytes: 10 * BLOCK }], memoryBlockBytes: BLOCK });
  const h = k.hugetlb.hstates[1];
  const { start } = k.machine.topology.hotplug[0];
  assertEquals(addMemory(k, 0, start * k.pageBytes, 10 * BLOCK), 0);
  const blocks = [...k.hotplug.blocks.values()];
  const free = totalFreePages(k);
  for (const block of blocks) {
    const type = block === blocks[3] ? "online_movable" : "online_kernel";
    assertEquals(memoryBlockOnline(k, block, type), 0);
  }
  assertEquals(setNrHugepages(k, h, 1), 0, "the fourth block is in another zone");
  assertEquals([memoryBlockOffline(k, blocks[3]), memoryBlockOnline(k, blocks[3], "online_kernel")], [0, 0]);
  assertEquals([setNrHugepages(k, h, 2), h.freeLists[0]], [1, [start]]);
  checkInvariants(k);
  assertEquals(memoryBlockOffline(k, blocks[7]), -EBUSY);
  setNrHugepages(k, h, 0);
  for (const block of blocks) assertEquals(memoryBlockOffline(k, block), 0);
  checkInvariants(k);
  assertEquals(totalFreePages(k), free);
});

/** A machine with one online block that holds its own memmap if the kernel allows it; the optimisation is on. */
function plugged(selfHostedVmemmap: SelfHostedVmemmap, hugetlbFreeVmemmap = true): Kernel {
  const k = boot({
    arch: TOY_HUGETLB,
    dram: [2 ** 22],
    hotplug: [{ bytes: BLOCK }],
    memoryBlockBytes: BLOCK,
    memmapOnMemory: true,
    hugetlbFreeVmemmap,
    kernel: kernelLike("6.1", { selfHostedVmemmap }),
    debug: true,
  });
  acpiMemoryEnableDevice(k, 0, k.machine.topology.hotplug[0].start * k.pageBytes, BLOCK);
  assertEquals(memoryBlockOnline(k, [...k.hotplug.blocks.values()][0], "online"), 0);
  checkInvariants(k);
  return k;
}

/** Makes a huge page of frames the block has left; whether its memmap is shared. */
function optimised(k: Kernel): boolean {
  const [block] = k.hotplug.blocks.values();
  assertEquals(allocHugePageAt(k, k.hugetlb.hstates[0], block.start + 64), true);
  const [head] = k.hugetlb.hstates[0].freeLists[0];
  return vmemmapOptimized(k, head);
}

Deno.test("the two features exclude each other if pages have no mark, whichever comes first", () => {
  const freeingFirst = plugged("exclusive");
  assertEquals([...freeingFirst.hotplug.blocks.values()][0].nrVmemmapPages, 0);
  assertEquals(optimised(freeingFirst), true);
  const blocksFirst = plugged("exclusive", false);
  assertEquals([...blocksFirst.hotplug.blocks.values()][0].nrVmemmapPages, 64);
  setOptimizeVmemmap(blocksFirst, true);
  assertEquals(optimised(blocksFirst), false);
  checkInvariants(blocksFirst);
});

// 1. A block holds its own memmap; a huge page is made of its other frames. 2. The optimiser does not know that, maps
// the page's tails to one frame and frees the others: frames of the block. 3. The allocator has them now, and hands out
// memory that disappears when the block is removed.
Deno.test("checkInvariants catches the optimiser when it frees memmap out of hot-added memory", () => {
  const k = plugged("ignored");
  assertThrows(
    () => {
      optimised(k);
      checkInvariants(k);
    },
    KernelPanic,
    "I16 frame",
  );
});
