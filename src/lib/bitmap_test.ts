// SPDX-License-Identifier: GPL-2.0-only
// The summary bitmap against a plain set.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { SummaryBitmap } from "./bitmap.ts";

Deno.test("SummaryBitmap finds the lowest set bit, as a set would", () => {
  const flips = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 200 });
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

Deno.test("SummaryBitmap reads as clear out of range", () => {
  const bitmap = new SummaryBitmap(5);
  assertEquals(bitmap.first(), -1);
  assertEquals(bitmap.test(1000), false);
});
