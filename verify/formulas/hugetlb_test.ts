// SPDX-License-Identifier: GPL-2.0-only
// The HugeTLB formulas against cases worked out by hand; the file imports nothing.

import { assertEquals } from "@std/assert";
import * as f from "./hugetlb.ts";

Deno.test("structSize() agrees with the formulas by level, row by row", () => {
  for (const { page, huge, level } of f.ROWS) {
    if (level === "pmd") assertEquals(f.structSize(huge, page), f.structSizePmd());
    if (level === "pud") assertEquals(f.structSize(huge, page), f.structSizePud(page));
  }
  assertEquals(f.ROWS.map((r) => f.structSize(r.huge, r.page)), [
    8,
    4096,
    0.25,
    8,
    128,
    4096,
    0.5,
    8,
    256,
    0.03125,
    8,
    256,
  ]);
});

Deno.test("freedPages() keeps one or two pages, or all if there are no more", () => {
  assertEquals([f.freedPages(2 ** 21, 4096, 2), f.freedPages(2 ** 21, 4096, 1)], [6, 7]);
  assertEquals([f.freedPages(2 ** 30, 4096, 2), f.freedPages(2 ** 21, 65536, 1)], [4094, 0]);
});

Deno.test("netPages() of 1024 GiB: 12 GiB less 32 MiB of tables, or 10 GiB", () => {
  assertEquals(f.windowBytes(4096), 2 ** 27);
  assertEquals([f.tablesDense(524288, 2 ** 21, 4096), f.tablesDense(1, 2 ** 30, 4096)], [8192, 8]);
  const gib = (pages: number) => pages * 4096 / 2 ** 30;
  assertEquals(gib(f.netPages(524288, 2 ** 21, 4096, 2, 8192)), 12 - 1 / 32);
  assertEquals(gib(f.netPages(524288, 2 ** 21, 4096, 2, f.tablesSpread(524288))), 10);
});

Deno.test("verify/formulas/hugetlb.ts imports nothing", async () => {
  const text = await Deno.readTextFile(new URL("hugetlb.ts", import.meta.url));
  assertEquals(text.match(/\b(import|export .* from|require)\b[\s(]/g)?.filter((m) => m !== "import ") ?? [], []);
  assertEquals(/^import /m.test(text), false);
});
