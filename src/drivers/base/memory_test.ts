// SPDX-License-Identifier: GPL-2.0-only
import { assertEquals, assertThrows } from "@std/assert";
import { boot, type BootOptions } from "../../boot.ts";
import { EBUSY, EINVAL, ENOMEM } from "../../include/errno.ts";
import { USE_PINNED } from "../../include/frame_use.ts";
import type { MemoryBlock, OnlineType } from "../../include/memory.ts";
import { MIGRATE_MOVABLE, SECTION_IS_ONLINE, ZONE_MOVABLE, ZONE_NORMAL } from "../../include/mmzone.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { stockDifference, takeStock, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { pfnToOnlinePage } from "../../mm/hotplug/memory_hotplug.ts";
import { type Zone, zoneArea } from "../../mm/mmzone.ts";
import { pageFlags, pageRefcount } from "../../mm/page.ts";
import { allocPages, freePages, takePages } from "../../mm/page_alloc.ts";
import { acpiMemoryEnableDevice } from "../acpi/acpi_memhotplug.ts";
import { memoryBlockOffline, memoryBlockOnline } from "./memory.ts";
import { memoryBlocks, removeMemory } from "./memory_hotplug.ts";
import { stepsOf } from "../../trace/trace_testing.ts";
import { PAGE_LAYOUTS } from "../../include/page_layout.ts";

const { reserved: PG_RESERVED, selfHosted: PG_VMEMMAP_SELF_HOSTED } = PAGE_LAYOUTS["6.1"];

const SECTION = 2 ** 14;

/**
 * A toy machine with a slot for eight blocks; a block is one section (64 frames, 16 of memmap) or four (64 of memmap).
 */
function box(more: BootOptions = {}): BootOptions {
  return {
    arch: "toy",
    dram: [2 ** 18],
    hotplug: [{ bytes: 8 * SECTION }],
    memmapOnMemory: true,
    memoryBlockBytes: SECTION,
    debug: true,
    ...more,
  };
}

/** Plugs DIMMs of one block each, and removes them at the end for the checks of withKernel(). */
function withBlocks(options: BootOptions, count: number, run: (k: Kernel, blocks: MemoryBlock[]) => void): void {
  withKernel(options, (k) => {
    const { start, nid } = k.machine.topology.hotplug[0];
    const { blockPages } = k.hotplug;
    for (let i = 0; i < count; i++) {
      const err = acpiMemoryEnableDevice(k, nid, (start + i * blockPages) * k.pageBytes, blockPages * k.pageBytes);
      assertEquals(err, 0);
    }
    const blocks = memoryBlocks(k, start, start + count * blockPages)!;
    run(k, blocks);
    for (const block of blocks.toReversed()) {
      if (block.zone >= 0) assertEquals(memoryBlockOffline(k, block), 0);
      checkInvariants(k);
      assertEquals(removeMemory(k, block.start * k.pageBytes, blockPages * k.pageBytes), 0);
    }
    assertEquals(k.nodes[nid].zones[ZONE_NORMAL].spanned, nid === 0 ? 1024 : 0);
  });
}

const zoneCounts = (k: Kernel, nid = 0, index = ZONE_NORMAL) => {
  const { startPfn, spanned, present, managed } = k.nodes[nid].zones[index];
  return { startPfn, spanned, present, managed };
};

//  block    | 16 memmap | 48 usable |        present +64, managed +48, spanned to its end
Deno.test("memoryBlockOnline counts a block's memmap as present and not as managed", () => {
  withBlocks(box(), 1, (k, [block]) => {
    const before = zoneCounts(k);
    assertEquals(block.nrVmemmapPages, 16);
    assertEquals(memoryBlockOnline(k, block, "online"), 0);
    checkInvariants(k);
    assertEquals(zoneCounts(k), {
      startPfn: before.startPfn,
      spanned: block.end - before.startPfn,
      present: before.present + 64,
      managed: before.managed + 48,
    });
    assertEquals(zoneArea(k.nodes[0].zones[ZONE_NORMAL], block.start)?.freeUnits, 48);
    assertEquals(pageFlags(k, block.start), PG_RESERVED | PG_VMEMMAP_SELF_HOSTED);
    assertEquals([pageFlags(k, block.start + 16), pageRefcount(k, block.start + 16)], [0, 0]);
    assertEquals(k.sections.migratetype(block.end - 1), MIGRATE_MOVABLE);
    assertEquals([pfnToOnlinePage(k, block.start), pfnToOnlinePage(k, block.end)], [block.start, -1]);
    memoryBlockOffline(k, block);
    assertEquals(zoneCounts(k), before);
    assertEquals(pfnToOnlinePage(k, block.start), -1);
  });
});

