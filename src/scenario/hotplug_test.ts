// SPDX-License-Identifier: GPL-2.0-only
import { assert, assertEquals, assertThrows } from "@std/assert";
import { SZ_1G, SZ_1M, SZ_2M } from "../include/sizes.ts";
import { parseSize } from "../lib/units.ts";
import { hotplugReport } from "./hotplug.ts";
import type { HotplugOptions } from "./hotplug_box.ts";
import { unwinding } from "../testing.ts";

const BLOCK = 128 * SZ_1M;
const LIGHT = { dram: 4 * SZ_1G, contents: false };

const free = (options: HotplugOptions) =>
  Object.fromEntries(hotplugReport(options).states.map(({ state, freePages: free }) => [state, free]));

Deno.test("hotplugReport of one block counts blocks, memmap and the zone", () => {
  const report = hotplugReport({ size: BLOCK, memmapOnMemory: true, dram: 4 * SZ_1G });
  assertEquals(report.blocks, [
    { blockNumber: 48, node: 0, startPfn: 6 * SZ_1G / 4096, state: "online", zone: "Normal", selfHostedPages: 512 },
  ]);
  assertEquals([report.vmemmapPages, report.selfHostedPages, report.pages.altmap], [512, 512, 512]);
  assertEquals([report.joinedZone.spannedPages, report.joinedZone.presentPages], [557056, 557056]);
  assertEquals(report.usableBytes, BLOCK - SZ_2M);
  assertEquals([report.errno, report.refusedBy, report.addedBytes], [null, [], BLOCK]);
  assertEquals(report.counters.ramStructPagesWritten, 32768);
  assertEquals(report.baseline?.usableBytes, BLOCK);
  assertEquals(report.states.map((s) => s.state), ["base", "added", "online", "offline", "removed"]);
});

Deno.test("hotplugReport of a DIMM of several blocks says that it cannot hold its memmap", () => {
  const report = hotplugReport({ ...LIGHT, size: SZ_1G, memmapOnMemory: true });
  assertEquals([report.refusedBy, report.selfHostedPages, report.pages.vmemmap], [["block"], 0, 4096]);
});

// (a) Memory is taken from the moment it is added; on memory, none is.
Deno.test("hotplugReport shows what is taken between adding and going online", () => {
  // Besides, a PMD table of the direct map for each GiB, since blocks are smaller.
  for (const [memmapOnMemory, taken] of [[false, 8192 + 2], [true, 2]] as const) {
    const at = free({ ...LIGHT, size: 2 * SZ_1G, dimm: BLOCK, memmapOnMemory });
    assertEquals(at.base - at.added, taken);
    assertEquals(at.online - at.base, 2 * SZ_1G / 4096 - (8192 + 2));
    assertEquals([at.offline, at.removed], [at.added, at.base]);
  }
});

// (b) A node of only movable memory has no memory for its own memmap.
Deno.test("hotplugReport shows on which node the memmap of a movable node lies", () => {
  const options = {
    ...LIGHT,
    size: SZ_1G,
    dimm: BLOCK,
    node: 1,
    online: "online_movable",
    memmapOnMemory: true,
  } as const;
  const { mapping, baseline, blocks } = hotplugReport(options);
  assertEquals(blocks.map((b) => b.zone), Array(8).fill("Movable"));
  assertEquals([mapping.byNode, baseline?.mapping.byNode], [[0, 4096], [4096, 0]]);
});

// (c) A fragmented node has no free PMD-sized block.
Deno.test("hotplugReport shows base pages, their tables and the reach of a translation on a fragmented node", () => {
  const { mapping, pages, baseline } = hotplugReport({
    ...LIGHT,
    size: SZ_1G,
    dimm: BLOCK,
    fragment: 1,
    memmapOnMemory: true,
  });
  assertEquals([mapping.pmdLeaves, mapping.pteEntries, mapping.bytesPerTlbEntry], [8, 0, BLOCK]);
  assertEquals([pages.directMap, pages.dramTotal], [1, 1]);
  const before = baseline!;
  assertEquals([before.mapping.pmdLeaves, before.mapping.pteEntries], [0, 4096]);
  assertEquals(before.mapping.bytesPerTlbEntry, 64 * 4096);
  assertEquals([before.pages.vmemmap, before.pages.pteTables], [4096, 8]);
});

