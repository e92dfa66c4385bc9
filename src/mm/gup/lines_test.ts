// SPDX-License-Identifier: GPL-2.0-only
// Lines of the memmap that a round of gup_test touches, 512 pages to a 2 MiB page of the device. Per compound:
//
//   base pages           512 written in order
//   head only (patch 8)  1 jump, 1 written; 2 when the pin count has its own
//   tails, all separate  511 read in order
//   tails, shared        63 + 64 read in order, 6 x 64 cached
//
// Also the tier in which struct pages are written.

import { assertEquals } from "@std/assert";
import { daxPgoffToPfn, type DevDax } from "../../drivers/dax/bus.ts";
import { memoryBlockOffline, memoryBlockOnline } from "../../drivers/base/memory.ts";
import { addMemory, removeMemory } from "../../drivers/base/memory_hotplug.ts";
import { USE_PINNED } from "../../include/frame_use.ts";
import { STRETCH_STRUCT_SIZE } from "../../include/mm_types.ts";
import { type KernelConfig, PRESETS } from "../../include/kernel_config.ts";
import { namespaceConfig } from "../../scenario/box.ts";
import { gupBox } from "../../scenario/gup.ts";
import { mustCreate, mustDestroy, withKernel } from "../../testing.ts";
import { checkInvariants } from "../../debug_vm/debug_vm.ts";
import type { GupMode } from "../../include/gup.ts";
import { gupTest } from "./ioctl.ts";
import { touchTails } from "./lines.ts";
import { inPmem } from "../page.ts";
import { pfnFirst } from "../memremap.ts";
import { allocPages, freePages } from "../page_alloc.ts";
import { C, type CounterValues } from "../vmstat.ts";

const SIZE = 2 ** 26;
const COMPOUNDS = 32;

interface Lines {
  readonly written: number;
  readonly read: number;
  readonly cached: number;
  readonly jumps: number;
  readonly stats: number;
}

function linesOf(c: CounterValues): Lines {
  return {
    written: c.memmapLinesWrittenDram / COMPOUNDS,
    read: c.memmapLinesReadDram / COMPOUNDS,
    cached: c.memmapLinesCached / COMPOUNDS,
    jumps: c.memmapJumpsDram / COMPOUNDS,
    stats: c.nodeStatUpdates / COMPOUNDS,
  };
}

function round(kernel: KernelConfig, mode: GupMode): { readonly get: Lines; readonly put: Lines } {
  const { kernel: k, area } = gupBox(namespaceConfig({ size: SIZE, kernel: "5.14" }), { kernel });
  const pages = SIZE / k.pageBytes;
  const test = gupTest(k, { mm: area.mm, vpn: area.start, pages, batch: 512, mode, repeats: 1 });
  assertEquals(test.getCounters.gupCalls, COMPOUNDS);
  checkInvariants(k);
  return { get: linesOf(test.getCounters), put: linesOf(test.putCounters) };
}

const CORE: KernelConfig = { ...PRESETS["v4"], gup: "per-page", dedup: "none", initUniqueOnly: false };
const NOTHING = { written: 0, read: 0, cached: 0, jumps: 0, stats: 0 };

Deno.test("base pages: every line is written once to get and once to put", () => {
  const line = { ...NOTHING, written: 512 };
  assertEquals(round(PRESETS["5.14"], "get"), { get: line, put: line });
  const pinned = { ...line, stats: 512 };
  assertEquals(round(PRESETS["5.14"], "pin"), { get: pinned, put: pinned });
});

Deno.test("patch 8: get touches the head only, unpin reads the tails", () => {
  const head = { ...NOTHING, written: 2, jumps: 1, stats: 1 };
  const { get, put } = round(PRESETS["v4"], "pin");
  assertEquals(get, head);
  assertEquals(put, { ...head, read: 127, cached: 384 });
  assertEquals(round(PRESETS["v4"], "get").get, { ...NOTHING, written: 1, jumps: 1 });
});

Deno.test("compounds with references per page: all unshared tails are read", () => {
  const { get, put } = round(CORE, "pin");
  assertEquals(get, { written: 2, read: 511, cached: 0, jumps: 1, stats: 512 });
  assertEquals(put, { written: 2, read: 511, cached: 0, jumps: 1, stats: 1 });
});

Deno.test("an altmap's lines count as pmem", () => {
  const { kernel: k, area } = gupBox(namespaceConfig({ size: SIZE, map: "dev", kernel: "5.14" }));
  const pages = SIZE / k.pageBytes;
  const { getCounters: c } = gupTest(k, { mm: area.mm, vpn: area.start, pages, batch: 512, mode: "get", repeats: 1 });
  // A section of which only a part is device memory has its memmap in DRAM even with an altmap (I15).
  assertEquals(c.memmapLinesWrittenDram + c.memmapLinesWrittenPmem, pages);
  assertEquals(c.memmapLinesWrittenPmem, c.refcountStoresPmem);
  checkInvariants(k);
});