Deno.test("memoryBlockOnline prepares a block's own memmap before the rest, memoryBlockOffline takes it down after it", () => {
  withBlocks(box(), 1, (k, [block]) => {
    assertEquals(stepsOf(k, () => memoryBlockOnline(k, block, "online")), [
      "memory_block_online",
      "  mhp_init_memmap_on_memory",
      "    memmap_init_range",
      "  online_pages",
      "    memmap_init_range",
      "    __free_pages_core",
    ]);
    assertEquals(stepsOf(k, () => memoryBlockOffline(k, block)), [
      "memory_block_offline",
      "  offline_pages",
      "    remove_pfn_range_from_zone",
      "      page_init_poison",
      "  mhp_deinit_memmap_on_memory",
      "    remove_pfn_range_from_zone",
      "      page_init_poison",
    ]);
  });
});

Deno.test("memoryBlockOnline marks sections online that the memmap fills", () => {
  withBlocks(box({ memoryBlockBytes: 4 * SECTION }), 2, (k, [, block]) => {
    assertEquals(block.nrVmemmapPages, 64, "one of its four sections");
    assertEquals(memoryBlockOnline(k, block, "online"), 0);
    checkInvariants(k);
    for (let s = 0; s < 4; s++) {
      assertEquals(k.sections.state[k.sections.nr(block.start + 64 * s)] & SECTION_IS_ONLINE, SECTION_IS_ONLINE);
    }
  });
});

Deno.test("memoryBlockOnline and memoryBlockOffline refuse to act twice, and change nothing", () => {
  withBlocks(box(), 1, (k, [block]) => {
    assertEquals(memoryBlockOffline(k, block), -EINVAL);
    assertEquals(memoryBlockOnline(k, block, "online"), 0);
    const stock = takeStock(k);
    assertEquals(memoryBlockOnline(k, block, "online_movable"), -EINVAL);
    assertEquals(stockDifference(stock, takeStock(k)), "");
  });
});

Deno.test("memoryBlockOffline of a block with a page in use is -EBUSY and changes nothing", () => {
  for (const memmapOnMemory of [true, false]) {
    withBlocks(box({ memmapOnMemory }), 1, (k, [block]) => {
      memoryBlockOnline(k, block, "online");
      takePages(k, block.end - 1, 0, USE_PINNED);
      const stock = takeStock(k);
      const zone = zoneCounts(k);
      assertEquals(memoryBlockOffline(k, block), -EBUSY);
      assertEquals(stockDifference(stock, takeStock(k)), "");
      assertEquals(zoneCounts(k), zone);
      checkInvariants(k);
      freePages(k, block.end - 1, 0, USE_PINNED);
    });
  }
});

//  slot     | 0 | 1 | 2 | 3 |     blocks 1 and 3 online, then 3, then 0 and 3
Deno.test("memoryBlockOnline of blocks in any order spans them and no more", () => {
  withBlocks(box({ nodes: 2, hotplug: [{ bytes: 8 * SECTION, nid: 1 }] }), 4, (k, blocks) => {
    const [first] = blocks;
    const span = (from: number, to: number) => {
      checkInvariants(k);
      const { startPfn, spanned } = zoneCounts(k, 1);
      assertEquals([(startPfn - first.start) / 64, spanned / 64], [from, to - from]);
    };
    memoryBlockOnline(k, blocks[1], "online");
    span(1, 2);
    memoryBlockOnline(k, blocks[3], "online");
    span(1, 4);
    memoryBlockOffline(k, blocks[1]);
    span(3, 4);
    memoryBlockOnline(k, blocks[0], "online");
    span(0, 4);
    memoryBlockOffline(k, blocks[3]);
    span(0, 1);
  });
});

for (
  const [type, movableNode, zone] of [
    ["online", false, ZONE_NORMAL],
    ["online", true, ZONE_MOVABLE],
    ["online_kernel", true, ZONE_NORMAL],
    ["online_movable", false, ZONE_MOVABLE],
  ] as readonly [OnlineType, boolean, number][]
) {
  Deno.test(`memoryBlockOnline ${type}${movableNode ? " with movable_node" : ""} joins zone ${zone}`, () => {
    withBlocks(box({ movableNode, nodes: 2, hotplug: [{ bytes: 2 * SECTION, nid: 1 }] }), 2, (k, [a, b]) => {
      assertEquals(memoryBlockOnline(k, a, type), 0);
      assertEquals([a.zone, zoneCounts(k, 1, zone).present], [zone, 64]);
      checkInvariants(k);
      memoryBlockOnline(k, b, type);
    });
  });
}

