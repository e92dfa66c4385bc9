// SPDX-License-Identifier: GPL-2.0-only
// The layout report: the pictures of the documents, read from the tables.

import { assertEquals, assertThrows } from "@std/assert";
import { layoutReport } from "./layout.ts";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

Deno.test("layoutReport() shows every vmemmap page of a window, even with memmap in pmem and odd region starts", () => {
  const boxes = [
    { map: "dev", align: 2 ** 21, window: 2 ** 34 },
    { map: "dev", align: 2 ** 30, window: 2 ** 36 },
    { map: "dev", align: 2 ** 12, window: 2 ** 33 },
    { map: "mem", align: 2 ** 25, arch: "arm64-16k", kernel: "v7" },
    { map: "dev", align: 2 ** 25, arch: "arm64-16k" },
    { map: "mem", align: 2 ** 29, arch: "arm64-64k", kernel: "v7" },
  ] as const;
  for (const box of boxes) {
    const { vmemmapPages, frames } = layoutReport({ ...box, contents: false });
    const shown = frames.reduce((n, frame) => n + frame.vmemmapIndexes.length, 0);
    assertEquals(shown, vmemmapPages, JSON.stringify(box));
    if (box.map === "mem") assertEquals(frames[0].vmemmapIndexes, [0]);
  }
});

Deno.test("layoutReport() of one 2 MiB page: head, tails, and the table of its section", () => {
  for (const kernel of ["v4", "v7", "6.1"]) {
    const { frames, tables, vmemmapPages } = layoutReport({ kernel });
    assertEquals(vmemmapPages, 8);
    assertEquals(frames.map((f) => [f.vmemmapIndexes, f.refcount, f.level]), [[[0], 1, 0], [range(1, 8), 7, 0]]);
    assertEquals(tables.pte.map((t) => [t.pmdEntries, t.refcount]), [[[0], 1]]);
  }
  assertEquals(layoutReport({ kernel: "v7+head" }).frames.map((f) => [f.vmemmapIndexes, f.refcount]), [[
    range(0, 8),
    8,
  ]]);
});

Deno.test("layoutReport() of a 1 GiB page: tables shared with patch 14 only", () => {
  const v4 = layoutReport({ align: 2 ** 30, kernel: "v4" });
  assertEquals(v4.frames.map((f) => [f.vmemmapIndexes.length, f.refcount]), [[1, 1], [4095, 1023]]);
  assertEquals(v4.tables.pte.map((t) => [t.pmdEntries, t.refcount]), [[[0], 1], [range(1, 8), 7]]);
  const v7 = layoutReport({ align: 2 ** 30, kernel: "v7" });
  assertEquals(v7.frames.map((f) => [f.vmemmapIndexes.length, f.refcount]), [[1, 1], [4095, 4095]]);
  assertEquals(v7.tables.pte.map((t) => t.pmdEntries), range(0, 8).map((i) => [i]));
});

Deno.test("layoutReport() of leaves, in DRAM and in pmem, has no PTE table", () => {
  for (const [map, refcount] of [["mem", 1], ["dev", null]] as const) {
    const { frames, tables } = layoutReport({ kernel: "5.14", map, window: 2 ** 28 });
    assertEquals(frames.map((f) => f.level).filter((level) => level !== 1), []);
    assertEquals(frames.map((f) => f.refcount).filter((r) => r !== refcount), []);
    assertEquals(frames.flatMap((f) => f.vmemmapIndexes), range(0, 1024));
    assertEquals(tables.pte, []);
  }
});

Deno.test("layoutReport() shows as much as the window asks for", () => {
  const { frames, vmemmapPages, config } = layoutReport({ kernel: "v7", window: 2 ** 23 });
  assertEquals([vmemmapPages, frames.length, config.window], [32, 8, 2 ** 23]);
});

Deno.test("layoutReport() of 4 KiB pages shows a PMD of memory by default", () => {
  const { config, vmemmapPages } = layoutReport({ align: 4096 });
  assertEquals([config.window, vmemmapPages], [2 ** 21, 8]);
});

Deno.test("layoutReport() refuses a window that is not whole PMDs of memory", () => {
  for (const window of [0, 4096, -(2 ** 21), NaN]) {
    assertThrows(
      () => layoutReport({ window }),
      RangeError,
      `Cannot show ${window === 4096 ? "4K" : `${window} bytes`}: expected a positive multiple`,
    );
  }
  assertThrows(() => layoutReport({ arch: "vax" }), RangeError, 'architecture "vax"');
  assertThrows(() => layoutReport({ align: 12345 }), RangeError, "x86-64 has 4K, 2M, 1G");
});