Deno.test("hotplugReport of 12G into 128M of free memory fails before and works after", () => {
  const options = { ...LIGHT, size: 12 * SZ_1G, freeMemory: BLOCK, kernel: unwinding("6.1") };
  const one = hotplugReport(options);
  assertEquals([one.errno, one.addedBytes, one.blocks], ["ENOMEM", 0, []]);
  assertEquals(one.states[1].freePages, one.states[0].freePages);
  const { errno: error, addedBytes, baseline, states } = hotplugReport({
    ...options,
    dimm: BLOCK,
    memmapOnMemory: true,
  });
  // Nothing but a PMD table of the direct map for each GiB.
  assertEquals([error, addedBytes, states[1].freePages], [null, 12 * SZ_1G, states[0].freePages - 12]);
  assertEquals(baseline?.errno, "ENOMEM");
  assert(baseline!.addedBytes <= 8 * SZ_1G, "128 MiB of memmap describe 8 GiB");
});

Deno.test("hotplugReport with autoOnline uses the memory of earlier blocks", () => {
  const options = { ...LIGHT, size: 12 * SZ_1G, freeMemory: BLOCK, dimm: BLOCK, autoOnline: true };
  const { errno: error, addedBytes, states } = hotplugReport(options);
  assertEquals([error, addedBytes], [null, 12 * SZ_1G]);
  assertEquals(states[4].freePages, states[0].freePages, "and all of it can be taken away again");
});

Deno.test("hotplugReport leaves the memmap elsewhere when HugeTLB vmemmap freeing is on, until pages are marked", () => {
  const refused = (kernel: string) =>
    hotplugReport({ ...LIGHT, size: BLOCK, memmapOnMemory: true, hugetlbFreeVmemmap: true, kernel }).refusedBy;
  assertEquals([refused("5.14"), refused("6.1")], [["hugetlb"], []]);
});

for (
  const [bytes, dram, bareMetal, pages] of [
    [BLOCK, 4 * SZ_1G, false, 512],
    [SZ_1G, 65 * SZ_1G, false, 4096],
    [2 * SZ_1G, 64 * SZ_1G, true, 8192],
  ] as const
) {
  Deno.test(`hotplugReport of a memory block of ${bytes / SZ_1M} MiB has ${pages} vmemmap pages on it`, () => {
    const report = hotplugReport({ size: bytes, dram, bareMetal, memmapOnMemory: true, contents: false });
    assertEquals([report.blockBytes, report.blocks.length, report.selfHostedPages], [bytes, 1, pages]);
  });
}

for (
  const [options, message] of [
    [{ size: 100 * SZ_1M }, "expected a positive multiple of 128M"],
    [{ size: 0 }, "expected a positive multiple of 128M"],
    [{ size: SZ_1G, dimm: 3 * BLOCK }, "expected a whole number"],
    [{ size: SZ_1G, node: -1 }, "expected a whole number from 0 to 63"],
    [{ size: SZ_1G, kernel: "2.6" }, "Unknown kernel"],
    [{ size: SZ_1G, arch: "vax" }, "Unknown architecture"],
    [{ size: SZ_1G, online: "offline" }, "expected online, online_kernel, online_movable"],
    [{ size: SZ_1G, dax: true, dimm: BLOCK }, "expected no DIMM size"],
    [{ size: SZ_1G, block: SZ_1M }, "expected a power of two from 128M"],
    [{ size: SZ_1G, fragment: 2 }, "expected a share from 0 to 1"],
    [{ size: SZ_1G, freeMemory: -1 }, "Cannot leave"],
    [{ size: 2 ** 47 }, "at most 64T fit"],
    [{ size: SZ_1G, hostMemory: 1 }, "Not enough host memory"],
    [{ size: SZ_1G, structPageSize: 63 }, 'Unknown size of struct pages "63"'],
  ] as readonly [HotplugOptions, string][]
) {
  Deno.test(`hotplugReport refuses ${JSON.stringify(options)}`, () => {
    assertThrows(() => hotplugReport(options), RangeError, message);
  });
}

// 65 GiB of DRAM end at 67 GiB, because of the hole: not a multiple of a block.
Deno.test("hotplugReport has a slot for memory blocks larger than a board aligns regions to", () => {
  for (const options of [{ dram: 65 * SZ_1G, bareMetal: true }, { dram: 4 * SZ_1G, block: 4 * SZ_1G }]) {
    for (const dax of [false, true]) {
      const report = hotplugReport({ ...options, size: 8 * SZ_1G, dax, contents: false });
      // A namespace loses the block that contains its reserve.
      const added = dax ? 8 * SZ_1G - report.blockBytes : 8 * SZ_1G;
      assertEquals([report.errno, report.addedBytes], [null, added]);
    }
  }
});

