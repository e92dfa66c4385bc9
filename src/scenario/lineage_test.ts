// SPDX-License-Identifier: GPL-2.0-only
// Lineage: each row equals the question's own report under that kernel; arithmetic is on counted rows.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { hugetlbReport } from "./hugetlb.ts";
import { lineageReport, type LineageRow } from "./lineage.ts";
import { namespaceReport } from "./namespace.ts";

const GIB = 2 ** 30;
const rowOf = (rows: readonly LineageRow[], kernel: string) => rows.find((row) => row.kernel === kernel)!;

Deno.test("lineageReport() of a namespace is namespaceReport() under each kernel", () => {
  const { rows } = lineageReport({ size: GIB, align: 2 ** 21 });
  for (const { kernel, kind, figures: cost } of rows) {
    if (kind === "arithmetic") continue;
    const made = namespaceReport({ size: GIB, align: 2 ** 21, kernel });
    assertEquals(cost!.dramBytes, made.pages.dramTotal * 4096, kernel);
    assertEquals(cost!.structPagesWritten, made.structPages.initialised, kernel);
  }
  // 512 compounds of 8 vmemmap pages: all of them, two of them, one of them, one and one for all; 8 bytes a page.
  const memmap = ["5.14", "6.1", "7.3,dedup=pte+head", "7.3,dedup=pte+zone", "memdesc"];
  assertEquals(memmap.map((kernel) => rowOf(rows, kernel).figures!.memmapBytes / 4096), [4096, 1024, 512, 513, 512]);
});

Deno.test("lineageReport() names each change with its source", () => {
  const { rows } = lineageReport({ size: GIB });
  assertEquals(rows[0].changes, []);
  const copied = rowOf(rows, "6.7").changes.find(({ name }) => name === "hugetlbHead")!;
  assertEquals([copied.from, copied.to], ["kept", "copied"]);
  assert(copied.source.includes("11aad2631bf7"));
});

Deno.test("lineageReport() of a pool: 7.3 has one frame of tails more than 6.7 in all, flushes twice as it does", () => {
  const { rows } = lineageReport({ pool: { size: 2 ** 21, count: 16 } });
  const [before, batched, zone] = ["6.1", "6.7", "7.3"].map((kernel) => rowOf(rows, kernel).figures!);
  assertEquals(zone.dramBytes - batched.dramBytes, 4096);
  assertEquals([batched.dramBytes - before.dramBytes, batched.tlbFlushes, zone.tlbFlushes], [0, 2, 2]);
  const made = hugetlbReport({ size: 2 ** 21, count: 16, kernel: "6.1", giveBack: false });
  assertEquals(before.tlbFlushes, made.allocCounters.tlbFlushes);
});

Deno.test("lineageReport() of a pool too small to free any counts its whole memmap, whatever the base page", () => {
  for (const [arch, page] of [["arm64-16k", 2 ** 14], ["arm64-64k", 2 ** 16]] as const) {
    const { rows } = lineageReport({ arch, pool: { size: 2 ** 21, count: 4 } });
    assertEquals(rowOf(rows, "6.12").figures!.memmapBytes, 4 * 2 ** 21 / page * 64, arch);
  }
});

Deno.test("lineageReport() of a DIMM of eight blocks: it carries its own memmap since 6.8", () => {
  const { rows } = lineageReport({ dimm: GIB });
  const memmap = (kernel: string) => rowOf(rows, kernel).figures!.memmapBytes;
  assertEquals([memmap("6.7"), memmap("6.12")], [2 ** 24, 0]);
});

Deno.test("lineageReport() takes one question, and says why a kernel refuses", () => {
  assertThrows(() => lineageReport({}), RangeError, "expected one of size, pool, dimm, got none");
  assertThrows(() => lineageReport({ size: GIB, dimm: GIB }), RangeError, "got size and dimm");
  const { rows } = lineageReport({ size: GIB, align: GIB });
  assert(rows[0].figures === null && rows[0].why!.includes("ENXIO"));
});
