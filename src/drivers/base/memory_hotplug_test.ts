// SPDX-License-Identifier: GPL-2.0-only
import { assert, assertEquals, assertThrows } from "@std/assert";
import { boot, type BootOptions } from "../../boot.ts";
import { E2BIG, EBUSY, EEXIST, EINVAL, ENOMEM, errnoName } from "../../include/errno.ts";
import { USE_ALTMAP_VMEMMAP, USE_DIRECT_MAP, USE_PTE_TABLE, USE_VMEMMAP } from "../../include/frame_use.ts";
import { PRESETS } from "../../include/kernel_config.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { kernelLike, stockDifference, takeStock, unwinding, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import { directVpn } from "../../mm/direct_map.ts";
import type { Kernel } from "../../mm/kernel.ts";
import { totalFreePages } from "../../mm/page_alloc.ts";
import { lookupAddress } from "../../mm/pgtable.ts";
import { acpiMemoryEnableDevice } from "../acpi/acpi_memhotplug.ts";
import { memoryBlockOffline, memoryBlockOnline } from "./memory.ts";
import { addMemory, memoryBlocks, type MhpFlags, removeMemory } from "./memory_hotplug.ts";

const BLOCK = 2 ** 14;
const SELF: MhpFlags = { memmapOnMemory: true };
const SPLIT: MhpFlags = { memmapOnMemory: true, split: true };

/** A toy machine with 256 KiB of DRAM, a slot for four blocks, and pmem after it. */
function box(more: BootOptions = {}): BootOptions {
  return {
    arch: "toy",
    dram: [2 ** 18],
    hotplug: [{ bytes: 4 * BLOCK }],
    pmem: [{ bytes: 2 ** 16 }],
    memmapOnMemory: true,
    memoryBlockBytes: BLOCK,
    debug: true,
    ...more,
  };
}

const slot = (k: Kernel) => k.machine.topology.hotplug[0].start * k.pageBytes;
const allBlocks = (k: Kernel) => [...k.hotplug.blocks.values()];

function removeAll(k: Kernel): void {
  for (const block of allBlocks(k).toReversed()) {
    if (block.zone >= 0) assertEquals(memoryBlockOffline(k, block), 0);
    assertEquals(removeMemory(k, block.start * k.pageBytes, BLOCK), 0);
  }
}

for (
  const [what, err, at, bytes, flags, nid] of [
    ["a start that is no block", -EINVAL, BLOCK / 2, BLOCK, {}, 0],
    ["a size that is no block", -EINVAL, 0, BLOCK + 256, {}, 0],
    ["nothing", -EINVAL, 0, 0, {}, 0],
    ["a node there cannot be", -EINVAL, 0, BLOCK, {}, 7],
    ["memory past the address space", -E2BIG, 2 ** 40, BLOCK, {}, 0],
    ["boot memory", -EEXIST, -(2 ** 18), BLOCK, {}, 0],
    ["two blocks with one memmap on them", -EINVAL, 0, 2 * BLOCK, SELF, 0],
    ["half a block with its memmap on it", -EINVAL, 0, BLOCK / 2, SELF, 0],
  ] as readonly [string, number, number, number, MhpFlags, number][]
) {
  Deno.test(`addMemory of ${what} is -${errnoName(err)} and changes nothing`, () => {
    withKernel(box(), (k) => assertEquals(addMemory(k, nid, slot(k) + at, bytes, flags), err));
  });
}

Deno.test("addMemory over existing memory is -EEXIST and changes nothing", () => {
  withKernel(box(), (k) => {
    assertEquals(addMemory(k, 0, slot(k) + BLOCK, BLOCK), 0);
    const stock = takeStock(k);
    for (const at of [0, BLOCK]) assertEquals(addMemory(k, 0, slot(k) + at, 2 * BLOCK), -EEXIST);
    assertEquals(stockDifference(stock, takeStock(k)), "");
    removeAll(k);
  });
});

Deno.test("addMemory with memmap on memory is -EINVAL if the kernel lacks the feature", () => {
  for (const options of [{ memmapOnMemory: false }, { kernel: kernelLike("6.1", { memmapOnMemory: false }) }]) {
    withKernel(box(options), (k) => assertEquals(addMemory(k, 0, slot(k), BLOCK, SELF), -EINVAL));
  }
});

//  off      memmap 16 frames of DRAM          on    | 16 memmap | 48 |  none of DRAM
Deno.test("addMemory takes the memmap from DRAM or from the block", () => {
  for (const [flags, dram, own] of [[{}, 16, 0], [SELF, 0, 16]] as const) {
    withKernel(box(), (k) => {
      // The first block needs tables.
      addMemory(k, 0, slot(k) + BLOCK, BLOCK, SELF);
      const free = totalFreePages(k);
      assertEquals(addMemory(k, 0, slot(k), BLOCK, flags), 0);
      assertEquals(free - totalFreePages(k), dram);
      assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_ALTMAP_VMEMMAP]], [dram, own + 16]);
      checkInvariants(k);
      removeAll(k);
    });
  }
});

