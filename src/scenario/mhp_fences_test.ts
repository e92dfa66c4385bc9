// SPDX-License-Identifier: GPL-2.0-only
import { assertEquals } from "@std/assert";
import { boot } from "../boot.ts";
import { memoryBlockOnline } from "../drivers/base/memory.ts";
import { addMemory } from "../drivers/base/memory_hotplug.ts";
import { EINVAL } from "../include/errno.ts";
import { STRUCT_PAGE_SIZES } from "../include/mm_types.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import { mhpFences } from "./mhp_fences.ts";

Deno.test("mhpFences: 64-byte struct pages pass on 4K pages and are refused on larger ones by both alignments", () => {
  const usual = mhpFences().filter((f) => f.structPageBytes === 64);
  assertEquals(
    usual.map((f) => [f.machine, f.blockBytes / 2 ** 20, f.refusedBy.join()]),
    [
      ["x86-64", 128, ""],
      ["x86-64", 1024, ""],
      ["x86-64", 2048, ""],
      ["arm64 4K", 128, ""],
      ["arm64 4K, before 5.12", 1024, ""],
      ["arm64 16K", 128, "pmd,pageblock"],
      ["arm64 64K", 512, "pmd,pageblock"],
      ["arm64 64K, no THP", 512, "pmd,pageblock"],
    ],
  );
});

/** Rows of the table that a machine can be booted for. */
const BOOTABLE: Readonly<Record<string, string>> = {
  "x86-64": "x86-64",
  "arm64 4K": "arm64-4k",
  "arm64 4K, before 5.12": "arm64-4k",
  "arm64 16K": "arm64-16k",
  "arm64 64K": "arm64-64k",
};

for (const { machine, structPageBytes, blockBytes, refusedBy } of mhpFences()) {
  const arch = BOOTABLE[machine];
  if (arch === undefined || !STRUCT_PAGE_SIZES.includes(structPageBytes)) continue;
  const outcome = refusedBy.length === 0 ? "adds" : "refuses";
  Deno.test(`mhpFences says what ${machine} ${outcome}: ${blockBytes / 2 ** 20} MiB, ${structPageBytes} bytes`, () => {
    const k = boot({
      arch,
      dram: [2 ** 31],
      hotplug: [{ bytes: blockBytes, startBytes: 2 ** 33 }],
      memmapOnMemory: true,
      memoryBlockBytes: blockBytes,
      structPageSize: structPageBytes,
      contents: false,
    });
    const err = addMemory(k, 0, 2 ** 33, blockBytes, { memmapOnMemory: true });
    assertEquals(err, refusedBy.length === 0 ? 0 : -EINVAL);
    checkInvariants(k);
    assertEquals(refusedBy.length > 0 || memoryBlockOnline(k, [...k.hotplug.blocks.values()][0], "online") === 0, true);
    checkInvariants(k);
  });
}
