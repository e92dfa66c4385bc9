// SPDX-License-Identifier: GPL-2.0-only
// The namespace report: measured numbers, its baseline, and every refusal of bad options.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ENXIO } from "../include/errno.ts";
import { PRESETS } from "../include/kernel_config.ts";
import { gupReport } from "./gup.ts";
import { hotplugReport } from "./hotplug.ts";
import { hugetlbReport } from "./hugetlb.ts";
import { NamespaceError, namespaceReport } from "./namespace.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

Deno.test("reports refuse host memory that is not a number, and give a hint if there is one", () => {
  for (
    const [hostMemory, says] of [[NaN, "Cannot use NaN bytes of"], [-1, "Cannot use -1 bytes of"], [0, "Not enough"]]
  ) {
    const options = { hostMemory: hostMemory as number };
    const refusal = `${says} host memory`;
    assertThrows(() => namespaceReport({ size: 2 ** 26, ...options }), RangeError, refusal);
    assertThrows(() => hotplugReport({ size: 2 ** 27, ...options }), RangeError, refusal);
    assertThrows(() => hugetlbReport({ size: 2 ** 21, count: 1, ...options }), RangeError, refusal);
    assertThrows(() => gupReport({ size: 2 ** 21, ...options }), RangeError, refusal);
  }
  assertThrows(() => namespaceReport({ size: 2 ** 26, hostMemory: 0 }), RangeError, "lab namespace --no-contents");
  const counted = assertThrows(() => namespaceReport({ size: 2 ** 26, hostMemory: 0, contents: false }), RangeError);
  assert(!counted.message.includes("--no-contents"), counted.message);
});

Deno.test("namespaceReport() gives what a 4 GiB namespace took under Linux 6.1, and 5.14 beside it", () => {
  const report = namespaceReport({ size: 4 * GIB, align: 2 * MIB, kernel: "6.1" });
  assertEquals(report.pages, {
    vmemmap: 4096,
    pteTables: 32,
    pmdTables: 0,
    pudTables: 0,
    altmap: 0,
    directMap: 0,
    dramTotal: 4128,
  });
  assertEquals(report.structPages, { mapped: 1048576, initialised: 128 * 2048 });
  assertEquals([report.pgmapRefs, report.usableBytes], [2048, 4292870144]);
  assertEquals([report.baseline.kernel, report.baseline.pages.dramTotal], ["5.14", 16384]);
  assertEquals(report.overheadPercent, 100 * (4128 * 4096 + 2 * MIB) / (4 * GIB));
  assertEquals(report.baseline.overheadPercent, 100 * (16384 * 4096 + 2 * MIB) / (4 * GIB));
  assert(report.hostMs > 0);
});

Deno.test("namespaceReport() of map=dev takes nothing from DRAM", () => {
  const report = namespaceReport({ size: GIB, align: 2 * MIB, map: "dev", kernel: "6.1" });
  assertEquals([report.pages.dramTotal, report.pages.altmap, report.usableBytes], [0, 4096, 1054867456]);
  assertEquals(report.structPages.initialised, 1054867456 / 4096);
  assertEquals(report.overheadPercent, 100 * 18874368 / GIB);
});

Deno.test("namespaceReport() of map=dev on arm64 takes all memmap from pmem, and the direct map's tables from DRAM", () => {
  const kinds = [["arm64-4k", 4096, 4096, 513], ["arm64-16k", 16384, 256, 32], ["arm64-64k", 65536, 16, 2]] as const;
  for (const [arch, align, altmap, tables] of kinds) {
    const { pages, baseline } = namespaceReport({ size: GIB, align, map: "dev", arch });
    assertEquals([pages.vmemmap, pages.altmap, pages.directMap, pages.dramTotal], [0, altmap, tables, tables], arch);
    assertEquals(baseline.pages, pages);
  }
});

Deno.test("namespaceReport() counts the same frames without contents", () => {
  for (const kernel of Object.keys(PRESETS)) {
    const [full, counted] = [true, false].map((contents) =>
      namespaceReport({ size: 256 * MIB, align: 2 * MIB, kernel, contents })
    );
    assertEquals(counted.pages, full.pages);
    assertEquals([counted.structPages.initialised, counted.structPages.mapped], [0, full.structPages.mapped]);
    assertEquals(counted.pgmapRefs, full.pgmapRefs);
  }
});

Deno.test("namespaceReport() fills in defaults and reports them", () => {
  const { config } = namespaceReport({ size: 64 * MIB });
  assertEquals([config.align, config.map, config.kernel, config.arch, config.structPageSize, config.contents], [
    2 * MIB,
    "mem",
    "6.1",
    "x86-64",
    64,
    true,
  ]);
});

Deno.test("namespaceReport() runs on the toy architecture", () => {
  const { pages } = namespaceReport({ size: 2 ** 18, arch: "toy", kernel: "v4", align: 2 ** 16 });
  assertEquals([pages.vmemmap, pages.pteTables], [8, 8]);
});

Deno.test("namespaceReport() of a namespace the kernel refuses is a NamespaceError with its errno", () => {
  const error = assertThrows(() => namespaceReport({ size: GIB, align: GIB }), NamespaceError, "ENXIO");
  assertEquals(error.errno, -ENXIO);
  const map = "dev";
  const full = () => namespaceReport({ size: 1040 * MIB, arch: "arm64-4k", map });
  assertThrows(full, NamespaceError, "ENOMEM (what the info block of 1040M reserves does not hold its memmap");
  // __add_pages() keeps the whole sections before the partial one; the corrected kernel removes them.
  assertThrows(full, NamespaceError, "the next namespace there fails with EEXIST until reboot");
  assertEquals(namespaceReport({ size: 1024 * MIB, arch: "arm64-4k", map }).pages.vmemmap, 0);
});

Deno.test("namespaceReport() refuses bad options before it boots anything, saying what was given and what is allowed", () => {
  const cases: [Parameters<typeof namespaceReport>[0], string][] = [
    [{ size: 0 }, "0 bytes: expected a positive multiple of 16M"],
    [{ size: -GIB }, "expected a positive multiple of 16M"],
    [{ size: 1.5 }, "1.5 bytes"],
    [{ size: NaN }, "NaN bytes"],
    [{ size: GIB + 4096 }, "multiple of 16M"],
    [{ size: 2 ** 50 }, "at most 64T fit"],
    [{ size: GIB, align: 8192 }, "Cannot map by 8K: x86-64 has 4K, 2M, 1G"],
    [{ size: 16 * MIB, align: GIB }, "the namespace has only 16M"],
    [{ size: GIB, kernel: "7.0" }, 'kernel "7.0": expected 5.14, 5.18, v4, v7'],
    [{ size: GIB, kernel: "toString" }, 'kernel "toString"'],
    [{ size: GIB, arch: "vax" }, 'architecture "vax": expected x86-64, arm64-4k'],
    [{ size: GIB, arch: "constructor" }, 'architecture "constructor"'],
    [{ size: GIB, structPageSize: 63 }, 'size of struct pages "63"'],
    [{ size: 16 * GIB, kernel: "5.14", hostMemory: 2 ** 27 }, "Not enough host memory"],
  ];
  for (const [options, message] of cases) assertThrows(() => namespaceReport(options), RangeError, message);
  // From JavaScript, without types.
  const untyped = JSON.parse('{"size":1073741824,"map":"disk"}');
  assertThrows(() => namespaceReport(untyped), RangeError, 'map "disk": expected mem, dev');
});
