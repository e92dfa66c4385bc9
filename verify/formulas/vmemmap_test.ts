// SPDX-License-Identifier: GPL-2.0-only
// The formulas against cases worked out by hand; the file imports nothing.

import { assertEquals } from "@std/assert";
import * as f from "./vmemmap.ts";

Deno.test("vmemmapPages() of a section is one PMD of pages", () => {
  // 32768 struct pages of 64 bytes are 2 MiB.
  assertEquals(f.vmemmapPages(f.SECTION), 512);
  assertEquals(f.vmemmapPages(f.SIZE_2M), 8);
  assertEquals(f.vmemmapPages(f.SIZE_1G), 4096);
});

Deno.test("savedPages() leaves head and tail page, or the head page alone", () => {
  assertEquals(f.savedPages(f.SIZE_2M, "none"), 0);
  assertEquals(f.savedPages(f.SIZE_2M, "pte"), 6);
  assertEquals(f.savedPages(f.SIZE_2M, "pte+head"), 7);
  assertEquals(f.savedPages(f.SIZE_1G, "pte"), 4094);
  assertEquals(f.savedPages(f.PAGE, "pte"), 0);
});

Deno.test("pteTables() is one per section, or two per 1 GiB page", () => {
  assertEquals(f.pteTables(f.SIZE_1G, f.PAGE, "pte"), 0);
  assertEquals(f.pteTables(f.SIZE_1G, f.SIZE_2M, "pte"), 8);
  assertEquals(f.pteTables(f.SIZE_1G, f.SIZE_2M, "pte+table"), 8);
  assertEquals(f.pteTables(f.SIZE_1G, f.SIZE_1G, "pte+table"), 2);
});

Deno.test("newPmdTables() counts 64 GiB windows that are not there already", () => {
  const g = f.SIZE_1G;
  assertEquals(f.newPmdTables(8 * g, 16 * g, 8 * g), 0); //   [8G, 24G): window 0, DRAM's
  assertEquals(f.newPmdTables(8 * g, 64 * g, 8 * g), 1); //   [8G, 72G): window 1 is new
  assertEquals(f.newPmdTables(64 * g, 64 * g, 64 * g), 1); // DRAM ends where window 1 begins
  assertEquals(f.newPmdTables(200 * g, g, 8 * g), 1); //      far away
});

Deno.test("memmapBytes() gives the figures of one 1 GiB page", () => {
  assertEquals(f.memmapBytes(f.SIZE_1G, f.SIZE_1G, "pte", true), 40960);
  assertEquals(f.memmapBytes(f.SIZE_1G, f.SIZE_1G, "pte+table", true), 16384);
  assertEquals(f.memmapBytes(f.SIZE_1G, f.SIZE_1G, "pte", false), 8192);
});

Deno.test("tailFrameRefs() counts entries, those of a shared table once", () => {
  assertEquals(f.tailFrameRefs(f.SIZE_2M, "pte"), 7);
  assertEquals(f.tailFrameRefs(f.SIZE_1G, "pte"), 4095);
  // 511 entries of the first table, 512 of the one that all others share.
  assertEquals(f.tailFrameRefs(f.SIZE_1G, "pte+table"), 1023);
  assertEquals(f.tailFrameRefs(f.SIZE_2M, "pte+head"), 8);
});

Deno.test("uniqueStructs() is two pages of 64, and every struct page when nothing is shared", () => {
  assertEquals(f.uniqueStructs(f.SIZE_1G, "pte"), 128);
  assertEquals(f.uniqueStructs(f.SIZE_1G, "pte+head"), 64);
  assertEquals(f.uniqueStructs(f.SIZE_2M, "none"), 512);
  assertEquals(f.uniqueStructs(f.PAGE, "pte"), 1);
});

Deno.test("gupStores() distinguishes get from put, and pins from references", () => {
  assertEquals(f.gupStores("per-page", false, false, 512), { get: 512, pins: 0, put: 512, lookups: 1 });
  assertEquals(f.gupStores("compound", true, true, 512), { get: 1, pins: 1, put: 1, lookups: 1 });
  assertEquals(f.gupStores("grab-one", false, true, 512), { get: 2, pins: 0, put: 512, lookups: 1 });
  assertEquals(f.gupStores("no-pgmap", false, true, 512).lookups, 0);
});

Deno.test("reserve() takes the info block, and 64 bytes a page with map=dev", () => {
  assertEquals(f.reserve(0, f.SIZE_1G, f.SIZE_2M, "mem"), { dataoff: f.SIZE_2M, usable: f.SIZE_1G - f.SIZE_2M });
  // 262142 frames * 64 bytes + 8 KiB, rounded up to 2 MiB: 18 MiB.
  assertEquals(f.reserve(0, f.SIZE_1G, f.SIZE_2M, "dev")?.dataoff, 18 * 2 ** 20);
  assertEquals(f.reserve(0, f.SIZE_1G, f.SIZE_1G, "mem"), null);
  assertEquals(f.gib(f.reserve(0, 1500 * f.SIZE_1G, f.SIZE_2M, "dev")!.usable).toFixed(2), "1476.56");
});

Deno.test("pgoffError() is zero at the first page and a huge page elsewhere", () => {
  assertEquals([0, 1, 511].map((offset) => f.pgoffError(offset, 512)), [0, 512, 512]);
});

Deno.test("verify/formulas/vmemmap.ts imports nothing, and src/ nothing of verify/", async () => {
  const text = await Deno.readTextFile(new URL("vmemmap.ts", import.meta.url));
  assertEquals(IMPORT.test(text), false);
  assertEquals(await importsOfVerify(new URL("../../src/", import.meta.url)), []);
});

const IMPORT = /^\s*(import|export)\b[^;]*\bfrom\b|\bimport\s*\(/m;

async function importsOfVerify(folder: URL): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) found.push(...await importsOfVerify(new URL(`${entry.name}/`, folder)));
    else if (entry.name.endsWith(".ts") && !entry.name.endsWith("_test.ts")) {
      const text = await Deno.readTextFile(new URL(entry.name, folder));
      if (/from\s+"[^"]*\bverify\//.test(text)) found.push(entry.name);
    }
  }
  return found;
}
