// SPDX-License-Identifier: GPL-2.0-only
import { assert, assertEquals } from "@std/assert";
import type { BootOptions } from "../../boot.ts";
import { EBUSY, EINVAL, ENOMEM } from "../../include/errno.ts";
import { mustCreate, mustDestroy, stockDifference, takeStock, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../base/memory.ts";
import { addMemory, removeMemory } from "../base/memory_hotplug.ts";
import { destroyNamespace, type NdNamespace } from "../nvdimm/namespace.ts";
import { allocDaxRegion, createDevDax, deleteDevDax } from "./bus.ts";
import { devDaxProbe, devDaxRemove } from "./device.ts";
import { devDaxKmemProbe, devDaxKmemRemove } from "./kmem.ts";

const SECTION = 2 ** 14;

/** A toy box with pmem of eight sections near node 1; memory blocks of one section. */
function box(more: BootOptions = {}): BootOptions {
  return {
    arch: "toy",
    dram: [2 ** 18],
    nodes: 2,
    pmem: [{ bytes: 8 * SECTION, nid: 1 }],
    memmapOnMemory: true,
    memoryBlockBytes: SECTION,
    debug: true,
    ...more,
  };
}

/** Runs with the device of a namespace that no driver is bound to; destroys the namespace at the end. */
function withDevice(options: BootOptions, run: (k: Kernel, ns: NdNamespace) => void): void {
  withKernel(options, (k) => {
    const ns = mustCreate(k);
    assertEquals(devDaxRemove(k, ns.dev!), 0);
    run(k, ns);
    mustDestroy(k, ns);
  });
}

//  namespace    |reserve|..|  block 1  |  block 2  | ... |  block 7  |      block 0 is cut by the reserve
for (const memmapOnMemory of [true, false]) {
  Deno.test(`devDaxKmemProbe makes System RAM of whole blocks, memmap on memory ${memmapOnMemory}`, () => {
    withDevice(box(), (k, { dev }) => {
      assertEquals(devDaxKmemProbe(k, dev!, memmapOnMemory), 0);
      const blocks = [...k.hotplug.blocks.values()];
      assertEquals(blocks.length, 7);
      assertEquals(blocks.map((b) => b.nrVmemmapPages), Array(7).fill(memmapOnMemory ? 16 : 0));
      for (const block of blocks) assertEquals(memoryBlockOnline(k, block, "online_movable"), 0);
      checkInvariants(k);
      assertEquals(k.nodes[1].zones[3].managed, 7 * (memmapOnMemory ? 48 : 64));
      const stock = takeStock(k);
      assertEquals(devDaxKmemRemove(k, dev!), -EBUSY);
      assertEquals(stockDifference(stock, takeStock(k)), "");
      for (const block of blocks) assertEquals(memoryBlockOffline(k, block), 0);
      assertEquals(devDaxKmemRemove(k, dev!), 0);
      assertEquals(k.hotplug.blocks.size, 0);
    });
  });
}

Deno.test("devDaxKmemRemove changes nothing when some of the memory was taken away behind its back", () => {
  withDevice(box(), (k, { dev }) => {
    assertEquals(devDaxKmemProbe(k, dev!, false), 0);
    const start = [...k.hotplug.blocks.values()][3].start * k.pageBytes;
    assertEquals(removeMemory(k, start, SECTION), 0);
    const stock = takeStock(k);
    assertEquals(devDaxKmemRemove(k, dev!), -EINVAL);
    assertEquals(stockDifference(stock, takeStock(k)), "");
    assertEquals(addMemory(k, 1, start, SECTION), 0);
    assertEquals(devDaxKmemRemove(k, dev!), 0);
  });
});

Deno.test("devDaxKmemProbe keeps the memmap elsewhere where blocks cannot hold it", () => {
  withDevice(box({ memmapOnMemory: false }), (k, { dev }) => {
    assertEquals(devDaxKmemProbe(k, dev!, true), 0);
    assertEquals([...k.hotplug.blocks.values()].map((b) => b.nrVmemmapPages), Array(7).fill(0));
    devDaxKmemRemove(k, dev!);
  });
});

Deno.test("devDaxKmemProbe refuses a device that has a driver or less than a block", () => {
  withKernel(box({ memoryBlockBytes: 8 * SECTION }), (k) => {
    const ns = mustCreate(k);
    const dev = ns.dev!;
    assertEquals(devDaxKmemProbe(k, dev, false), -EBUSY, "device_dax has it");
    assertEquals(devDaxKmemRemove(k, dev), -EINVAL);
    devDaxRemove(k, dev);
    assertEquals(devDaxKmemProbe(k, dev, false), -EINVAL, "no block in it");
    mustDestroy(k, ns);
  });
});

Deno.test("devDaxKmemProbe keeps device_dax and the namespace away until it is removed", () => {
  withDevice(box(), (k, ns) => {
    devDaxKmemProbe(k, ns.dev!, true);
    assertEquals(devDaxKmemProbe(k, ns.dev!, true), -EBUSY);
    assertEquals(devDaxProbe(k, ns.dev!), -EBUSY);
    assertEquals(destroyNamespace(k, ns), -EBUSY);
    devDaxKmemRemove(k, ns.dev!);
    assertEquals(devDaxProbe(k, ns.dev!), 0);
  });
});

//  region   | split |  other  | split |...      a device of two ranges, a block each
Deno.test("devDaxKmemProbe gives up when its first range fails, and leaves out those that fail after it", () => {
  const probe = (nth: number) =>
    withKernel(box(), (k) => {
      const region = allocDaxRegion(k, 1, k.machine.topology.pmem[0], 4096, false)!;
      const [first, other] = [64, 64].map((pages) => createDevDax(k, region, pages, 4096, null));
      assert(typeof first === "object" && typeof other === "object");
      deleteDevDax(first);
      const split = createDevDax(k, region, 128, 4096, null);
      assert(typeof split === "object");
      assertEquals(split.ranges.map((r) => r.end - r.start), [64, 64]);
      k.fault.arm(nth);
      const err = devDaxKmemProbe(k, split, false);
      const { seen } = k.fault;
      k.fault.disarm();
      const blocks = k.hotplug.blocks.size;
      if (err === 0) devDaxKmemRemove(k, split);
      return [err, blocks, seen];
    });
  const [, blocks, seen] = probe(Infinity);
  assertEquals(blocks, 2);
  assertEquals(probe(1).slice(0, 2), [-ENOMEM, 0], "nothing was in when it failed");
  assertEquals(probe(seen).slice(0, 2), [0, 1], "the second range is left out");
});

for (const memmapOnMemory of [true, false]) {
  Deno.test(`devDaxKmemProbe with any allocation failing, memmap on memory ${memmapOnMemory}`, () => {
    withDevice(box(), (k, { dev }) => {
      const stock = takeStock(k);
      for (let nth = 1, err = -1; err < 0; nth++) {
        k.fault.arm(nth);
        err = devDaxKmemProbe(k, dev!, memmapOnMemory);
        k.fault.disarm();
        checkInvariants(k);
        if (err < 0) assertEquals(stockDifference(stock, takeStock(k)), "", `allocation ${nth}`);
      }
      assertEquals(devDaxKmemRemove(k, dev!), 0);
    });
  });
}

Deno.test("devDaxKmemProbe of a device none of whose ranges can be added says what was wrong with the first", () => {
  for (const memmapOnMemory of [true, false]) {
    withDevice(box(), (k, { dev }) => {
      k.fault.arm(1, true);
      assertEquals(devDaxKmemProbe(k, dev!, memmapOnMemory), -ENOMEM);
      k.fault.disarm();
      assertEquals([dev!.kmem, k.hotplug.blocks.size], [null, 0]);
    });
  }
});
