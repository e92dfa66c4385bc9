// SPDX-License-Identifier: GPL-2.0-only
// The boot allocator: top-down, aligned, on the wanted node first.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Memblock } from "./memblock.ts";

const TWO_NODES = [{ nid: 0, start: 0, end: 100 }, { nid: 1, start: 128, end: 192 }];

Deno.test("Memblock.alloc() takes the highest free block of the wanted node", () => {
  const memblock = new Memblock(TWO_NODES);
  assertEquals(memblock.alloc(4, 1, 0), 96);
  assertEquals(memblock.alloc(16, 16, 0), 80);
  assertEquals(memblock.alloc(1, 1, 1), 191);
  assertEquals(memblock.alloc(8, 8, 1), 176);
  assertEquals(memblock.reserved, [
    { start: 80, end: 100 },
    { start: 176, end: 184 },
    { start: 191, end: 192 },
  ]);
});

Deno.test("Memblock.alloc() goes to another node when the wanted one is full, and gives -1 when all are", () => {
  const memblock = new Memblock(TWO_NODES);
  assertEquals(memblock.alloc(64, 64, 1), 128);
  assertEquals(memblock.alloc(1, 1, 1), 99);
  assertEquals(memblock.alloc(128, 1, 0), -1);
});

Deno.test("Memblock.alloc() fills the holes between reservations", () => {
  const memblock = new Memblock([{ nid: 0, start: 0, end: 64 }]);
  memblock.reserve(60, 64);
  memblock.reserve(40, 56);
  assertEquals(memblock.alloc(4, 4, 0), 56);
  assertEquals(memblock.alloc(4, 4, 0), 36);
});

Deno.test("Memblock keeps reservations sorted and disjoint, and free() returns the rest", () => {
  const range = fc.tuple(fc.nat(90), fc.integer({ min: 1, max: 10 }));
  fc.assert(fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
    const memblock = new Memblock([{ nid: 0, start: 0, end: 100 }]);
    const model = new Array(100).fill(false);
    for (const [start, n] of ranges) {
      memblock.reserve(start, start + n);
      model.fill(true, start, start + n);
    }
    const map = new Array(100).fill(false);
    for (const { start, end } of memblock.reserved) map.fill(true, start, end);
    assertEquals(map, model);
    for (const { start, end } of memblock.free(memblock.memory[0])) {
      for (let i = start; i < end; i++) {
        assertEquals(map[i], false);
        map[i] = true;
      }
    }
    assertEquals(map.every((b) => b), true);
  }));
});
