// SPDX-License-Identifier: GPL-2.0-only
// `lab pages`: struct pages frame by frame and in runs, and page-types' summary.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { pagesReport } from "./pages.ts";

const SIZE = 2 ** 28;

Deno.test("pagesReport() shows heads, tails and base pages as their struct pages say", () => {
  const { namespaceSpan: { dataPfn: data, endPfn: end } } = pagesReport({ size: SIZE, kernel: "v7" });
  const rows = (kernel: string) => pagesReport({ size: SIZE, kernel, pfn: [data, data + 1, end, 0] }).rows;
  const [head, tail, behind, first] = rows("v7");
  assertEquals([head.flags, head.headPfn, head.order, head.refcount, head.zone], [
    ["compound_head", "reserved"],
    data,
    9,
    1,
    "Device",
  ]);
  assertEquals([tail.flags, tail.headPfn, tail.order], [["compound_tail"], data, 9]);
  assertEquals([behind.flags, behind.refcount], [["nopage"], null]);
  assertEquals(first.flags, ["reserved"]);
  const [base] = rows("5.14");
  assertEquals([base.flags.includes("compound_head"), base.order], [false, null]);
});

Deno.test("pagesReport() of a range: consecutive runs that cover it, including free frames", () => {
  const { namespaceSpan: { startPfn: start, dataPfn: data, endPfn: end } } = pagesReport({ size: SIZE });
  const { runs } = pagesReport({ size: SIZE, range: { start, end } });
  assertEquals(runs.reduce((sum, { pageCount: len }) => sum + len, 0), end - start);
  for (const [i, { startPfn: offset, pageCount: len }] of runs.entries()) {
    assertEquals(runs[i + 1]?.startPfn ?? end, offset + len);
  }
  const heads = runs.filter(({ flags }) => flags.includes("compound_head"));
  assert(heads.some(({ startPfn: offset, pageCount: len }) => offset === data && len === 1));
  assert(pagesReport({ size: SIZE, range: { start: 0, end: 2 ** 17 } }).runs.some(({ flags }) => flags[0] === "buddy"));
});

Deno.test("pagesReport() counts all frames when asked, and refuses ranges without frames", () => {
  const { summary, rows: pages } = pagesReport({ size: SIZE, summary: true });
  assertEquals(pages, []);
  assert(/page-count +MB +symbolic-flags/.test(summary!));
  for (const range of [{ start: 5, end: 5 }, { start: 9, end: 5 }, { start: 0, end: 2 ** 40 }]) {
    assertThrows(() => pagesReport({ size: SIZE, range }), RangeError, "Cannot show frames");
  }
});
