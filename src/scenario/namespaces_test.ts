// SPDX-License-Identifier: GPL-2.0-only
// Several namespaces in one region: places, free space, refusals and reasons; regions over DIMMs, without labels,
// between DRAM ranges.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { namespaceReport } from "./namespace.ts";
import { type NamespacesOptions, namespacesReport } from "./namespaces.ts";

const [MIB, GIB] = [2 ** 20, 2 ** 30];

const report = (options: NamespacesOptions) => namespacesReport({ contents: false, check: true, ...options });

Deno.test("namespacesReport() creates namespaces one after the other, each as if it were alone", () => {
  //   | 2G devdax | 1G fsdax, map=dev | 512M devdax, 4K | 512M free |
  const { regionState: region, namespaces, invariants } = report({
    region: 4 * GIB,
    namespaces: [{ size: 2 * GIB }, { size: GIB, mode: "fsdax", map: "dev" }, { size: GIB / 2, align: 4096 }],
  });
  assertEquals(invariants, { objection: null });
  assertEquals(namespaces.map(({ start }) => start! - region.start), [0, 2 * GIB, 3 * GIB]);
  assertEquals([region.availableBytes, region.maxAvailableExtentBytes], [GIB / 2, GIB / 2]);
  for (const { sizeBytes: size, alignBytes: align, map, mode, usableBytes, pages, dataStart, start } of namespaces) {
    const alone = namespaceReport({ size, align, map, namespaceMode: mode, contents: false });
    assertEquals([usableBytes, pages.vmemmap, pages.altmap, pages.pteTables], [
      alone.usableBytes,
      alone.pages.vmemmap,
      alone.pages.altmap,
      alone.pages.pteTables,
    ]);
    assertEquals(dataStart! - start!, size - usableBytes!);
  }
});

Deno.test("namespacesReport() refuses what does not fit like the kernel, and continues with the rest", () => {
  const { regionState: region, namespaces, pages, invariants } = report({
    region: 2 * GIB,
    namespaces: [{ size: GIB }, { size: 2 * GIB }, { size: GIB + 4096 }, { size: GIB, align: GIB }, { size: GIB / 2 }],
  });
  assertEquals(namespaces.map(({ errno: error }) => error), [null, "ENOSPC", "EINVAL", "ENXIO", null]);
  assertEquals(namespaces[1].why, "available_size is 1G, max_available_extent 1G");
  assertStringIncludes(namespaces[2].why!, "multiple of 16M, the region's align");
  assertStringIncludes(namespaces[3].why!, "align 1G leaves no room for data in 1G");
  assertEquals(namespaces[1].pages.dramTotal, 0);
  assertEquals(namespaces.reduce((sum, ns) => sum + ns.pages.dramTotal, 0), pages.dramTotal);
  assertEquals([region.maxAvailableExtentBytes, invariants?.objection], [GIB / 2, null]);
});

Deno.test("namespacesReport() of six DIMMs: units of 96M, page sizes on each of them", () => {
  const six = (sizes: number[], more: Partial<NamespacesOptions> = {}) =>
    report({ region: 18 * GIB, ways: 6, namespaces: sizes.map((size) => ({ size })), ...more });
  const { regionState: region, namespaces } = six([96 * MIB, 100 * MIB, 12 * GIB]);
  assertEquals([region.alignBytes, namespaces.map(({ errno: error }) => error)], [96 * MIB, [null, "EINVAL", null]]);
  assertEquals(namespaces[2].start! - region.start, 96 * MIB);
  assertEquals(region.availableBytes, 6 * GIB - 96 * MIB);
  // 1G on each DIMM are 6G.
  const huge = six([7.5 * GIB, 12 * GIB], { align: GIB });
  assertEquals(huge.namespaces.map(({ errno: error }) => error), ["EINVAL", null]);
  assertStringIncludes(huge.namespaces[0].why!, "multiple of 6G, the page size on each of 6 DIMMs");
  // Its align attribute: 64M of each DIMM; 16M in all are none.
  assertEquals(six([384 * MIB, 96 * MIB], { regionAlign: 384 * MIB }).namespaces[1].errno, "EINVAL");
  const refused = six([96 * MIB], { regionAlign: 16 * MIB });
  assertEquals([refused.regionState.alignBytes, refused.regionState.alignErrno], [96 * MIB, "EINVAL"]);
});