Deno.test("addMemory split gives every block a memmap of its own and takes none from DRAM", () => {
  withKernel(box(), (k) => {
    assertEquals(addMemory(k, 0, slot(k), 4 * BLOCK, SPLIT), 0);
    assertEquals(allBlocks(k).map((b) => b.nrVmemmapPages), [16, 16, 16, 16]);
    assertEquals(k.uses[USE_VMEMMAP], 0);
    for (const block of allBlocks(k)) assertEquals(memoryBlockOnline(k, block, "online"), 0);
    checkInvariants(k);
    removeAll(k);
  });
});

Deno.test("addMemory puts blocks online if the policy says so", () => {
  withKernel(box({ memhpDefaultState: "online_movable" }), (k) => {
    assertEquals(addMemory(k, 0, slot(k), 2 * BLOCK), 0);
    assertEquals(allBlocks(k).map((b) => b.zone), [3, 3]);
    removeAll(k);
  });
});

Deno.test("acpiMemoryEnableDevice keeps the memmap elsewhere when the DIMM is more than a block", () => {
  withKernel(box(), (k) => {
    assertEquals(acpiMemoryEnableDevice(k, 0, slot(k), 2 * BLOCK), 0);
    assertEquals(allBlocks(k).map((b) => b.nrVmemmapPages), [0, 0]);
    removeAll(k);
  });
});

Deno.test("addMemory to a fragmented node maps the memmap by base pages and counts their table", () => {
  withKernel(box({ fragment: 1 }), (k) => {
    addMemory(k, 0, slot(k), BLOCK);
    assertEquals([k.uses[USE_VMEMMAP], k.uses[USE_PTE_TABLE]], [16, 1]);
    addMemory(k, 0, slot(k) + BLOCK, BLOCK, SELF);
    assertEquals(
      [k.uses[USE_VMEMMAP], k.uses[USE_PTE_TABLE]],
      [16, 1],
      "the block itself has a PMD's worth in a piece",
    );
    removeAll(k);
  });
});

Deno.test("removeMemory refuses memory that is online, missing, or holds one memmap for several blocks", () => {
  withKernel(box(), (k) => {
    addMemory(k, 0, slot(k), 2 * BLOCK, SPLIT);
    addMemory(k, 0, slot(k) + 2 * BLOCK, BLOCK);
    memoryBlockOnline(k, allBlocks(k)[2], "online");
    const stock = takeStock(k);
    assertEquals(removeMemory(k, slot(k) + 2 * BLOCK, BLOCK), -EBUSY);
    assertEquals(removeMemory(k, slot(k), 2 * BLOCK), -EINVAL, "wrong granularity");
    assertEquals(removeMemory(k, slot(k) + 2 * BLOCK, 2 * BLOCK), -EINVAL, "not there");
    assertEquals(removeMemory(k, 0, BLOCK), -EINVAL, "boot memory");
    assertEquals(removeMemory(k, slot(k), BLOCK / 2), -EINVAL, "half a block");
    assertEquals(stockDifference(stock, takeStock(k)), "");
    removeAll(k);
  });
});

Deno.test("removeMemory and addMemory leave no stale struct pages behind", () => {
  withKernel(box({ debug: false }), (k) => {
    for (let round = 0; round < 3; round++) {
      for (const flags of [SELF, {}]) {
        addMemory(k, 0, slot(k), BLOCK, flags);
        memoryBlockOnline(k, allBlocks(k)[0], "online");
        checkInvariants(k);
        removeAll(k);
      }
    }
  });
});

for (const kernel of Object.keys(PRESETS)) {
  for (const [name, flags] of [["elsewhere", {}], ["on one block", SELF], ["on each block", SPLIT]] as const) {
    for (const fragment of [0, 1]) {
      Deno.test(`addMemory with any allocation failing, ${kernel}, memmap ${name}, fragment ${fragment}`, () => {
        sweep(kernel, flags, flags === SELF ? BLOCK : 3 * BLOCK, fragment);
      });
    }
  }
}

/** Fails the k-th allocation for every k until none is left to fail, once and persistently. */
function sweep(kernel: string, flags: MhpFlags, bytes: number, fragment: number): void {
  withKernel(box({ kernel: unwinding(kernel), fragment }), (k) => {
    const stock = takeStock(k);
    let failures = 0;
    for (const persistent of [false, true]) {
      for (let nth = 1;; nth++) {
        k.fault.arm(nth, persistent);
        const err = addMemory(k, 0, slot(k), bytes, flags);
        const reached = k.fault.seen >= nth;
        k.fault.disarm();
        checkInvariants(k);
        if (err === 0) {
          removeAll(k);
          // Base pages replace a leaf that cannot be allocated, so one failure need not fail the request.
          if (!reached) break;
          continue;
        }
        assertEquals(err, -ENOMEM);
        assertEquals(stockDifference(stock, takeStock(k)), "", `allocation ${nth}`);
        failures++;
      }
    }
    assert(failures > 0, "some allocation must matter");
  });
}

