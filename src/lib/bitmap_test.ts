// SPDX-License-Identifier: GPL-2.0-only
// The summary bitmap against a plain set.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SummaryBitmap } from "./bitmap.ts";

Deno.test("SummaryBitmap finds the lowest set bit, as a set would", () => {
  // A few bits are set and cleared often, including the first.
  const flips = fc.constantFrom(4, 40_000).chain((max) => fc.array(fc.nat(max), { maxLength: 200 }));
  fc.assert(fc.property(flips, (bits) => {
    const bitmap = new SummaryBitmap(40_001);
    const model = new Set<number>();
    for (const bit of bits) {
      if (model.has(bit)) {
        bitmap.clear(bit);
        model.delete(bit);
      } else {
        bitmap.set(bit);
        model.add(bit);
      }
      assertEquals(bitmap.first(), model.size === 0 ? -1 : Math.min(...model));
      assertEquals(bitmap.test(bit), model.has(bit));
    }
    assertEquals(bitmap.count, model.size);
    assertEquals(bitmap.recount(), model.size);
  }));
});

Deno.test("SummaryBitmap.testAny() tells whether an aligned run has a set bit, in any order of setting", () => {
  const flips = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 12 });
  const run = fc.record({ order: fc.nat(7), at: fc.nat(255) });
  fc.assert(fc.property(flips, fc.array(run, { minLength: 1, maxLength: 12 }), (bits, runs) => {
    const bitmap = new SummaryBitmap(256);
    const model = new Set<number>();
    for (const bit of bits) {
      if (model.delete(bit)) bitmap.clear(bit);
      else {
        bitmap.set(bit);
        model.add(bit);
      }
      for (const { order, at } of runs) {
        const n = 2 ** order;
        const first = at - at % n;
        assertEquals(bitmap.testAny(first, n), [...model].some((set) => set >= first && set < first + n));
      }
    }
  }));
});

Deno.test("SummaryBitmap reads as clear out of range", () => {
  const bitmap = new SummaryBitmap(5);
  assertEquals(bitmap.first(), -1);
  assertEquals(bitmap.test(1000), false);
});
