// SPDX-License-Identifier: GPL-2.0-only
import { assertEquals, assertThrows } from "@std/assert";
import { X86_64 } from "../../arch/x86/x86_64.ts";
import { boot } from "../../boot.ts";
import { SZ_1G, SZ_1M } from "../../include/sizes.ts";
import { type HotplugParams, memoryBlockBytes, newHotplugState } from "./memory_block.ts";

for (
  const [end, hypervisor, block] of [
    [6 * SZ_1G, true, 128 * SZ_1M],
    [6 * SZ_1G, false, 128 * SZ_1M],
    [64 * SZ_1G - 128 * SZ_1M, false, 128 * SZ_1M],
    [64 * SZ_1G, false, 2 * SZ_1G],
    [66 * SZ_1G + 128 * SZ_1M, false, 2 * SZ_1G],
    [64 * SZ_1G, true, 2 * SZ_1G],
    [65 * SZ_1G, true, SZ_1G],
    [66 * SZ_1G + 512 * SZ_1M, true, 512 * SZ_1M],
    [66 * SZ_1G + 384 * SZ_1M, true, 128 * SZ_1M],
  ] as const
) {
  const where = hypervisor ? "a virtual machine" : "hardware";
  Deno.test(`memoryBlockBytes on ${where} whose memory ends at ${end / SZ_1M} MiB is ${block / SZ_1M} MiB`, () => {
    assertEquals(memoryBlockBytes(X86_64, end, hypervisor), block);
  });
}

Deno.test("memoryBlockBytes is a section where the architecture has no large blocks", () => {
  const { largeMemoryBlocks: _, ...small } = X86_64;
  assertEquals(memoryBlockBytes(small, 2 ** 40, false), 128 * SZ_1M);
});

Deno.test("a machine is virtual by default", () => {
  const dram = [{ nid: 0, start: 0, end: 65 * SZ_1G / 4096 }];
  const topology = { dram, hotplug: [], pmem: [], maxPfn: dram[0].end, pmemStart: Infinity };
  const blockBytes = (params: HotplugParams) => newHotplugState(X86_64, topology, 4096, params).blockPages * 4096;
  assertEquals([blockBytes({}), blockBytes({ hypervisor: false })], [SZ_1G, 2 * SZ_1G]);
});

Deno.test("boot accepts a custom block size and refuses an invalid one", () => {
  const toy = { arch: "toy", dram: [2 ** 20] };
  assertEquals(boot(toy).hotplug.blockPages, 64);
  assertEquals(boot({ ...toy, memoryBlockBytes: 2 ** 16 }).hotplug.blockPages, 256);
  assertThrows(() => boot({ ...toy, memoryBlockBytes: 2 ** 13 }), RangeError, "expected a power of two from 16K");
  assertThrows(() => boot({ ...toy, memoryBlockBytes: 3 * 2 ** 14 }), RangeError, "Cannot boot with memory blocks");
});