Deno.test("stores to base pages, and their references, count in the tier that their memmap is in", () => {
  for (const map of ["mem", "dev"] as const) {
    // A section and more, so that an altmap has some of its memmap in pmem.
    const size = 2 ** 28;
    const { kernel: k, area } = gupBox(namespaceConfig({ size, map, kernel: "5.14" }));
    const pages = area.end - area.start;
    const pfns = Array.from({ length: pages }, (_, i) => daxPgoffToPfn(area.mapping as DevDax, area.pgoff + i, 1));
    const pmem = pfns.filter((pfn) => inPmem(k, pfn)).length;
    const { getCounters: c } = gupTest(k, { mm: area.mm, vpn: area.start, pages, batch: 512, mode: "get", repeats: 1 });
    assertEquals(pmem > 0, map === "dev");
    assertEquals([c.pageFlagStoresPmem, c.pageFlagStoresDram], [pmem, pages - pmem]);
    assertEquals([c.refcountStoresPmem, c.refcountStoresDram], [pmem, pages - pmem]);
  }
});

Deno.test("touchTails() counts all tails of the last stretch as cached", () => {
  withKernel("", (k) => {
    const cached = (at: number, n: number) => {
      const before = k.stat[C.memmapLinesCached];
      touchTails(k, 1, at, n);
      return k.stat[C.memmapLinesCached] - before;
    };
    const step = STRETCH_STRUCT_SIZE / 4;
    assertEquals([cached(64, 8), cached(64, 8), cached(64 + 7 * step, 1), cached(64 + 8 * step, 1)], [0, 8, 1, 0]);
  });
});

//  sections of 64 frames   | 2 info, 46 altmap, 16 data | 64 data | 32 data |     the last is no whole section
Deno.test("memmapInitZoneDevice() counts a struct page where it lies: not all of an altmap's namespace is in pmem", () => {
  for (const [kernel, align] of [["5.14", 256], ["v7", 4096]] as const) {
    withKernel(`kernel=${kernel}`, (k) => {
      const ns = mustCreate(k, { size: 160 * 256, align, map: "dev" });
      const data = pfnFirst(ns.pgmap, 0);
      const pfns = Array.from({ length: ns.pgmap.ranges[0].end - data }, (_, i) => data + i);
      const pmem = pfns.filter((pfn) => inPmem(k, pfn)).length;
      assertEquals([pmem, pfns.length - pmem], [80, 32]);
      assertEquals([k.stat[C.structPagesWrittenPmem], k.stat[C.structPagesWrittenDram]], [80, 32]);
      mustDestroy(k, ns);
    });
  }
});

Deno.test("memmapInitZoneDevice() counts struct pages as pmem where pmem was added as RAM and their memmap lies there", () => {
  withKernel("dram=1M pmem=64K,64K kernel=5.14", (k) => {
    const [device, ram] = k.machine.topology.pmem;
    assertEquals(addMemory(k, 0, ram.start * k.pageBytes, 2 ** 16), 0);
    for (const block of k.hotplug.blocks.values()) assertEquals(memoryBlockOnline(k, block, "online_kernel"), 0);
    const held: number[] = [];
    for (let pfn = 0; (pfn = allocPages(k, 0, 0, USE_PINNED)) >= 0 && pfn < ram.start;) held.push(pfn);
    const ns = mustCreate(k, { align: 256 });
    assertEquals([inPmem(k, device.start), inPmem(k, device.end - 1)], [true, true]);
    assertEquals([k.stat[C.structPagesWrittenPmem], k.stat[C.structPagesWrittenDram]], [256, 0]);
    mustDestroy(k, ns);
    freePages(k, ram.start, 0, USE_PINNED);
    for (const pfn of held) freePages(k, pfn, 0, USE_PINNED);
    for (const block of k.hotplug.blocks.values()) assertEquals(memoryBlockOffline(k, block), 0);
    assertEquals(removeMemory(k, ram.start * k.pageBytes, 2 ** 16), 0);
  });
});

Deno.test("tails that hold a mask are read as tails that hold their head's address are", () => {
  const links = PRESETS["6.12"];
  for (const gup of ["per-page", "compound"] as const) {
    for (const mode of ["get", "pin"] as const) {
      assertEquals(round({ ...links, gup, structPage: "7.1" }, mode), round({ ...links, gup }, mode), `${gup} ${mode}`);
    }
  }
});
