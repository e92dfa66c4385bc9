// SPDX-License-Identifier: GPL-2.0-only
import { assert, assertEquals } from "@std/assert";
import { boot, type BootOptions } from "../../boot.ts";
import { EBUSY, EINVAL, ENOENT, ENOMEM, EOPNOTSUPP } from "../../include/errno.ts";
import { mustCreate, mustDestroy, stockDifference, takeStock, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../base/memory.ts";
import { removeMemory } from "../base/memory_hotplug.ts";
import { createNamespace, destroyNamespace, type NdNamespace } from "../nvdimm/namespace.ts";
import { allocDaxRegion, createDevDax, deleteDevDax, type DevDax } from "./bus.ts";
import { devDaxProbe, devDaxRemove } from "./device.ts";
import { devDaxKmemProbe, devDaxKmemRemove, memmapOnMemoryStore } from "./kmem.ts";

const SECTION = 2 ** 14;

/** A toy machine with pmem of eight sections near node 1; memory blocks of one section. */
function box(more: BootOptions = {}): BootOptions {
  return {
    arch: "toy",
    dram: [2 ** 18],
    nodes: 2,
    pmem: [{ bytes: 8 * SECTION, nid: 1 }],
    memmapOnMemory: true,
    kernel: "6.1,kmemMemmapOnMemory=true",
    memoryBlockBytes: SECTION,
    debug: true,
    ...more,
  };
}

/** Sets memmap_on_memory and binds kmem. */
function kmemProbe(k: Kernel, dev: DevDax, memmapOnMemory: boolean): number {
  memmapOnMemoryStore(k, dev, memmapOnMemory);
  return devDaxKmemProbe(k, dev);
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
      assertEquals(kmemProbe(k, dev!, memmapOnMemory), 0);
      const blocks = [...k.hotplug.blocks.values()];
      assertEquals(blocks.length, 7);
      assertEquals(blocks.map((b) => b.nrVmemmapPages), Array(7).fill(memmapOnMemory ? 16 : 0));
      for (const block of blocks) assertEquals(memoryBlockOnline(k, block, "online_movable"), 0);
      checkInvariants(k);
      assertEquals(k.nodes[1].zones[3].managed, 7 * (memmapOnMemory ? 48 : 64));
      for (const block of blocks) assertEquals(memoryBlockOffline(k, block), 0);
      assertEquals(devDaxKmemRemove(k, dev!), 0);
      assertEquals(k.hotplug.blocks.size, 0);
    });
  });
}

//  namespace    |reserve|..| online | offline | ... |      all of it is one range, and all of it leaks
Deno.test("destroyNamespace of online RAM succeeds; the memory leaks and its addresses stay taken", () => {
  withKernel(box(), (k) => {
    const ns = mustCreate(k);
    devDaxRemove(k, ns.dev!);
    assertEquals(kmemProbe(k, ns.dev!, false), 0);
    const blocks = [...k.hotplug.blocks.values()];
    assertEquals(memoryBlockOnline(k, blocks[3], "online_movable"), 0);
    assertEquals(destroyNamespace(k, ns), 0);
    checkInvariants(k);
    assertEquals([k.hotplug.blocks.size, blocks[3].zone >= 0], [7, true]);
    const request = { size: ns.extent.end - ns.extent.start, align: 4096, map: "mem" } as const;
    for (const mode of ["devdax", "fsdax"] as const) {
      assertEquals(createNamespace(k, ns.region, { ...request, mode }), -EBUSY);
    }
    assertEquals(memoryBlockOffline(k, blocks[3]), 0);
    for (const { start } of blocks) assertEquals(removeMemory(k, start * k.pageBytes, SECTION), 0);
  });
});

Deno.test("devDaxKmemRemove leaks the rest if some of its memory was removed before", () => {
  withDevice(box(), (k, { dev }) => {
    assertEquals(kmemProbe(k, dev!, false), 0);
    const blocks = [...k.hotplug.blocks.values()];
    assertEquals(removeMemory(k, blocks[3].start * k.pageBytes, SECTION), 0);
    assertEquals(devDaxKmemRemove(k, dev!), 7 * k.hotplug.blockPages);
    assertEquals([dev!.kmem, k.hotplug.blocks.size], [null, 6]);
    for (const { start } of k.hotplug.blocks.values()) assertEquals(removeMemory(k, start * k.pageBytes, SECTION), 0);
  });
});

Deno.test("a range claimed twice is busy, for kmem, device_dax and a namespace, before anything is added", () => {
  withKernel(box(), (k) => {
    const pmem = k.machine.topology.pmem[0];
    const [one, two] = [0, 1].map(() => {
      const region = allocDaxRegion(k, 1, pmem, 4096, false)!;
      return createDevDax(k, region, pmem.end - pmem.start, 4096, null) as DevDax;
    });
    assertEquals(kmemProbe(k, one, false), 0);
    const stock = takeStock(k);
    assertEquals([kmemProbe(k, two, false), devDaxProbe(k, two)], [-EBUSY, -EBUSY]);
    assertEquals(stockDifference(stock, takeStock(k)), "");
    assertEquals([devDaxKmemRemove(k, one), devDaxProbe(k, one)], [0, 0]);
    assertEquals(kmemProbe(k, two, false), -EBUSY);
    devDaxRemove(k, one);
  });
});

