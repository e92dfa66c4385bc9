// SPDX-License-Identifier: GPL-2.0-only
// The pgmap tree against a plain list.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { boot } from "../boot.ts";
import { machine } from "../testing.ts";
import { newPgmap } from "./memremap.ts";
import { PgmapTree } from "./pgmap_tree.ts";

Deno.test("PgmapTree finds the pgmap of every frame, in any order of storing and deleting", () => {
  const k = boot(machine(""));
  const op = fc.record({ start: fc.nat(90), n: fc.integer({ min: 1, max: 10 }), remove: fc.boolean() });
  fc.assert(fc.property(fc.array(op, { maxLength: 30 }), (ops) => {
    const tree = new PgmapTree();
    const model: (object | null)[] = new Array(100).fill(null);
    for (const { start, n, remove } of ops) {
      if (remove) {
        const entry = tree.entries[start % Math.max(1, tree.entries.length)];
        if (entry === undefined) continue;
        tree.delete(entry.range);
        model.fill(null, entry.range.start, entry.range.end);
        continue;
      }
      const taken = model.slice(start, start + n).some((p) => p !== null);
      assertEquals(tree.overlaps(start, start + n), taken);
      if (taken) continue;
      const range = { start, end: start + n };
      const pgmap = newPgmap(k, "generic", [range], null, 0, 1);
      tree.store(range, pgmap);
      model.fill(pgmap, start, start + n);
    }
    for (let pfn = 0; pfn < 100; pfn++) assertEquals(tree.lookup(pfn) === model[pfn], true);
    const starts = tree.entries.map((e) => e.range.start);
    assertEquals(starts, [...starts].sort((a, b) => a - b));
  }));
});
