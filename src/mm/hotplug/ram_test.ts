// SPDX-License-Identifier: GPL-2.0-only
import { assertEquals, assertThrows } from "@std/assert";
import { boot } from "../../boot.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../drivers/base/memory.ts";
import { addMemory } from "../../drivers/base/memory_hotplug.ts";
import { EINVAL, ENOMEM } from "../../include/errno.ts";
import type { MemoryBlock } from "../../include/memory.ts";
import { ZONE_DMA32, ZONE_NORMAL } from "../../include/mmzone.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { stockDifference, takeStock } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../kernel.ts";
import { offlinePages, onlinePages, zoneForPfnRange } from "./ram.ts";
import type { Zone } from "../mmzone.ts";
import { pageFlags, readPage } from "../page.ts";
import { PAGE_LAYOUTS } from "../../include/page_layout.ts";

const { reserved: PG_RESERVED } = PAGE_LAYOUTS["6.1"];

/** A toy box with a block of one section (64 frames, pageblocks of 16) added and offline. */
function added(): { readonly k: Kernel; readonly block: MemoryBlock; readonly zone: Zone } {
  const k = boot({ arch: "toy", dram: [2 ** 18], hotplug: [{ bytes: 2 ** 14 }], debug: true });
  const { start } = k.machine.topology.hotplug[0];
  assertEquals(addMemory(k, 0, start * k.pageBytes, 2 ** 14), 0);
  const [block] = k.hotplug.blocks.values();
  return { k, block, zone: k.nodes[0].zones[ZONE_NORMAL] };
}

//  section   |pb 0|pb 1|pb 2|pb 3|     a range may leave out pageblocks at its start, nothing at its end
Deno.test("onlinePages takes whole pageblocks to the end of a section, and nothing else", () => {
  const { k, block, zone } = added();
  const stock = takeStock(k);
  for (const [from, n] of [[8, 56], [0, 0], [0, 48], [16, 32], [1, 63]]) {
    assertEquals(onlinePages(k, block.start + from, n, zone), -EINVAL, `${n} frames from ${from}`);
    assertEquals(offlinePages(k, block.start + from, n, zone), -EINVAL, `${n} frames from ${from}`);
  }
  assertEquals(stockDifference(stock, takeStock(k)), "");
  checkInvariants(k);
  assertEquals(onlinePages(k, block.start + 16, 48, zone), 0);
  assertEquals(offlinePages(k, block.start + 16, 48, zone), 0);
});

Deno.test("onlinePages changes nothing if a memory notifier has no memory", () => {
  const { k, block, zone } = added();
  const stock = takeStock(k);
  const span = [zone.startPfn, zone.spanned];
  k.fault.arm(1);
  assertEquals(onlinePages(k, block.start, 64, zone), -ENOMEM);
  k.fault.disarm();
  assertEquals([stockDifference(stock, takeStock(k)), zone.startPfn, zone.spanned], ["", ...span]);
  checkInvariants(k);
  assertEquals(onlinePages(k, block.start, 64, zone), 0);
});

Deno.test("offlinePages poisons struct pages with CONFIG_DEBUG_VM, and panics for frames that are not online", () => {
  const { k, block, zone } = added();
  memoryBlockOnline(k, block, "online");
  assertEquals(pageFlags(k, block.start) & PG_RESERVED, 0);
  memoryBlockOffline(k, block);
  assertEquals([readPage(k, block.start, 0), readPage(k, block.end - 1, 12)], [-1, -1]);
  assertThrows(() => offlinePages(k, block.start, 64, zone), KernelPanic, "is not online");
});

Deno.test("zoneForPfnRange prefers the kernel zone a range lies in, Normal where none does", () => {
  const k = boot({ dram: [2 ** 30] });
  const zoneAt = (gib: number) => zoneForPfnRange(k, "online_kernel", 0, gib * 2 ** 18, 2 ** 15).index;
  assertEquals([zoneAt(0.5), zoneAt(3), zoneAt(8)], [ZONE_DMA32, ZONE_NORMAL, ZONE_NORMAL]);
});