Deno.test("devDaxKmemProbe puts no memmap on memory before 6.8", () => {
  for (const kernel of ["5.14", "6.1"]) {
    withDevice(box({ kernel }), (k, { dev }) => {
      assertEquals(kmemProbe(k, dev!, true), 0);
      assertEquals([...k.hotplug.blocks.values()].map((b) => b.nrVmemmapPages), Array(7).fill(0));
      devDaxKmemRemove(k, dev!);
    });
  }
});

Deno.test("devDaxKmemProbe keeps the memmap elsewhere where blocks cannot hold it", () => {
  withDevice(box({ memmapOnMemory: false }), (k, { dev }) => {
    assertEquals(kmemProbe(k, dev!, true), 0);
    assertEquals([...k.hotplug.blocks.values()].map((b) => b.nrVmemmapPages), Array(7).fill(0));
    devDaxKmemRemove(k, dev!);
  });
});

Deno.test("devDaxKmemProbe refuses a device that has a driver or less than a block", () => {
  withKernel(box({ memoryBlockBytes: 8 * SECTION }), (k) => {
    const ns = mustCreate(k);
    const dev = ns.dev!;
    assertEquals(kmemProbe(k, dev, false), -EBUSY, "device_dax has it");
    assertEquals(devDaxKmemRemove(k, dev), -EINVAL);
    devDaxRemove(k, dev);
    assertEquals(kmemProbe(k, dev, false), -EINVAL, "no block in it");
    mustDestroy(k, ns);
  });
});

Deno.test("devDaxKmemProbe keeps device_dax from binding until kmem is removed", () => {
  withDevice(box(), (k, ns) => {
    kmemProbe(k, ns.dev!, true);
    assertEquals(kmemProbe(k, ns.dev!, true), -EBUSY);
    assertEquals(devDaxProbe(k, ns.dev!), -EBUSY);
    devDaxKmemRemove(k, ns.dev!);
    assertEquals(devDaxProbe(k, ns.dev!), 0);
  });
});

//  region   | split |  other  | split |...      a device of two ranges, a block each
Deno.test("devDaxKmemProbe fails if its first range fails, and skips later ranges that fail", () => {
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
      const err = kmemProbe(k, split, false);
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
        err = kmemProbe(k, dev!, memmapOnMemory);
        k.fault.disarm();
        checkInvariants(k);
        if (err < 0) assertEquals(stockDifference(stock, takeStock(k)), "", `allocation ${nth}`);
      }
      assertEquals(devDaxKmemRemove(k, dev!), 0);
    });
  });
}

Deno.test("devDaxKmemProbe returns the first range's error if no range can be added", () => {
  for (const memmapOnMemory of [true, false]) {
    withDevice(box(), (k, { dev }) => {
      k.fault.arm(1, true);
      assertEquals(kmemProbe(k, dev!, memmapOnMemory), -ENOMEM);
      k.fault.disarm();
      assertEquals([dev!.kmem, k.hotplug.blocks.size], [null, 0]);
    });
  }
});

Deno.test("memmapOnMemoryStore: no attribute before 6.8, refused if blocks cannot hold it, or while kmem is bound", () => {
  const store = (options: BootOptions, value: boolean) => {
    let err = 0;
    withDevice(box(options), (k, { dev }) => {
      err = memmapOnMemoryStore(k, dev!, value);
      assertEquals(dev!.memmapOnMemory, value && err === 0);
    });
    return err;
  };
  assertEquals([store({ kernel: "6.1" }, true), store({ kernel: "6.1" }, false)], [-ENOENT, -ENOENT]);
  assertEquals([store({}, true), store({}, false)], [0, 0]);
  assertEquals(store({ memmapOnMemory: false }, true), -EOPNOTSUPP);
  assertEquals(store({ memmapOnMemory: false }, false), 0);
  withDevice(box(), (k, { dev }) => {
    assertEquals(kmemProbe(k, dev!, true), 0);
    assertEquals([memmapOnMemoryStore(k, dev!, false), memmapOnMemoryStore(k, dev!, true)], [-EBUSY, 0]);
    assertEquals(devDaxKmemRemove(k, dev!), 0);
    assertEquals(memmapOnMemoryStore(k, dev!, false), 0);
  });
});

Deno.test("memmapOnMemoryStore is refused on arm64 with 16K pages, even with force, and accepted with 4K", () => {
  const store = (arch: string) => {
    const GIB = 2 ** 30;
    const k = boot({
      arch,
      kernel: "6.12",
      dram: [GIB],
      pmem: [{ bytes: GIB }],
      memmapOnMemory: "force",
      contents: false,
    });
    const pmem = k.machine.topology.pmem[0];
    const dev = createDevDax(
      k,
      allocDaxRegion(k, 0, pmem, k.pageBytes, false)!,
      pmem.end - pmem.start,
      k.pageBytes,
      null,
    );
    return memmapOnMemoryStore(k, dev as DevDax, true);
  };
  assertEquals([store("arm64-16k"), store("arm64-4k")], [-EOPNOTSUPP, 0]);
});