Deno.test("memoryBlockOnline keeps to the zone a range lies in", () => {
  withBlocks(box(), 3, (k, blocks) => {
    memoryBlockOnline(k, blocks[0], "online_movable");
    memoryBlockOnline(k, blocks[2], "online_movable");
    memoryBlockOnline(k, blocks[1], "online");
    assertEquals(blocks.map((b) => b.zone), [ZONE_MOVABLE, ZONE_MOVABLE, ZONE_MOVABLE]);
  });
});

Deno.test("memoryBlockOnline makes memory the allocator hands out, movable memory to movable users only", () => {
  withBlocks(box({ memmapOnMemory: false }), 1, (k, [block]) => {
    const held: number[] = [];
    for (let pfn; (pfn = allocPages(k, 0, 0, USE_PINNED)) >= 0;) held.push(pfn);
    memoryBlockOnline(k, block, "online_movable");
    assertEquals(allocPages(k, 0, 0, USE_PINNED), -1);
    const pfn = allocPages(k, 0, 0, USE_PINNED, false, true);
    assertEquals(pfn, block.start);
    for (const p of [...held, pfn]) freePages(k, p, 0, USE_PINNED);
  });
});

Deno.test("memoryBlockOnline is -ENOMEM with nothing changed if a notifier cannot allocate", () => {
  for (const memmapOnMemory of [true, false]) {
    for (const contents of [true, false]) {
      withBlocks(box({ memmapOnMemory, contents }), 1, (k, [block]) => {
        const stock = takeStock(k);
        const zone = zoneCounts(k);
        k.fault.arm(1);
        assertEquals(memoryBlockOnline(k, block, "online"), -ENOMEM);
        assertEquals(k.fault.seen, 1, "the only allocation");
        k.fault.failOrder(0);
        assertEquals(memoryBlockOnline(k, block, "online"), -ENOMEM, "a single frame");
        k.fault.disarm();
        assertEquals(stockDifference(stock, takeStock(k)), "");
        assertEquals(zoneCounts(k), zone);
        checkInvariants(k);
        assertEquals(memoryBlockOnline(k, block, "online"), 0);
      });
    }
  }
});

for (
  const [invariant, what, damage] of [
    ["I16", "a frame of its memmap is freed", (k, b) => zoneArea(normal(k), b.start)!.free(b.start + 5, 0)],
    ["I23", "its memmap became movable", (k, b) => k.sections.setMigratetype(b.start, b.start + 16, MIGRATE_MOVABLE)],
    ["I26", "the zone lost its memmap", (k) => normal(k).present -= 16],
    ["I12", "the zone manages its memmap", (k) => normal(k).managed += 16],
    ["I26", "its section is offline", (k, b) => k.sections.state[k.sections.nr(b.start)] &= ~SECTION_IS_ONLINE],
    ["I26", "it says it is offline", (k, b) => k.hotplug.blocks.set(b.id, { ...b, zone: -1 })],
    ["I26", "it claims less memmap than is mapped", (k, b) => k.hotplug.blocks.set(b.id, { ...b, nrVmemmapPages: 8 })],
    ["I27", "it should not hold its memmap", (k) => Object.assign(k.hotplug, { memmapOnMemory: false })],
    ["I28", "a mark is gone", (k, b) => k.phys.words[k.phys.wordBase(b.start)] &= ~PG_VMEMMAP_SELF_HOSTED],
    ["I29", "the zone ends before it", (k) => normal(k).spanned -= 64],
    ["I29", "the zone ends after it", (k) => normal(k).spanned += 64],
    ["I12", "the zone overlooks areas", (k) => normal(k).hints.fill(2)],
  ] as readonly [string, string, (k: Kernel, block: MemoryBlock) => void][]
) {
  Deno.test(`checkInvariants names ${invariant} for a block when ${what}`, () => {
    const k = boot(box());
    const { start } = k.machine.topology.hotplug[0];
    acpiMemoryEnableDevice(k, 0, start * k.pageBytes, SECTION);
    const [block] = memoryBlocks(k, start, start + 64)!;
    memoryBlockOnline(k, block, "online");
    checkInvariants(k);
    damage(k, block);
    assertThrows(() => checkInvariants(k), KernelPanic, `: ${invariant} `);
  });
}

function normal(k: Kernel): Zone {
  return k.nodes[0].zones[ZONE_NORMAL];
}