Deno.test("namespacesReport() without labels takes any size, and cuts the end to a subsection", () => {
  for (const [size, align, usable] of [[1026 * MIB, 2 * MIB, GIB], [GIB + 4096, 4096, GIB - 2 * MIB]]) {
    const { namespaces, regionState: region, invariants } = report({ labels: false, namespaces: [{ size, align }] });
    assertEquals([namespaces[0].errno, namespaces[0].usableBytes, invariants?.objection], [null, usable, null]);
    assertEquals([region.sizeBytes, region.availableBytes], [size, 0]);
  }
  const [whole] = report({ labels: false, region: 2 * GIB, namespaces: [{ size: GIB }] }).namespaces;
  assertEquals([whole.sizeBytes, whole.usableBytes], [2 * GIB, 2 * GIB - 2 * MIB]);
  // With labels the region's align refuses it.
  assertEquals(report({ namespaces: [{ size: 1026 * MIB }] }).namespaces[0].errno, "EINVAL");
  assertThrows(
    () => report({ labels: false, namespaces: [{ size: GIB }, { size: GIB }] }),
    RangeError,
    "one namespace",
  );
});

Deno.test("namespacesReport() of a region that begins inside a subsection is EINVAL, and said to be", () => {
  const [ns] = report({ start: 6 * GIB + 4096, labels: false, namespaces: [{ size: GIB, align: 4096 }] }).namespaces;
  assertEquals(ns.errno, "EINVAL");
  assertStringIncludes(ns.why!, "does not begin at a multiple of 2M");
});

Deno.test("namespacesReport() of a region among the DRAM: every invariant holds wherever it lies", () => {
  // If DRAM ends inside a section, the region's part of it has memmap already.
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 3000 }),
      fc.integer({ min: 2, max: 200 }),
      fc.constantFrom("mem" as const, "dev" as const),
      fc.constantFrom("6.1", "7.3", "v4"),
      (at, units, map, kernel) => {
        const size = units * 2 * MIB;
        const options = { dram: 3 * GIB, labels: false, map, kernel, contents: true };
        const { namespaces, regionState: region, invariants } = report({
          ...options,
          start: at * 2 * MIB,
          namespaces: [{ size }],
        });
        assertEquals([region.start, invariants], [at * 2 * MIB, { objection: null }]);
        assert(namespaces[0].errno === null || namespaces[0].errno === "ENXIO", namespaces[0].errno!);
      },
    ),
    { numRuns: 12 },
  );
});

Deno.test("namespacesReport() refuses invalid options", () => {
  const cases: [NamespacesOptions, string][] = [
    [{ namespaces: [] }, "expected at least one size"],
    [{ namespaces: [{ size: 0 }] }, "expected a positive multiple of 4K"],
    [{ namespaces: [{ size: -GIB }] }, "expected a positive multiple of 4K"],
    [{ namespaces: [{ size: GIB, align: 8192 }] }, "Cannot map by 8K"],
    [{ namespaces: [{ size: GIB }], ways: 0 }, "expected a whole number from 1 to 64"],
    [{ namespaces: [{ size: GIB }], region: GIB, ways: 6 }, "positive multiple of 24K"],
    [{ namespaces: [{ size: 2 ** 46 }, { size: GIB }] }, "at most 64T fit"],
    [{ namespaces: [{ size: GIB }], start: 0 }, "is taken, expected"],
  ];
  for (const [options, message] of cases) assertThrows(() => report(options), RangeError, message);
});
