// SPDX-License-Identifier: GPL-2.0-only
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ARCHS } from "../../arch/archs.ts";
import type { BootOptions } from "../../boot.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../drivers/base/memory.ts";
import { addMemory, memoryBlocks, removeMemory } from "../../drivers/base/memory_hotplug.ts";
import { USE_VMEMMAP } from "../../include/frame_use.ts";
import type { SelfHostedVmemmap } from "../../include/kernel_config.ts";
import type { MemoryBlock } from "../../include/memory.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { boot } from "../../boot.ts";
import { kernelLike, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { Kernel } from "../kernel.ts";
import { isVmemmapSelfHosted, mayFreeVmemmap, type MhpGeometry, mhpGeometry, mhpRefusals } from "./memmap_on_memory.ts";
import { freePages } from "../page_alloc.ts";

const MIB = 2 ** 20;
const X86: MhpGeometry = {
  pageBytes: 4096,
  pmdBytes: 2 * MIB,
  pageblockBytes: 2 * MIB,
  structPageBytes: 64,
  blockBytes: 128 * MIB,
  archOptIn: true,
  parameter: true,
  hugetlbFreeing: false,
};

for (
  const [name, change, bytes, refused] of [
    ["one block of x86-64", {}, 128 * MIB, []],
    ["the parameter off", { parameter: false }, 128 * MIB, ["parameter"]],
    ["HugeTLB vmemmap freeing", { hugetlbFreeing: true }, 128 * MIB, ["hugetlb"]],
    ["an architecture that did not opt in", { archOptIn: false }, 128 * MIB, ["arch"]],
    ["a DIMM of 1G", {}, 1024 * MIB, ["block"]],
    ["half a block", {}, 64 * MIB, ["block", "pmd", "pageblock"]],
    ["a block of 1G", { blockBytes: 1024 * MIB }, 1024 * MIB, []],
    ["72-byte struct pages", { structPageBytes: 72 }, 128 * MIB, ["pmd", "pageblock"]],
    ["pageblocks larger than a PMD", { pageblockBytes: 4 * MIB }, 128 * MIB, ["pageblock"]],
    ["PMDs larger than a pageblock", { pmdBytes: 4 * MIB }, 128 * MIB, ["pmd"]],
    ["pageblocks larger than a PMD, force", { pageblockBytes: 4 * MIB, force: true }, 128 * MIB, []],
    ["a pageblock of all the block, force", { pageblockBytes: 128 * MIB, force: true }, 128 * MIB, ["full"]],
  ] as const
) {
  Deno.test(`mhpRefusals of ${name}: ${refused.length === 0 ? "none" : refused.join(", ")}`, () => {
    assertEquals(mhpRefusals({ ...X86, ...change }, bytes), [...refused]);
  });
}

/** A toy machine with a DIMM slot of two blocks of one section, 64 frames, 16 of them memmap. */
function box(selfHostedVmemmap: SelfHostedVmemmap, more: BootOptions = {}): BootOptions {
  return {
    arch: "toy",
    dram: [2 ** 18],
    hotplug: [{ bytes: 2 ** 15 }],
    memmapOnMemory: true,
    memoryBlockBytes: 2 ** 14,
    debug: true,
    kernel: kernelLike("6.1", { selfHostedVmemmap }),
    ...more,
  };
}

/** Adds the first block with its memmap on it. */
function addBlock(k: Kernel): MemoryBlock {
  const { start } = k.machine.topology.hotplug[0];
  assertEquals(addMemory(k, 0, start * k.pageBytes, 2 ** 14, { memmapOnMemory: true }), 0);
  return memoryBlocks(k, start, start + 64)![0];
}

for (const contents of [true, false]) {
  Deno.test(`isVmemmapSelfHosted tells a block's frames from boot memory, ${contents ? "with" : "without"} contents`, () => {
    withKernel(box("marked", { contents }), (k) => {
      const block = addBlock(k);
      assertEquals(memoryBlockOnline(k, block, "online"), 0);
      assert(isVmemmapSelfHosted(k, block.start), "its memmap describes itself");
      assert(isVmemmapSelfHosted(k, block.end - 1));
      assertEquals(isVmemmapSelfHosted(k, 100), false);
      assertEquals(isVmemmapSelfHosted(k, block.end), false, "not mapped");
      assertEquals([mayFreeVmemmap(k, block.start + 32), mayFreeVmemmap(k, 64)], [false, true]);
      assertEquals(memoryBlockOffline(k, block), 0);
      removeMemory(k, block.start * k.pageBytes, 2 ** 14);
    });
  });
}

Deno.test("mhpGeometry: HugeTLB vmemmap freeing refuses if the two exclude each other, not if pages are marked", () => {
  const refusals = (mode: SelfHostedVmemmap) => {
    const k = boot(box(mode, { hugetlbFreeVmemmap: true }));
    return mhpRefusals(mhpGeometry(k), 2 ** 14);
  };
  assertEquals(refusals("exclusive"), ["hugetlb"]);
  assertEquals(refusals("marked"), []);
  assertEquals(refusals("ignored"), []);
});

// 1. The block's memmap lies in its first 16 frames. 2. HugeTLB does not know that: it remaps the tails of a huge
// page's memmap and frees their frames. 3. These are hot-added memory, so the buddy allocator takes them and will hand
// out memory that can be unplugged.
Deno.test("checkInvariants finds self-hosted frames in the buddy allocator when the exclusion is ignored", () => {
  const k = boot(box("ignored", { hugetlbFreeVmemmap: true }));
  const block = addBlock(k);
  memoryBlockOnline(k, block, "online");
  checkInvariants(k);
  assert(mayFreeVmemmap(k, block.start + 32), "nothing stops it");
  freePages(k, block.start + 3, 0, USE_VMEMMAP);
  assertThrows(() => checkInvariants(k), KernelPanic, `I16 frame ${block.start + 3}`);
});

Deno.test("memmap_on_memory=force rounds each block's memmap up to a pageblock, which Y refuses", () => {
  const arch = { ...ARCHS.toy, pageblockOrder: 5 };
  const usable = (kernel: string, memmapOnMemory: boolean | "force") => {
    const k = boot({ arch, kernel, memmapOnMemory, dram: [2 ** 18], hotplug: [{ bytes: 2 ** 15 }], debug: true });
    const { start, end } = k.machine.topology.hotplug[0];
    const bytes = (end - start) * k.pageBytes;
    if (addMemory(k, 0, start * k.pageBytes, bytes, { memmapOnMemory: true, split: true }) < 0) return null;
    const blocks = memoryBlocks(k, start, end)!;
    for (const block of blocks) assertEquals(memoryBlockOnline(k, block, "online"), 0);
    checkInvariants(k);
    const managed = k.nodes[0].zones.reduce((sum, zone) => sum + zone.managed, 0) -
      boot({ dram: [2 ** 18], arch }).nodes[0]
        .zones.reduce((sum, zone) => sum + zone.managed, 0);
    for (const block of blocks.toReversed()) assertEquals(memoryBlockOffline(k, block), 0);
    assertEquals(removeMemory(k, start * k.pageBytes, bytes), 0);
    checkInvariants(k);
    return managed;
  };
  // Two blocks of 64 frames, 16 of them memmap: 32 are set aside.
  assertEquals(usable("6.12", "force"), 2 * 32);
  assertEquals([usable("6.12", true), usable("6.1", "force")], [null, null]);
});
