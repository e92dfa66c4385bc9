// SPDX-License-Identifier: GPL-2.0-only
// The sparse array at both ends of a physical address space of 2^32 frames.

import { assertEquals } from "@std/assert";
import { SparseInt32 } from "./sparse_int32.ts";

Deno.test("SparseInt32 reads 0 where never written, and keeps neighbours separate", () => {
  const array = new SparseInt32(2 ** 32 + 100, false);
  for (const i of [0, 32767, 32768, 2 ** 31, 2 ** 32 + 99]) {
    assertEquals(array.get(i), 0);
    array.set(i, i % 1000 + 1);
  }
  for (const i of [0, 32767, 32768, 2 ** 31, 2 ** 32 + 99]) assertEquals(array.get(i), i % 1000 + 1);
  assertEquals(array.get(2 ** 32), 0);
  assertEquals(array.get(1), 0);
});
