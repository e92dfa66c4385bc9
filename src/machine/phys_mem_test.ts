// SPDX-License-Identifier: GPL-2.0-only
// Backing slots: given on first touch, contiguous for a block, given back, poisoned.

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { FREE_POISON_BYTE } from "../include/mm_types.ts";
import { PhysMem } from "./phys_mem.ts";

const PAGE = 256;
const SLOTS = 64;

function memory(poison = false, shared = false, maxPfn = 2 ** 32 + 4096): PhysMem {
  return new PhysMem(maxPfn, 4, PAGE, SLOTS * PAGE, shared, poison);
}

Deno.test("PhysMem() reports the size if the host lacks address space", () => {
  assertThrows(() => new PhysMem(1024, 9, 4096, 2 ** 52, false, false), RangeError, "Cannot reserve 4P for metadata");
});

Deno.test("PhysMem gives a frame bytes on first touch and takes them back", () => {
  const phys = memory();
  assertEquals(phys.wordBase(2 ** 32), -1);
  const base = phys.touch(2 ** 32, 0);
  assertEquals([phys.wordBase(2 ** 32), phys.touch(2 ** 32, 0), phys.slotsUsed], [base, base, 1]);
  phys.release(2 ** 32, 0);
  assertEquals([phys.wordBase(2 ** 32), phys.slotsUsed], [-1, 0]);
  phys.release(2 ** 32, 0);
  phys.check();
});

Deno.test("PhysMem gives the frames of one block consecutive bytes", () => {
  const phys = memory();
  phys.touch(5, 0);
  const base = phys.touch(16, 4);
  for (let i = 0; i < 16; i++) assertEquals(phys.wordBase(16 + i), base + i * PAGE / 4);
  assertEquals(phys.slotsUsed, 17);
  phys.release(16, 4);
  assertEquals(phys.slotsUsed, 1);
});

Deno.test("PhysMem.release() of a block gives back frames that were touched one by one", () => {
  const phys = memory();
  phys.touch(35, 0);
  phys.touch(33, 0);
  phys.release(32, 4);
  assertEquals([phys.slotsUsed, phys.wordBase(33), phys.wordBase(35)], [0, -1, -1]);
  phys.check();
});

Deno.test("PhysMem.release() of a block whose bytes lie together but not aligned", () => {
  const phys = memory();
  phys.touch(5, 0);
  for (let pfn = 32; pfn < 48; pfn++) phys.touch(pfn, 0);
  phys.release(32, 4);
  assertEquals([phys.slotsUsed, phys.wordBase(5)], [1, 0]);
  phys.check();
  for (let pfn = 64; pfn < 64 + SLOTS - 1; pfn++) {
    assertNotEquals(phys.touch(pfn, 0), phys.wordBase(5), `frame ${pfn} got the bytes of frame 5`);
  }
  assertEquals(phys.slotsUsed, SLOTS);
});

Deno.test("PhysMem overwrites freed bytes, on a debug machine only", () => {
  for (const poison of [true, false]) {
    const phys = memory(poison);
    const base = phys.touch(7, 0);
    phys.words[base] = 42;
    phys.release(7, 0);
    assertEquals(phys.bytes[base * 4], poison ? FREE_POISON_BYTE : 42);
  }
});

Deno.test("PhysMem throws when the backing store is full", () => {
  const phys = memory();
  for (let pfn = 0; pfn < SLOTS; pfn++) phys.touch(pfn, 0);
  assertThrows(() => phys.touch(SLOTS, 0), RangeError, `all ${SLOTS} slots`);
  phys.release(3, 0);
  assert(phys.touch(SLOTS, 0) >= 0);
});

Deno.test("PhysMem lies in a SharedArrayBuffer for workers", () => {
  assert(memory(false, true).words.buffer as ArrayBufferLike instanceof SharedArrayBuffer);
  assert(memory().words.buffer instanceof ArrayBuffer);
});

Deno.test("PhysMem never gives two frames the same bytes", () => {
  const step = fc.record({ frame: fc.nat(39), block: fc.boolean() });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const phys = memory(false, false, 48);
    const has = new Set<number>();
    for (const { frame, block } of steps) {
      const pfn = block ? 16 * (frame % 3) : frame;
      const order = block ? 4 : 0;
      const frames = Array.from({ length: 2 ** order }, (_, i) => pfn + i);
      if (frames.some((f) => has.has(f))) {
        phys.release(pfn, order);
        for (const f of frames) has.delete(f);
      } else {
        phys.touch(pfn, order);
        for (const f of frames) has.add(f);
      }
      const bases = [...has].map((f) => phys.wordBase(f));
      assertEquals(new Set(bases).size, has.size);
      assertEquals(phys.slotsUsed, has.size);
      for (const base of bases) assertNotEquals(base, -1);
    }
    phys.check();
  }));
});
