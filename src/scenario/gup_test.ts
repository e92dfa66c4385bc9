// SPDX-License-Identifier: GPL-2.0-only
// The gup report: counts of one round by variant, page size and mode, and refusals.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { gupReport } from "./gup.ts";

const MIB = 2 ** 20;

Deno.test("gupReport() counts one store per page before patch 8 and one per compound after it", () => {
  const cases: [string, "get" | "pin", number[]][] = [
    ["5.14", "get", [8192, 0, 8192, 16]],
    ["5.14", "pin", [8192, 0, 8192, 16]],
    ["v7", "get", [8192, 0, 8192, 16]],
    ["v7", "pin", [8192, 8192, 16, 16]],
    ["v4", "get", [16, 0, 8192, 16]],
    ["v4", "pin", [16, 16, 16, 16]],
  ];
  for (const [kernel, mode, expected] of cases) {
    const r = gupReport({ size: 32 * MIB, kernel, mode, repeats: 2 });
    assertEquals(r.heldPages, 8192);
    assertEquals(
      [r.refcountStores, r.pincountStores, r.putRefcountStores, r.pgmapLookups],
      expected,
      `${kernel} ${mode}`,
    );
    assertEquals([r.hostGetMs.length, r.hostPutMs.length], [2, 2]);
    assertEquals(r.getCounters.pagesRecorded, 8192);
  }
});

const ALIGNS: Readonly<Record<string, number>> = { "arm64-4k": 2 ** 12, "arm64-16k": 2 ** 14, "arm64-64k": 2 ** 16 };

Deno.test("gupReport() stores where the struct pages are", () => {
  const stores = (size: number) => {
    const { getCounters } = gupReport({ size, map: "dev", kernel: "v4", repeats: 1 });
    return [getCounters.refcountStoresDram, getCounters.refcountStoresPmem];
  };
  // A part of a section never takes its memmap from the altmap on x86: all of a small namespace is in DRAM.
  assertEquals(stores(4 * MIB), [2, 0]);
  // 304 MiB are two sections and a part; data begins at 6 MiB, so 125 of its 128 pages lie in the two.
  assertEquals(stores(256 * MIB), [3, 125]);
  // On arm64 there is nothing in DRAM to store to; page by page, for compounds do not share there and 6.1 counts so.
  for (const arch of ["arm64-4k", "arm64-16k", "arm64-64k"]) {
    const { getCounters, heldPages: pages } = gupReport({
      size: 32 * MIB,
      align: ALIGNS[arch],
      arch,
      map: "dev",
      repeats: 1,
    });
    assertEquals([getCounters.refcountStoresDram, getCounters.refcountStoresPmem], [0, pages], arch);
  }
});

Deno.test("gupReport() of batches that cut huge pages takes more calls", () => {
  const stores = (batch: number) => gupReport({ size: 4 * MIB, kernel: "v4", repeats: 1, batch }).refcountStores;
  // 1024 pages behind two entries: one store per call and entry.
  assertEquals([stores(1), stores(7), stores(511), stores(512), stores(513), stores(5000)], [1024, 148, 4, 2, 3, 2]);
});

Deno.test("gupReport() works on every page size and on struct pages that straddle", () => {
  for (const [align, size] of [[4096, 4 * MIB], [2 * MIB, 4 * MIB], [2 ** 30, 2 ** 30]]) {
    assertEquals(gupReport({ size, align, kernel: "v4", mode: "pin", repeats: 1 }).heldPages, size / 4096);
  }
  for (const structPageSize of [56, 72, 80]) {
    assertEquals(gupReport({ size: 4 * MIB, structPageSize, kernel: "v4", repeats: 1 }).refcountStores, 2);
  }
});

Deno.test("gupReport() refuses bad options", () => {
  const cases: [Parameters<typeof gupReport>[0], string][] = [
    [{ size: 100 }, "Cannot hold 100 bytes: expected a positive multiple of 1M"],
    [{ size: 0 }, "Cannot hold 0 bytes"],
    [{ size: 4 * MIB, repeats: 0 }, "repeats 0"],
    [{ size: 4 * MIB, repeats: 1.5 }, "repeats 1.5"],
    [{ size: 4 * MIB, batch: 0 }, "batch 0"],
    [{ size: 4 * MIB, batch: -1 }, "batch -1"],
    [{ size: 4 * MIB, align: 2 ** 30 }, "only 4M are held"],
    [{ size: 4 * MIB, kernel: "x" }, 'kernel "x"'],
    [{ size: 4 * MIB, arch: "vax" }, 'architecture "vax"'],
  ];
  for (const [options, message] of cases) assertThrows(() => gupReport(options), RangeError, message);
  const untyped = JSON.parse('{"size":4194304,"mode":"hold"}');
  assertThrows(() => gupReport(untyped), RangeError, 'mode "hold": expected get, pin');
});

Deno.test("gupReport() measures host time that is not negative", () => {
  const { hostGetMs: getMs, hostPutMs: putMs } = gupReport({ size: 32 * MIB, repeats: 3 });
  assert([...getMs, ...putMs].every((ms) => ms >= 0));
});

Deno.test("gupReport() counts the host memory of gup_test's own array of pages", () => {
  // 8 bytes for each of 2^32 pages, before any machine is built.
  assertThrows(
    () => gupReport({ size: 2 ** 44, align: 2 ** 30, repeats: 1 }),
    RangeError,
    "needs about 32 GiB, 20 GiB is",
  );
});

Deno.test("gupReport() holds whole MiB on every architecture that Linux has", () => {
  for (const [arch, align] of [["arm64-4k", 4096], ["arm64-16k", 2 ** 14], ["arm64-64k", 2 ** 16]] as const) {
    assertEquals(gupReport({ size: 2 ** 20, arch, align, repeats: 1 }).heldPages, 2 ** 20 / align);
  }
});