Deno.test("hotplugReport counts what adding took, whether or not blocks go online on their own", () => {
  for (const memmapOnMemory of [false, true]) {
    const options = { ...LIGHT, size: SZ_1G, dimm: BLOCK, memmapOnMemory };
    const { pages } = hotplugReport({ ...options, autoOnline: true });
    // Only the first block needs memmap from elsewhere: the others may take it from earlier blocks.
    assertEquals(pages.dramTotal, hotplugReport(options).pages.dramTotal);
    assertEquals(pages.dramTotal, memmapOnMemory ? 1 : 4096 + 1);
  }
});

// Blocks of 128 MiB in ndctl's default namespaces: label, info block and memmap are lost.
for (const [size, blocks] of [["1G", 7], ["8G", 62], ["126G", 992]] as const) {
  Deno.test(`hotplugReport of a namespace of ${size}: ${blocks} blocks, and the rest adds up`, () => {
    const bytes = parseSize(size);
    const report = hotplugReport({ size: bytes, dax: true, contents: false });
    assertEquals([report.blocks.length, report.errno], [blocks, null]);
    const { reserveBytes, frontBytes, backBytes, dmesg } = report.cut!;
    assertEquals(blocks * 2 ** 27 + reserveBytes + frontBytes + backBytes, bytes);
    assertEquals(dmesg, []);
  });
}

Deno.test("hotplugReport of RAM through kmem has its memmap on it since 6.8 only", () => {
  const range = { start: 8 * SZ_1G, end: 9 * SZ_1G };
  for (const kernel of ["5.14", "6.1"]) {
    const { pages, selfHostedPages: selfHosted, refusedBy } = hotplugReport({
      range,
      memmapOnMemory: true,
      kernel,
      contents: false,
    });
    assertEquals([pages.vmemmap, selfHosted, refusedBy], [4096, 0, ["kmem"]]);
  }
  const kernel = "6.1,kmemMemmapOnMemory=true";
  const { pages, selfHostedPages: selfHosted, refusedBy } = hotplugReport({
    range,
    memmapOnMemory: true,
    kernel,
    contents: false,
  });
  assertEquals([pages.vmemmap, selfHosted, refusedBy], [0, 4096, []]);
});

//   range   |  .|  block 65  |  block 66  |.  |      one byte more would not be whole pages
Deno.test("hotplugReport of a range that cuts blocks: both ends are lost, and a range without a block is refused", () => {
  const block = 2 ** 27;
  const range = { start: 64 * block + 4096, end: 67 * block + 8192 };
  const report = hotplugReport({ range, contents: false });
  assertEquals(report.blocks.map(({ blockNumber: block }) => block), [65, 66]);
  assertEquals(report.cut, { reserveBytes: 0, frontBytes: block - 4096, backBytes: 8192, dmesg: [] });
  const none = hotplugReport({ range: { start: 64 * block + 4096, end: 65 * block + 4096 }, contents: false });
  assertEquals([none.errno, none.blocks.length, none.cut!.dmesg.length], ["EINVAL", 0, 2]);
  assertEquals(none.cut!.dmesg[0], "kmem dax0.0: mapping0: 0x200001000-0x208000fff too small after alignment");
});

Deno.test("hotplugReport of a device that is removed while its memory is online: the memory leaks", () => {
  const report = hotplugReport({ size: SZ_1G, dax: true, offline: false, check: true });
  assertEquals([report.leakedBytes, report.invariants], [7 * 2 ** 27, { objection: null }]);
  assertEquals(hotplugReport({ size: SZ_1G, dax: true }).leakedBytes, 0);
});

