// SPDX-License-Identifier: GPL-2.0-only
// tally.ts: from walks to the numbers of a fixture.

import { assertEquals } from "@std/assert";
import type { Walk } from "./page_walk.ts";
import { refcounts, sharingPattern, tallyMap, tallyNamespace } from "./tally.ts";

const PMEM = { start: 0x1000, end: 0x2000 };

function walk(leaves: readonly (readonly [page: number, level: number, frame: number])[], tables: number[][]): Walk {
  return {
    pageBytes: 4096,
    leaves: leaves.map(([page, level, frame]) => ({ page, level, frame })),
    tables: [new Set(tables[0]), new Set(tables[1]), new Set(tables[2])],
  };
}

Deno.test("tallyNamespace() counts each shared frame and each new table once, in DRAM only", () => {
  const before = walk([], [[], [50], [60]]);
  const after = walk(
    [[0, 0, 10], [1, 0, 11], [2, 0, 11], [512, 1, 0x1200], [1024, 1, 0x200]],
    [[40], [50, 51], [60]],
  );
  assertEquals(tallyNamespace(before, after, PMEM), {
    walk: { vmemmap4kFrames: 2, vmemmap2mBlocks: 1, pteTables: 1, pmdTables: 1, dramPages: 2 + 512 + 2 },
    vmemmapEntries: { ptes: 3, pmdLeaves: 2 },
  });
});

Deno.test("tallyNamespace() does not count what a neighbour had added", () => {
  const before = walk([[0, 0, 10]], [[40], [50], [60]]);
  const after = walk([[0, 0, 10], [1, 0, 11]], [[40], [50], [60]]);
  assertEquals(tallyNamespace(before, after, PMEM).walk, {
    vmemmap4kFrames: 1,
    vmemmap2mBlocks: 0,
    pteTables: 0,
    pmdTables: 0,
    dramPages: 1,
  });
});

Deno.test("tallyMap() gives entries, tables, the sharing pattern and how often frames are mapped", () => {
  const leaves = [0, 1, 1, 1, 1, 1, 1, 1, 2, 3].map((frame, page) => [page, 0, 100 + frame] as const);
  assertEquals(tallyMap(walk([...leaves, [512, 1, 0x1200], [1024, 1, 0x200]], [[40], [50], [60]]), PMEM), {
    ptes: 10,
    pmdLeaves: 2,
    distinct4kFrames: 4,
    pteTables: 1,
    pmdTables: 1,
    tailFrameRefcounts: { "1": 3, "7": 1 },
    pmdLeavesInDram: 1,
    sharingPatternFirst16: [0, 1, 1, 1, 1, 1, 1, 1, 2, 3],
  });
});

Deno.test("refcounts() and sharingPattern() of nothing are empty", () => {
  assertEquals(refcounts([]), {});
  assertEquals(sharingPattern([]), []);
});
