// SPDX-License-Identifier: GPL-2.0-only
// The hotplug formulas against cases worked out by hand; the file imports nothing.

import { assertEquals } from "@std/assert";
import * as f from "./hotplug.ts";

Deno.test("vmemmapPagesOf() the three block sizes of x86-64", () => {
  assertEquals([2 ** 27, 2 ** 30, 2 ** 31].map(f.vmemmapPagesOf), [512, 4096, 8192]);
  assertEquals([2 ** 27, 2 ** 30, 2 ** 31].map(f.usableOf), [126, 1008, 2016].map((mib) => mib * 2 ** 20));
});

Deno.test("fence() names the alignment that fails", () => {
  const x86 = f.GEOMETRIES["x86-64"];
  assertEquals(f.fence(x86, 2 ** 27, 64), 0);
  // 128 MiB / 4 KiB * 72 = 2.25 MiB; 2 GiB / 4 KiB * 72 = 36 MiB.
  assertEquals(f.fence(x86, 2 ** 27, 72), 3);
  assertEquals(f.fence(x86, 2 ** 31, 72), 0);
  // 512 KiB of memmap for 512 MiB is not 512 MiB, and 511.5 MiB is not a multiple of 64 MiB.
  assertEquals(f.fence(f.GEOMETRIES["arm64 64K"], 2 ** 29, 64), 3);
  assertEquals(f.fence({ page: 4096, pmd: 2 ** 21, pageblock: 2 ** 22 }, 2 ** 27, 64), 2);
});

Deno.test("reach() and tablesOf() of a section", () => {
  assertEquals([f.reach(true), f.reach(false)], [2 ** 27, 2 ** 18]);
  assertEquals([f.tablesOf(2 ** 27), f.tablesOf(2 ** 30), f.tablesOf(2 ** 37)], [1, 8, 1024]);
});

Deno.test("verify/formulas/hotplug.ts imports nothing", () => {
  const source = Deno.readTextFileSync(new URL("hotplug.ts", import.meta.url));
  assertEquals(source.split("\n").filter((line) => /^\s*import\b|\bimport\(/.test(line)), []);
});
