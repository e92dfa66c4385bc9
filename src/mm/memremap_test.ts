// SPDX-License-Identifier: GPL-2.0-only
// Adding and removing pgmaps: references (I18), ranges, refusals, and the defects of patch 4.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EINVAL, ENOMEM, ENXIO } from "../include/errno.ts";
import { ZONE_DEVICE } from "../include/mmzone.ts";
import type { DevPagemap, PfnRange } from "../include/memremap.ts";
import { USE_VMEMMAP } from "../include/frame_use.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { KernelPanic } from "../lib/bug.ts";
import { kernelLike, machine, mustCreate, mustDestroy, stockDifference, takeStock, withKernel } from "../testing.ts";
import { checkInvariants } from "../debug_vm/debug_vm.ts";
import type { Kernel } from "./kernel.ts";
import { getDevPagemap, memremapPages, memunmapPages, newPgmap, pfnFirst, pfnLen, putDevPagemap } from "./memremap.ts";
import { vmemmapCanOptimize } from "./vmemmap/sparse_vmemmap.ts";
import { C } from "./vmstat.ts";

/** Frames of the toy's pmem region: 4096 .. 5119. */
const PMEM = 4096;

function pgmapOf(k: Kernel, ranges: readonly PfnRange[], geometry: number): DevPagemap {
  return newPgmap(k, "generic", ranges, null, 0, geometry);
}

Deno.test("memremapPages() takes a reference per page or compound of the data", () => {
  // 1024 frames; with map=dev data begins 272 frames in at 4 KiB, 512 in at 64 KiB.
  const refs: readonly [string, number, "mem" | "dev", number][] = [
    ["5.14", 4096, "mem", 1024],
    ["5.14", 65536, "dev", 512],
    ["v4", 256, "mem", 1024],
    ["v4", 4096, "mem", 64],
    ["v7", 65536, "mem", 4],
    ["6.1", 4096, "dev", 47],
    ["6.1", 65536, "dev", 2],
  ];
  for (const [kernel, align, map, expected] of refs) {
    withKernel(`kernel=${kernel}`, (k) => {
      const ns = mustCreate(k, { align, map });
      assertEquals([pfnLen(k, ns.pgmap, 0), ns.pgmap.refs - 1], [expected, expected], `${kernel} ${align} ${map}`);
      mustDestroy(k, ns);
      assertEquals(ns.pgmap.refs, 0);
    });
  }
});

Deno.test("memremapPages() brings up several ranges, and the altmap offset counts for the first only", () => {
  for (const kernel of Object.keys(PRESETS)) {
    withKernel(`kernel=${kernel}`, (k) => {
      // | 64 | - | 128 ............ | - | 16 |
      const ranges = [[0, 64], [128, 256], [512, 528]].map(([a, b]) => ({ start: PMEM + a, end: PMEM + b }));
      const pgmap = pgmapOf(k, ranges, 16);
      assertEquals(memremapPages(k, pgmap), 0);
      assertEquals([pgmap.nrRange, pgmap.refs, k.pgmaps.entries.length], [3, 1 + 4 + 8 + 1, 3]);
      checkInvariants(k);
      assertEquals(getDevPagemap(k, PMEM + 64, null), null);
      assertEquals(ranges.map((_, i) => pfnFirst(pgmap, i)), ranges.map((r) => r.start));
      memunmapPages(k, pgmap);
    });
  }
});

Deno.test("memremapPages() undoes the ranges that are up when a later one fails", () => {
  withKernel("", (k) => {
    const other = pgmapOf(k, [{ start: PMEM + 256, end: PMEM + 320 }], 1);
    assertEquals(memremapPages(k, other), 0);
    const before = takeStock(k);
    const ranges = [{ start: PMEM, end: PMEM + 64 }, { start: PMEM + 304, end: PMEM + 400 }];
    assertEquals(memremapPages(k, pgmapOf(k, ranges, 16)), -ENOMEM);
    assertEquals(stockDifference(before, takeStock(k)), "");
    checkInvariants(k);
    memunmapPages(k, other);
  });
});

