// SPDX-License-Identifier: GPL-2.0-only
// Huge pages on hot-added memory: memmap from the buddy allocator is shared and comes back frame by frame; memmap that
// lies in the block it describes is left alone (I28).

import { assertEquals } from "@std/assert";
import { TOY_HUGETLB } from "../arch/toy/toy.ts";
import { boot } from "../boot.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../drivers/base/memory.ts";
import { addMemory, removeMemory } from "../drivers/base/memory_hotplug.ts";
import { checkInvariants } from "./debug_vm.ts";
import { allocHugePageAt, setNrHugepages } from "./hugetlb.ts";
import { vmemmapOptimized } from "./hugetlb_vmemmap.ts";
import { totalFreePages } from "./page_alloc.ts";
import { C } from "./vmstat.ts";

const BLOCK = 2 ** 18;

for (const memmapOnMemory of [false, true]) {
  Deno.test(`huge pages on a hot-added block, memmap on memory ${memmapOnMemory}, come and go without a trace`, () => {
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
