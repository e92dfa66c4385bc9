// SPDX-License-Identifier: GPL-2.0-only
// measureInGuests() with guests that only count: who measures what once an item fails.

import { assertEquals } from "@std/assert";
import type { Guest } from "./guest.ts";
import { type Capture, measureInGuests } from "./scenario.ts";

/** Measures numbers of a list, of which odd ones fail; gives the rows as [item, guest]. */
async function measured(items: readonly number[], sameGuest: boolean) {
  let booted = 0;
  let prepared = 0;
  const capture: Capture = {
    options: { pmem: 0, hugepages: [], sameGuest },
    note() {},
    withGuest: (_options, work) => {
      booted++;
      return work({} as Guest);
    },
  };
  const rows = await measureInGuests(capture, { dram: 0, pmem: 0 }, items, () => {
    prepared++;
    return Promise.resolve((item: number) => Promise.resolve({ row: { item }, failed: item % 2 === 1 }));
  });
  assertEquals(prepared, booted);
  return { rows: rows.map(({ item, guest }) => [item, guest]), booted };
}

Deno.test("measureInGuests() gives the rest of a list to a new guest, prepared anew, after an item that failed", async () => {
  assertEquals(await measured([2, 1, 4, 6, 3, 5], false), {
    rows: [[2, 0], [1, 0], [4, 1], [6, 1], [3, 1], [5, 2]],
    booted: 3,
  });
  assertEquals((await measured([1], false)).booted, 1);
});

Deno.test("measureInGuests() stays in one guest on request", async () => {
  assertEquals(await measured([1, 3, 2], true), { rows: [[1, 0], [3, 0], [2, 0]], booted: 1 });
});
