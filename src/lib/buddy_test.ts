// SPDX-License-Identifier: GPL-2.0-only
// The buddy allocator against a model that only knows which units are taken.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Buddy } from "./buddy.ts";
import { KernelPanic } from "./bug.ts";

const MAX_ORDER = 6;

/** Blocks that a random run holds, and the set of units in them. */
class Model {
  readonly blocks: { unit: number; order: number }[] = [];
  readonly taken = new Set<number>();

  add(unit: number, order: number): void {
    for (let u = unit; u < unit + 2 ** order; u++) {
      assert(!this.taken.has(u), `unit ${u} was given out twice`);
      this.taken.add(u);
    }
    this.blocks.push({ unit, order });
  }

  remove(i: number): { unit: number; order: number } {
    const [block] = this.blocks.splice(i, 1);
    for (let u = block.unit; u < block.unit + 2 ** block.order; u++) this.taken.delete(u);
    return block;
  }

  /** Lowest aligned run of free units of this order inside [base, base + length), or -1. */
  lowest(base: number, length: number, order: number): number {
    for (let at = base; at + 2 ** order <= base + length; at += 2 ** order) {
      let free = true;
      for (let u = at; u < at + 2 ** order; u++) free &&= !this.taken.has(u);
      if (free) return at;
    }
    return -1;
  }
}

Deno.test("Buddy allocates aligned free blocks, takes given ones, and merges all of them again", () => {
  const step = fc.record({
    op: fc.constantFrom("alloc", "free", "take"),
    order: fc.integer({ min: 0, max: MAX_ORDER }),
    at: fc.nat(1000),
  });
  const length = fc.integer({ min: 1, max: 200 });
  fc.assert(fc.property(length, fc.array(step, { maxLength: 80 }), (length, steps) => {
    const base = 1024;
    const buddy = new Buddy(base, length, MAX_ORDER);
    buddy.freeRange(base, base + length);
    const model = new Model();
    for (const { op, order, at } of steps) {
      if (op === "alloc") {
        const unit = buddy.alloc(order);
        // It prefers the smallest block that fits, so any free block is accepted, but it may fail only if there is
        // none.
        if (unit < 0) assertEquals(model.lowest(base, length, order), -1);
        else {
          assertEquals((unit - base) % 2 ** order, 0);
          assert(unit + 2 ** order <= base + length);
          model.add(unit, order);
        }
      } else if (op === "take") {
        const unit = base + Math.floor(at % length / 2 ** order) * 2 ** order;
        let free = unit + 2 ** order <= base + length;
        for (let u = unit; u < unit + 2 ** order; u++) free &&= !model.taken.has(u);
        assertEquals(buddy.take(unit, order), free);
        if (free) model.add(unit, order);
      } else if (model.blocks.length > 0) {
        const block = model.remove(at % model.blocks.length);
        buddy.free(block.unit, block.order);
      }
      assertEquals(buddy.freeUnits, length - model.taken.size);
      assertEquals(buddy.recount(), buddy.freeUnits);
      for (let u = base; u < base + length; u++) assertEquals(buddy.isFree(u), !model.taken.has(u));
    }
    while (model.blocks.length > 0) {
      const { unit, order } = model.remove(0);
      buddy.free(unit, order);
    }
    for (let order = 0; order <= MAX_ORDER; order++) {
      assertEquals(buddy.freeBlocks(order), expectedBlocks(length, order), `free blocks of order ${order}`);
    }
  }));
});

/** Blocks of an order in a run of free units from an aligned base: all whole largest blocks, then the binary rest. */
function expectedBlocks(length: number, order: number): number {
  if (order === MAX_ORDER) return Math.floor(length / 2 ** MAX_ORDER);
  return Math.floor(length / 2 ** order) % 2;
}

Deno.test("Buddy.allocUnits() takes what as many calls of alloc(0) would, and leaves the same lists", () => {
  const taken = fc.array(fc.record({ at: fc.nat(199), order: fc.integer({ min: 0, max: 3 }) }), { maxLength: 12 });
  fc.assert(fc.property(taken, fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 5 }), (taken, counts) => {
    const [many, single] = [0, 1].map(() => {
      const buddy = new Buddy(1024, 200, MAX_ORDER);
      buddy.freeRange(1024, 1224);
      for (const { at, order } of taken) buddy.take(1024 + Math.floor(at / 2 ** order) * 2 ** order, order);
      return buddy;
    });
    for (const count of counts) {
      const out = new Float64Array(count + 2).fill(-7);
      const got = many.allocUnits(out, 1, count);
      const expected = Array.from({ length: count }, () => single.alloc(0)).filter((unit) => unit >= 0);
      assertEquals([...out], [-7, ...expected, ...Array(count + 1 - got).fill(-7)]);
      assertEquals(many.freeUnits, single.freeUnits);
      assertEquals(many.recount(), many.freeUnits);
      for (let order = 0; order <= MAX_ORDER; order++) {
        assertEquals(many.freeBlocks(order), single.freeBlocks(order), `free blocks of order ${order}`);
      }
    }
  }));
});

Deno.test("Buddy.alloc() returns -1 when no block of the order is left", () => {
  const buddy = new Buddy(0, 16, 4);
  buddy.freeRange(0, 16);
  assertEquals(buddy.take(8, 0), true);
  assertEquals(buddy.alloc(4), -1);
  assertEquals(buddy.alloc(3), 0);
  assertEquals(buddy.alloc(3), -1);
  assertEquals(buddy.freeUnits, 7);
});

Deno.test("Buddy.take() changes nothing when part of the block is in use", () => {
  const buddy = new Buddy(0, 16, 4);
  buddy.freeRange(0, 16);
  assert(buddy.take(5, 0));
  assertEquals(buddy.take(4, 2), false);
  assertEquals(buddy.take(5, 0), false);
  assertEquals(buddy.freeUnits, 15);
  buddy.free(5, 0);
  assertEquals(buddy.freeBlocks(4), 1);
});

Deno.test("Buddy.free() panics on a block that is already free, whole or inside a larger one", () => {
  const buddy = new Buddy(0, 16, 4);
  buddy.freeRange(0, 16);
  const unit = buddy.alloc(0);
  buddy.free(unit, 0);
  assertThrows(() => buddy.free(unit, 0), KernelPanic, "is already free");
  assertThrows(() => buddy.free(8, 2), KernelPanic, "is already free");
});

Deno.test("Buddy.free() panics when only a part of the block is free", () => {
  for (const order of [2, MAX_ORDER]) {
    for (let part = 0; part < 2 ** order; part++) {
      const buddy = new Buddy(0, 2 ** MAX_ORDER, MAX_ORDER);
      buddy.freeRange(0, 2 ** MAX_ORDER);
      const unit = buddy.alloc(order);
      buddy.free(unit + part, 0);
      assertThrows(() => buddy.free(unit, order), KernelPanic, "is already free");
    }
  }
});

Deno.test("Buddy.freeRange() takes any run, aligned or not", () => {
  for (const [start, end] of [[0, 16], [1, 15], [3, 4], [7, 21], [0, 1]]) {
    const buddy = new Buddy(0, 32, MAX_ORDER);
    buddy.freeRange(start, end);
    assertEquals(buddy.freeUnits, end - start);
    for (let u = 0; u < 32; u++) assertEquals(buddy.isFree(u), u >= start && u < end);
  }
});
