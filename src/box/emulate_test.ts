// SPDX-License-Identifier: GPL-2.0-only
// Repetitive parts are only partly emulated: the sums must equal those of the whole part.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { boot } from "../boot.ts";
import { createNamespace, usableBytes } from "../drivers/nvdimm/namespace.ts";
import { ndRegions } from "../drivers/nvdimm/region.ts";
import { USE_ALTMAP_VMEMMAP, USE_PMD_TABLE, USE_PTE_TABLE, USE_VMEMMAP } from "../include/frame_use.ts";
import { makePool } from "../scenario/hugetlb.ts";
import { hugetlbConfig } from "../scenario/hugetlb_box.ts";
import { type NamespaceSpec, newEmulator, repeated } from "./emulate.ts";

const GIB = 2 ** 30;
const WHOLE: NamespaceSpec = {
  kernel: "6.1",
  arch: "x86-64",
  start: 18 * GIB,
  shared: true,
  size: 3 * 64 * GIB + 3 * GIB + 2 ** 24,
  mode: "devdax",
  align: 2 ** 21,
  map: "mem",
};

Deno.test("repeated() is exact for costs that are linear in the size", () => {
  const size = fc.integer({ min: 1, max: 10 ** 6 });
  fc.assert(fc.property(size, fc.integer({ min: 1, max: 1000 }), fc.nat(50), fc.nat(9), (size, period, base, slope) => {
    const run = (n: number) => ({ n, cost: base + slope * Math.ceil(n / period) });
    assertEquals(repeated(size, period, run), run(size));
  }));
});

for (const map of ["mem", "dev"] as const) {
  Deno.test(`a large namespace costs what all of it costs when it is brought up whole: map=${map}`, () => {
    const found = newEmulator().namespace({ ...WHOLE, map });
    const dram = [8 * GIB];
    const pmem = [{ bytes: WHOLE.size, startBytes: WHOLE.start }];
    const k = boot({ kernel: WHOLE.kernel, dram, pmem, contents: false });
    const ns = createNamespace(k, ndRegions(k)[0], { ...WHOLE, map });
    if (typeof found === "string" || typeof ns === "number") throw new Error("refused");
    // Boot's own PMD table, which serves the first window, is not counted.
    const tables = k.uses[USE_PTE_TABLE] + k.uses[USE_PMD_TABLE] - 1;
    assertEquals(
      [found.dram, found.pmem, found.tables, found.usable],
      [k.uses[USE_VMEMMAP], k.uses[USE_ALTMAP_VMEMMAP], tables].map((n) => n * 4096).concat(usableBytes(k, ns)),
    );
  });
}

Deno.test("a large pool frees what the whole pool would free", () => {
  for (const [size, count] of [[2 ** 21, 6200], [GIB, 25]]) {
    const spec = { kernel: "6.1", arch: "x86-64", size, count, hugetlbFreeVmemmap: true };
    const found = newEmulator().pool(spec);
    const { made } = makePool(hugetlbConfig({ ...spec, giveBack: false }), null, { contents: false });
    if (typeof found === "string") throw new Error(found);
    assertEquals([found.freed, found.tables], [made.freedPages * 4096, made.pteTables * 4096]);
  }
});

Deno.test("the direct map of a part: by base pages on arm64, by whole GiB on x86-64 unless blocks come one at a time", () => {
  const found = (arch: string, start: number, size: number, addBytes: number) =>
    newEmulator().directMap({ arch, start, shared: false, size, addBytes });
  const block = 2 ** 27;
  // 512 PTE tables and a PMD table for each GiB; 32 PTE tables and a PMD table for all.
  assertEquals(found("arm64-4k", 2 * GIB, 4 * GIB, 4 * GIB), { tables: 4 * 513 * 4096 });
  assertEquals(found("arm64-16k", 2 * GIB, 4 * GIB, 4 * GIB), { tables: (4 * 32 + 1) * 16384 });
  // Whole GiB: 1G leaves. An edge: a PMD table. By blocks of 128 MiB: a PMD table for each GiB.
  assertEquals(found("x86-64", 2 * GIB, 200 * GIB, 200 * GIB), { tables: 0 });
  assertEquals(found("x86-64", 2 * GIB + block, 4 * GIB - block, 4 * GIB), { tables: 4096 });
  assertEquals(found("x86-64", 2 * GIB, 4 * GIB, block), { tables: 4 * 4096 });
});