Deno.test("memremapPages() refuses what the kernel refuses, and changes nothing", () => {
  const altmap = () => ({ basePfn: PMEM, endPfn: PMEM + 64, reserve: 0, free: 16, align: 0, alloc: 0 });
  const cases: [string, (k: Kernel) => DevPagemap, number][] = [
    ["a range that is no whole subsection", (k) => pgmapOf(k, [{ start: PMEM, end: PMEM + 8 }], 1), -EINVAL],
    ["a start inside a subsection", (k) => pgmapOf(k, [{ start: PMEM + 8, end: PMEM + 64 }], 1), -EINVAL],
    ["no range at all", (k) => pgmapOf(k, [], 1), -EINVAL],
    ["System RAM", (k) => pgmapOf(k, [{ start: PMEM - 64, end: PMEM + 64 }], 1), -ENXIO],
    [
      "a compound that begins inside a section",
      (k) => pgmapOf(k, [{ start: PMEM + 16, end: PMEM + 272 }], 256),
      -EINVAL,
    ],
    [
      "an altmap that does not begin where the range does",
      (k) => newPgmap(k, "generic", [{ start: PMEM + 64, end: PMEM + 128 }], altmap(), 0, 1),
      -EINVAL,
    ],
    [
      "an altmap larger than the range",
      (k) => newPgmap(k, "generic", [{ start: PMEM, end: PMEM + 64 }], { ...altmap(), free: 80 }, 0, 1),
      -EINVAL,
    ],
    [
      "an altmap for two ranges",
      (k) =>
        newPgmap(
          k,
          "generic",
          [{ start: PMEM, end: PMEM + 256 }, { start: PMEM + 512, end: PMEM + 576 }],
          { ...altmap(), free: 64 },
          0,
          1,
        ),
      -EINVAL,
    ],
  ];
  for (const [what, make, errno] of cases) {
    withKernel("kernel=v7", (k) => {
      const before = takeStock(k);
      assertEquals(memremapPages(k, make(k)), errno, what);
      assertEquals(stockDifference(before, takeStock(k)), "", what);
    });
  }
});

Deno.test("memremapPages() cuts a compound at the end of a range only where references come back in bulk", () => {
  const cut = [{ start: PMEM, end: PMEM + 256 + 64 }];
  withKernel("kernel=v7", (k) => {
    const pgmap = pgmapOf(k, cut, 256);
    assertEquals(memremapPages(k, pgmap), 0);
    assertEquals(pgmap.refs, 1 + 1);
    memunmapPages(k, pgmap);
  });
  withKernel("kernel=v4", (k) => assertEquals(memremapPages(k, pgmapOf(k, cut, 256)), -EINVAL));
});

Deno.test("vmemmapCanOptimize() requires more memmap pages than are kept", () => {
  // 8 frames of the toy are 2 memmap pages: tails of their own and the head's already.
  const shared: [string, number, boolean][] = [
    ["v7", 8, false],
    ["v7", 16, true],
    ["v7+head", 4, false],
    ["v7+head", 8, true],
    ["5.14", 256, false],
  ];
  for (const [kernel, geometry, expected] of shared) {
    withKernel(`kernel=${kernel}`, (k) => {
      const pgmap = pgmapOf(k, [{ start: PMEM, end: PMEM + 64 }], geometry);
      assertEquals(vmemmapCanOptimize(k, pgmap), expected, `${kernel} ${geometry}`);
      if (geometry > 64) return;
      assertEquals(memremapPages(k, pgmap), 0);
      assertEquals(k.uses[USE_VMEMMAP], expected ? 64 / geometry * (kernel === "v7" ? 2 : 1) : 16);
      checkInvariants(k);
      memunmapPages(k, pgmap);
    });
  }
});

Deno.test("memunmapPages() panics while the pgmap is referenced", () => {
  withKernel("", (k) => {
    const pgmap = pgmapOf(k, [{ start: PMEM, end: PMEM + 64 }], 1);
    assertEquals(memremapPages(k, pgmap), 0);
    assert(getDevPagemap(k, PMEM, null) === pgmap);
    assertThrows(() => memunmapPages(k, pgmap), KernelPanic, "1 references on the pgmap remain");
    assertEquals(getDevPagemap(k, PMEM, null), null, "no new reference on a dying pgmap");
    // The references that the failed attempt dropped are restored by hand, so that the machine can be checked.
    pgmap.refs = 65;
    pgmap.dying = false;
    memunmapPages(k, pgmap);
  });
});

Deno.test("memunmapPages() panics on a page in use where references come back page by page", () => {
  const k = withKernel("kernel=5.14", (k) => k);
  const pgmap = pgmapOf(k, [{ start: PMEM, end: PMEM + 64 }], 1);
  assertEquals(memremapPages(k, pgmap), 0);
  k.phys.words[k.cpu.mmu.write(PMEM / 4) + 13] = 2;
  assertThrows(() => memunmapPages(k, pgmap), KernelPanic, "still in use, refcount 2");
});

