// SPDX-License-Identifier: GPL-2.0-only
// The seeded generator: repeatable, and spread over its range.

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { prng } from "./prng.ts";

Deno.test("prng() repeats for one seed and differs for another", () => {
  const take = (seed: number) => Array.from({ length: 8 }, prng(seed));
  assertEquals(take(7), take(7));
  assertNotEquals(take(7), take(8));
});

Deno.test("prng() stays in [0, 1) and fills every tenth of it about evenly", () => {
  const random = prng(1);
  const tenths = new Array(10).fill(0);
  for (let i = 0; i < 10_000; i++) tenths[Math.floor(random() * 10)]++;
  assertEquals(tenths.length, 10);
  for (const n of tenths) assert(n > 850 && n < 1150, `a tenth of the range got ${n} of 10000`);
});
