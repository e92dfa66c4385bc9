// SPDX-License-Identifier: GPL-2.0-only
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buddy } from "../lib/buddy.ts";
import { prng } from "../lib/prng.ts";
import { KernelPanic } from "../lib/bug.ts";
import {
  addFreeArea,
  growZoneSpan,
  newNode,
  removeFreeArea,
  shrinkZoneSpan,
  type Zone,
  zoneAlloc,
  zoneArea,
  zoneFree,
  zoneFreePages,
} from "./mmzone.ts";

const AREA = 64;

/** A zone of areas of 64 frames at these places (in areas), all free. */
function zoneOf(places: readonly number[]): Zone {
  const zone = newNode(0).zones[2];
  for (const at of places) {
    const area = new Buddy(at * AREA, AREA, 6);
    area.freeRange(at * AREA, (at + 1) * AREA);
    addFreeArea(zone, area);
    growZoneSpan(zone, at * AREA, (at + 1) * AREA);
  }
  return zone;
}

/** The lowest free block by searching every area, without hints. */
function lowest(zone: Zone, order: number): number {
  for (const area of zone.areas) {
    const pfn = area.alloc(order);
    if (pfn < 0) continue;
    area.free(pfn, order);
    return pfn;
  }
  return -1;
}

Deno.test("addFreeArea keeps areas ascending and refuses overlaps", () => {
  const zone = zoneOf([5, 1, 9, 3]);
  assertEquals(zone.areas.map((a) => a.base / AREA), [1, 3, 5, 9]);
  assertThrows(() => addFreeArea(zone, new Buddy(5 * AREA + 32, 8, 3)), KernelPanic, "is in another area");
  assertThrows(() => addFreeArea(zone, new Buddy(5 * AREA - 32, AREA, 6)), KernelPanic, "is in another area");
});

Deno.test("zoneArea finds a frame's area and nothing in the holes", () => {
  const zone = zoneOf([1, 3]);
  assertEquals(zoneArea(zone, AREA)?.base, AREA);
  assertEquals(zoneArea(zone, 2 * AREA - 1)?.base, AREA);
  assertEquals(zoneArea(zone, 2 * AREA), null);
  assertEquals(zoneArea(zone, 0), null);
  assertEquals(zoneArea(zone, 4 * AREA), null);
});

Deno.test("zoneAlloc takes from an area that lies before empty ones", () => {
  const zone = zoneOf([5, 6, 7]);
  assertEquals([zoneAlloc(zone, 6), zoneAlloc(zone, 6)], [5 * AREA, 6 * AREA]);
  const area = new Buddy(AREA, AREA, 6);
  area.freeRange(AREA, 2 * AREA);
  addFreeArea(zone, area);
  assertEquals([zoneAlloc(zone, 6), zoneAlloc(zone, 6), zoneAlloc(zone, 6)], [AREA, 7 * AREA, -1]);
});

Deno.test("zoneAlloc hands out the lowest block whatever was freed where", () => {
  const zone = zoneOf([1, 2, 3, 5, 8, 13]);
  const random = prng(7);
  const held: { pfn: number; order: number }[] = [];
  for (let step = 0; step < 20000; step++) {
    if (random() < 0.52) {
      const order = Math.floor(random() * 7);
      const wanted = lowest(zone, order);
      const pfn = zoneAlloc(zone, order);
      assertEquals(pfn, wanted, `step ${step} (seed 7)`);
      if (pfn >= 0) held.push({ pfn, order });
    } else if (held.length > 0) {
      const [{ pfn, order }] = held.splice(Math.floor(random() * held.length), 1);
      assert(zoneFree(zone, pfn, order));
    }
  }
  for (const { pfn, order } of held) zoneFree(zone, pfn, order);
  assertEquals(zoneFreePages(zone), 6 * AREA);
  assertEquals(zoneAlloc(zone, 6), AREA);
});

Deno.test("zoneFree is false for a frame outside any area", () => {
  assertEquals(zoneFree(zoneOf([1]), 0, 0), false);
});

Deno.test("zoneAlloc searches a new area and ignores a removed one", () => {
  const zone = zoneOf([4]);
  while (zoneAlloc(zone, 0) >= 0);
  const area = new Buddy(AREA, AREA, 6);
  area.freeRange(AREA, 2 * AREA);
  addFreeArea(zone, area);
  assertEquals(zoneAlloc(zone, 3), AREA);
  removeFreeArea(zone, area);
  assertEquals(zoneAlloc(zone, 0), -1);
});

//  areas  | memmap, 48 free | 64 free |      only the second ever has a block of order 6, so its search begins there
Deno.test("zoneAlloc finds the blocks of the areas after a removed one", () => {
  const zone = newNode(0).zones[2];
  for (const at of [1, 2]) {
    const area = new Buddy(at * AREA, AREA, 6);
    area.freeRange(at * AREA + (at === 1 ? 16 : 0), (at + 1) * AREA);
    addFreeArea(zone, area);
  }
  assertEquals(zoneAlloc(zone, 6), 2 * AREA);
  assert(zoneFree(zone, 2 * AREA, 6));
  removeFreeArea(zone, zone.areas[0]);
  assertEquals(zoneAlloc(zone, 6), 2 * AREA);
});

//  areas     1   3   5        span 1..6    without 5: 1..4    without 3: same    without 1: empty
Deno.test("shrinkZoneSpan moves an edge to the next memory and leaves holes alone", () => {
  const zone = zoneOf([1, 3, 5]);
  const span = () => [zone.startPfn / AREA, zone.spanned / AREA];
  const take = (at: number) => {
    removeFreeArea(zone, zoneArea(zone, at * AREA)!);
    shrinkZoneSpan(zone, at * AREA, (at + 1) * AREA);
  };
  assertEquals(span(), [1, 5]);
  take(3);
  assertEquals(span(), [1, 5]);
  take(5);
  assertEquals(span(), [1, 1]);
  take(1);
  assertEquals(span(), [0, 0]);
});

Deno.test("shrinkZoneSpan() moves the edge that memory left, lower or upper", () => {
  for (const [gone, left] of [[1, 2], [2, 1]]) {
    const zone = zoneOf([1, 2]);
    removeFreeArea(zone, zoneArea(zone, gone * AREA)!);
    shrinkZoneSpan(zone, gone * AREA, (gone + 1) * AREA);
    assertEquals([zone.startPfn, zone.spanned], [left * AREA, AREA]);
  }
});
