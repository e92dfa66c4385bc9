// SPDX-License-Identifier: GPL-2.0-only
// The altmap as an allocator (I15): naturally aligned blocks, never beyond its end, all of them freed.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { VmemAltmap } from "../../include/memremap.ts";
import { KernelPanic } from "../../lib/bug.ts";
import { altmapAllocBlock, altmapFree, altmapHas, altmapOffset } from "./altmap.ts";

const altmap = (basePfn: number, reserve: number, free: number): VmemAltmap => ({
  basePfn,
  endPfn: basePfn + reserve + free + 1000,
  reserve,
  free,
  align: 0,
  alloc: 0,
});

Deno.test("altmapAllocBlock() aligns a block to its size, and counts what it skips", () => {
  // | 1024 reserve 2 | skip 14 | block 1040..1055 | block 1056 |
  const map = altmap(1024, 2, 31);
  assertEquals(altmapAllocBlock(map, 16), 1040);
  assertEquals([map.alloc, map.align], [16, 14]);
  assertEquals(altmapAllocBlock(map, 16), -1);
  assertEquals(altmapAllocBlock(map, 1), 1056);
  assertEquals(altmapAllocBlock(map, 1), -1);
  assertEquals([map.alloc, map.align], [17, 14]);
});

Deno.test("altmapAllocBlock() returns disjoint aligned frames of the altmap only", () => {
  const orders = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 });
  fc.assert(fc.property(fc.nat(500), fc.nat(20), fc.nat(200), orders, (base, reserve, free, orders) => {
    const map = altmap(base, reserve, free);
    let last = base + reserve;
    for (const order of orders) {
      const frames = 2 ** order;
      const pfn = altmapAllocBlock(map, frames);
      if (pfn < 0) continue;
      assertEquals(pfn % frames, 0);
      assert(pfn >= last && pfn + frames <= base + reserve + free);
      last = pfn + frames;
      assertEquals(map.basePfn + map.reserve + map.alloc + map.align, last);
    }
    altmapFree(map, map.alloc);
    assertEquals(map.alloc, 0);
  }));
});

Deno.test("altmapHas() is true between the reserve and the data", () => {
  const map = altmap(1024, 2, 30);
  assertEquals([1025, 1026, 1055, 1056].map((pfn) => altmapHas(map, pfn)), [false, true, true, false]);
});

Deno.test("altmapFree() panics if more is freed than was allocated", () => {
  const map = altmap(0, 0, 8);
  altmapAllocBlock(map, 4);
  altmapFree(map, 4);
  assertThrows(() => altmapFree(map, 1), KernelPanic, "more than were allocated");
});

Deno.test("altmapOffset() is the number of frames before the data", () => {
  assertEquals([altmapOffset(null), altmapOffset(altmap(0, 2, 30))], [0, 32]);
});