Deno.test("hotplugReport() of a range: blocks by number, what alignment cuts off, and what each kernel logs of it", () => {
  //   0x244000000       0x248000000                    0x438000000   0x438100000
  //   |      64M        | memory73 | ..     | memory134 |     1M     |
  const range = { start: 0x244000000, end: 0x438100000 };
  for (const [kernel, logs] of [["6.1", false], ["6.12", false], ["7.3", true]] as const) {
    const { blocks, cut, before } = hotplugReport({ ...LIGHT, range, kernel });
    assertEquals([blocks.length, blocks[0].blockNumber, blocks.at(-1)!.blockNumber], [62, 73, 134]);
    assertEquals([cut!.frontBytes, cut!.backBytes], [64 * 2 ** 20, 2 ** 20]);
    assertEquals(cut!.dmesg, logs ? ["kmem dax0.0: DAX region truncated by 65.0 MiB due to alignment"] : []);
    assertEquals(before.memmapPages, 62 * 512);
  }
  const small = hotplugReport({ ...LIGHT, range: { start: 0x244000000, end: 0x24c000000 }, kernel: "7.3" });
  assertEquals([small.errno, small.cut!.dmesg], ["EINVAL", [
    "kmem dax0.0: mapping0: 0x244000000-0x24bffffff too small after alignment",
    "kmem dax0.0: rejecting DAX region without any memory after alignment",
  ]]);
});

Deno.test("hotplugReport() cuts off what string_get_size() prints with three digits", () => {
  const log = (start: number) =>
    hotplugReport({ ...LIGHT, range: { start: 0x240000000 + start, end: 0x280000000 }, kernel: "7.3" }).cut!.dmesg[0];
  for (const [lost, text] of [[2 ** 12, "4.00 KiB"], [12 * 2 ** 20, "12.0 MiB"], [126 * 2 ** 20, "126 MiB"]] as const) {
    assertEquals(log(2 ** 27 - lost), `kmem dax0.0: DAX region truncated by ${text} due to alignment`);
  }
});

Deno.test("hotplugReport() puts a device near one node online in its target node", () => {
  const { blocks, joinedZone: zone, config, states } = hotplugReport({
    ...LIGHT,
    dax: true,
    size: SZ_1G,
    node: 1,
    targetNode: 2,
  });
  assertEquals(new Set(blocks.map(({ node }) => node)), new Set([2]));
  assertEquals([zone.presentPages, config.node, config.targetNode], [7 * 2 ** 15, 1, 2]);
  assertEquals(states[2].managedPages - states[0].managedPages, 7 * 2 ** 15);
  assertEquals(hotplugReport({ ...LIGHT, dax: true, size: SZ_1G, node: 1 }).blocks[0].node, 1);
  assertThrows(() => hotplugReport({ ...LIGHT, size: SZ_1G, targetNode: 1 }), RangeError, "expected a DAX device");
});

Deno.test("hotplugReport() of a guest that uses its memory: memmap fits into what is free, or is ENOMEM", () => {
  const guest = (free: number) => {
    const all = hotplugReport({ ...LIGHT, size: SZ_1G }).before.freePages * 4096;
    return hotplugReport({ ...LIGHT, size: SZ_1G, kernel: unwinding("6.1"), guestUsed: all - free });
  };
  // 16 MiB of memmap for 1 GiB, and a PTE table if the rest has no block for a leaf.
  const [fits, not] = [guest(17 * 2 ** 20), guest(15 * 2 ** 20)];
  assertEquals([fits.errno, fits.before], [null, { freePages: 17 * 256, memmapPages: 4096 }]);
  assertEquals([not.errno, not.addedBytes, not.before.freePages], ["ENOMEM", 0, 15 * 256]);
  for (const guestUsed of [-1, 1.5, 2 ** 40, NaN]) {
    assertThrows(() => hotplugReport({ ...LIGHT, size: SZ_1G, guestUsed }), RangeError, "bytes in use");
  }
  const both = { ...LIGHT, size: SZ_1G, guestUsed: SZ_1G, freeMemory: SZ_1G };
  assertThrows(() => hotplugReport(both), RangeError, "expected one of them");
});

Deno.test("hotplugReport() of a range below the end of DRAM: DRAM continues after it, and the blocks lie between", () => {
  //   | 0 .. 2G | hole | range, 4G .. 6G: memory32..47 | 6G .. 12G |
  const range = { start: 4 * SZ_1G, end: 6 * SZ_1G };
  const report = hotplugReport({ range, dram: 8 * SZ_1G, check: true, memmapOnMemory: true, kernel: "6.12" });
  assertEquals([report.errno, report.invariants], [null, { objection: null }]);
  assertEquals([report.blocks[0].blockNumber, report.blocks.at(-1)!.blockNumber, report.selfHostedPages], [
    32,
    47,
    16 * 512,
  ]);
  // ZONE_NORMAL begins 2 GiB earlier than before.
  const [base, , online] = report.states;
  assertEquals(online.spannedPages - base.spannedPages, 2 * SZ_1G / 4096);
});