Deno.test("memunmapPages() panics when altmap frames are still allocated", () => {
  const k = withKernel("kernel=v7", (k) => k);
  const ns = mustCreate(k, { map: "dev" });
  ns.pgmap.altmap!.alloc++;
  assertThrows(() => memunmapPages(k, ns.pgmap), KernelPanic, "failed to free all reserved pages, 1 left");
});

Deno.test("getDevPagemap() reuses a cached pgmap without a lookup, and drops it for a frame outside", () => {
  withKernel("", (k) => {
    const [a, b] = [0, 64].map((at) => pgmapOf(k, [{ start: PMEM + at, end: PMEM + at + 64 }], 1));
    assertEquals([memremapPages(k, a), memremapPages(k, b)], [0, 0]);
    const before = k.stat[C.pgmapLookups];
    let held = getDevPagemap(k, PMEM, null);
    held = getDevPagemap(k, PMEM + 63, held);
    assertEquals([held === a, a.refs, k.stat[C.pgmapLookups] - before], [true, 66, 1]);
    held = getDevPagemap(k, PMEM + 64, held);
    assertEquals([held === b, a.refs, b.refs, k.stat[C.pgmapLookups] - before], [true, 65, 66, 2]);
    putDevPagemap(held);
    putDevPagemap(null);
    memunmapPages(k, a);
    memunmapPages(k, b);
  });
});

Deno.test("the device zone spans every range it ever had, and has no page present or managed", () => {
  withKernel("dram=1M,1M pmem=64K,64K/1", (k) => {
    const zone = k.nodes[1].zones[ZONE_DEVICE];
    const { start, end } = k.machine.topology.pmem[1];
    const pgmap = newPgmap(k, "generic", [{ start, end }], null, 1, 1);
    assertEquals(memremapPages(k, pgmap), 0);
    assertEquals([zone.startPfn, zone.spanned, zone.present, zone.managed], [start, end - start, 0, 0]);
    assertEquals(k.nodes[0].zones[ZONE_DEVICE].spanned, 0);
    memunmapPages(k, pgmap);
    assertEquals(zone.spanned, end - start);
  });
});

Deno.test("errata refShiftLeft: references remain, and the checker counts them too", () => {
  for (const kernel of ["v4", "v7"]) {
    const k = withKernel({ ...machine(""), kernel: kernelLike(kernel, {}, { refShiftLeft: true }) }, (k) => k);
    const pgmap = pgmapOf(k, [{ start: PMEM, end: PMEM + 64 }], 16);
    assertEquals(memremapPages(k, pgmap), 0);
    assertEquals(pgmap.refs, 1 + 64 * 16);
    assertThrows(() => checkInvariants(k), KernelPanic, "I18");
    // Page by page only 4 are dropped; in bulk the same wrong number is.
    if (kernel === "v4") assertThrows(() => memunmapPages(k, pgmap), KernelPanic, `${64 * 16 - 4} references`);
    else memunmapPages(k, pgmap);
  }
});

Deno.test("errata pfnNextYield yields on every compound but one in 1024", () => {
  const yields = (pfnNextYield: boolean) =>
    withKernel({ ...machine(""), kernel: kernelLike("v4", {}, { pfnNextYield }) }, (k) => {
      const pgmap = pgmapOf(k, [{ start: PMEM, end: PMEM + 1024 }], 1);
      assertEquals(memremapPages(k, pgmap), 0);
      const before = k.stat[C.condResched];
      memunmapPages(k, pgmap);
      return k.stat[C.condResched] - before;
    });
  // 16 sections yield once each; 1024 steps cross one boundary of 1024.
  assertEquals([yields(false), yields(true)], [16 + 1, 16 + 1023]);
});

Deno.test("memunmapPages() removes a range from the tree after its memmap, not before: lookups still find it", () => {
  for (const map of ["mem", "dev"] as const) {
    withKernel("kernel=6.1", (k) => {
      const ns = mustCreate(k, { map });
      const forget = k.pgmaps.delete.bind(k.pgmaps);
      const populated: boolean[] = [];
      k.pgmaps.delete = (range) => {
        populated.push(k.sections.populated(range.start), k.sections.populated(range.end - 1));
        forget(range);
      };
      mustDestroy(k, ns);
      assertEquals(populated, [false, false]);
    });
  }
});