// 1. The block's memmap is in place, on the block. 2. Its device cannot be created, and the memmap is removed as if it
// had come from the allocator. 3. Frames of memory that will be removed go to the buddy allocator; here they belong to
// no zone, which is noticed.
Deno.test("addMemory with the erratum addMemoryNullAltmap hands self-hosted frames to the allocator", () => {
  const run = (addMemoryNullAltmap: boolean) =>
    withoutDevice(box({ kernel: kernelLike("6.1", {}, { addMemoryNullAltmap }) }), BLOCK, SELF);
  run(false);
  assertThrows(() => run(true), KernelPanic, "belongs to no zone");
});

/** A machine on which adding a range failed at its last allocation, the block device. */
function withoutDevice(options: BootOptions, bytes: number, flags: MhpFlags): Kernel {
  const [counted, k] = [boot(options), boot(options)];
  counted.fault.arm(Infinity);
  assertEquals(addMemory(counted, 0, slot(counted), bytes, flags), 0);
  k.fault.arm(counted.fault.seen);
  assertEquals(addMemory(k, 0, slot(k), bytes, flags), -ENOMEM);
  k.fault.disarm();
  return k;
}

Deno.test("addMemory leaves no direct map of a range whose block device cannot be allocated", () => {
  for (const arch of ["x86-64", "arm64-4k"]) {
    const options: BootOptions = {
      arch,
      dram: [2 ** 30],
      hotplug: [{ bytes: 2 ** 30 }],
      contents: false,
      directMap: true,
    };
    const k = withoutDevice(options, 2 ** 27, {});
    checkInvariants(k);
    const vpn = directVpn(k, k.arch.directMap!.pgdIndex, slot(k) / k.pageBytes);
    assertEquals(lookupAddress(k, k.rootPfn, vpn), null, arch);
    assertEquals(k.uses[USE_DIRECT_MAP], boot(options).uses[USE_DIRECT_MAP]);
  }
});

// Linux 6.1.192, a DIMM of one block in a box of 4 GiB, see fixtures/linux-6.1/hotplug.json.
for (
  const [on, added, managed] of [[true, 0, 32256], [false, -512, 32768]] as const
) {
  Deno.test(`addMemory of 128 MiB counts as Linux 6.1 does, memmap_on_memory ${on ? "on" : "off"}`, () => {
    const options = { dram: [2 ** 32], hotplug: [{ bytes: 2 ** 27 }], memmapOnMemory: on };
    withKernel(options, (k) => {
      const zone = k.nodes[0].zones[2];
      const before = { free: totalFreePages(k), ...zone };
      assertEquals(slot(k), 6 * 2 ** 30);
      assertEquals(acpiMemoryEnableDevice(k, 0, slot(k), 2 ** 27), 0);
      assertEquals(totalFreePages(k) - before.free, added);
      const [block] = allBlocks(k);
      assertEquals(block.id, 48);
      assertEquals(memoryBlockOnline(k, block, "online"), 0);
      assertEquals(totalFreePages(k) - before.free, managed + added);
      assertEquals([zone.managed - before.managed, zone.present - before.present], [managed, 32768]);
      assertEquals([before.spanned, zone.spanned], [524288, 557056]);
      removeAllX86(k);
    });
  });
}

function removeAllX86(k: Kernel): void {
  const [block] = allBlocks(k);
  assertEquals(memoryBlockOffline(k, block), 0);
  assertEquals(removeMemory(k, block.start * k.pageBytes, 2 ** 27), 0);
  assertEquals(memoryBlocks(k, block.start, block.end), null);
}

// A memmap of 1.75 MiB per section is not a whole PMD; the 28 MiB of a block of 2 GiB are 14.
for (const structPageSize of [56, 72, 80]) {
  Deno.test(`addMemory of 2 GiB holds its memmap although struct pages have ${structPageSize} bytes`, () => {
    const size = 2 ** 31;
    const options = {
      dram: [2 ** 31],
      hotplug: [{ bytes: size, startBytes: 2 ** 33 }],
      memmapOnMemory: true,
      memoryBlockBytes: size,
      structPageSize,
      contents: false,
    };
    withKernel(options, (k) => {
      assertEquals(addMemory(k, 0, slot(k), size, SELF), 0);
      const [block] = allBlocks(k);
      assertEquals(block.nrVmemmapPages, structPageSize * 128);
      assertEquals(memoryBlockOnline(k, block, "online"), 0);
      checkInvariants(k);
      memoryBlockOffline(k, block);
      assertEquals(removeMemory(k, slot(k), size), 0);
    });
  });
}
