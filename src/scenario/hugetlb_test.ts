// SPDX-License-Identifier: GPL-2.0-only
// The `lab hugetlb` report: counts of several options agree, refusals are one clear line.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { main } from "../cli/main.ts";
import { hugetlbReport, hugetlbSizes, makePool } from "./hugetlb.ts";
import { hugetlbConfig, type HugetlbOptions } from "./hugetlb_box.ts";

const MiB = 2 ** 20;

Deno.test("hugetlbSizes() of a number of pages that no kernel keeps is refused", () => {
  for (const keep of [0, 3, NaN]) {
    assertThrows(() => hugetlbSizes(keep as 1), RangeError, `Unknown keep "${keep}": expected 1, 2`);
  }
});

Deno.test("hugetlbReport() counts the same savings with every option", () => {
  for (const keep of [1, 2]) {
    for (const flush of ["page", "batch"] as const) {
      for (const free of ["sync", "deferred"] as const) {
        for (const vmemmapMap of ["pmd", "base"] as const) {
          const report = hugetlbReport({ size: 2 * MiB, count: 96, keep, flush, free, vmemmapMap, cpus: 4 });
          const what = `keep ${keep} ${flush} ${free} ${vmemmapMap}`;
          assertEquals(report.freedPages, 96 * (8 - keep), what);
          assertEquals(report.netSavedPages, report.freedPages - report.pteTables, what);
          assertEquals(report.pteTables, report.allocCounters.vmemmapSplits, what);
          assertEquals(report.pteTables > 0, vmemmapMap === "pmd", what);
          assertEquals(report.freeCounters!.vmemmapPagesCopied, report.freedPages, what);
          assertEquals(report.allocCounters.tlbIpis, 3 * report.allocCounters.tlbFlushes, what);
          assertEquals(count(report.allocHistogram), flush === "page" ? 96 : 0, what);
          assertEquals(count(report.freeHistogram), flush === "batch" && free === "sync" ? 0 : 96, what);
        }
      }
    }
  }
});

function count(buckets: readonly { count: number }[]): number {
  return buckets.reduce((sum, b) => sum + b.count, 0);
}

Deno.test("hugetlbReport() of spread pages pays a table for each", () => {
  const { freedPages, pteTables, netSavedPages } = hugetlbReport({
    size: 2 * MiB,
    count: 8,
    keep: 2,
    placement: "spread",
  });
  assertEquals([freedPages, pteTables, netSavedPages], [48, 8, 40]);
});

Deno.test("hugetlbReport() without the optimisation, or where nothing can be freed, saves nothing", () => {
  const cases: [Partial<HugetlbOptions>, string | null][] = [
    [{ hugetlbFreeVmemmap: false }, null],
    [{ structPageSize: 56 }, "struct-page-size"],
    [{ arch: "arm64-16k" }, "too-small"],
  ];
  for (const [options, why] of cases) {
    const report = hugetlbReport({ size: 2 * MiB, count: 10, ...options });
    assertEquals([report.freedPages, report.pteTables, report.netSavedBytes], [0, 0, 0]);
    assertEquals(report.notOptimizable, why);
  }
});

Deno.test("hugetlbReport() that keeps the pages reports no freeing", () => {
  const report = hugetlbReport({ size: 2 * MiB, count: 3, giveBack: false });
  assertEquals([report.hostFreeMs, report.hostWorkerMs, report.freeCounters, report.freeHistogram], [
    null,
    null,
    null,
    [],
  ]);
});

Deno.test("hugetlbReport() refuses invalid options, saying what is allowed", () => {
  const refused = (options: HugetlbOptions, message: string) =>
    assertThrows(() => hugetlbReport(options), RangeError, message);
  refused({ size: 4 * MiB, count: 1 }, "x86-64 has 2M, 1G");
  refused({ size: 2 * MiB, count: 0 }, "expected a whole number from 1");
  refused({ size: 2 * MiB, count: 1.5 }, "expected a whole number from 1");
  refused({ size: 2 * MiB, count: 1, cpus: 0 }, "CPUs 0");
  refused({ size: 2 * MiB, count: 1, arch: "vax" }, "Unknown architecture");
  refused({ size: 2 * MiB, count: 1, kernel: "2.6" }, "Unknown kernel");
  refused({ size: 2 * MiB, count: 1, keep: 3 }, "expected 1, 2");
  refused({ size: 2 * MiB, count: 1, structPageSize: 60 }, "expected 56, 64, 72, 80");
  refused({ size: 2 ** 30, count: 8, dram: 2 ** 32 }, "fit into 4G of DRAM");
  refused({ size: 2 ** 30, count: 2, placement: "spread" }, "a section has 128M");
  refused({ size: 2 * MiB, count: 2 ** 40 }, "expected less than 8T");
  refused({ size: 2 * MiB, count: 524288, hugetlbFreeVmemmap: false, hostMemory: 2 ** 30 }, "Not enough host memory");
});

Deno.test("hugetlbSizes() is the document's table, and the contiguous-bit sizes of few pages cannot be optimised", () => {
  const rows = hugetlbSizes(2).filter((row) => row.arch !== "toy");
  assertEquals(rows.length, 12);
  assertEquals(
    rows.filter((row) => row.notOptimizable !== null).map((row) => [row.arch, row.sizeBytes]),
    [["arm64-4k", 65536], ["arm64-16k", 2 * MiB], ["arm64-64k", 2 * MiB]],
  );
  for (const row of rows.filter((r) => r.mappedBy === "pmd")) {
    assertEquals([row.vmemmapPagesPerHugePage, row.freedPages], [8, 6]);
  }
});

Deno.test("lab hugetlb prints one JSON document, and bad input is one line and exit 2", async () => {
  const { log, error } = console;
  const [out, err]: [string[], string[]] = [[], []];
  console.log = (line: string) => out.push(line);
  console.error = (line: string) => err.push(line);
  const codes: number[] = [];
  try {
    for (
      const args of [
        ["--count", "4", "--json"],
        ["--count", "4", "--free", "deferred"],
        ["--sizes"],
        ["--count", "4", "--size", "4M"],
        ["--size", "2M"],
        ["--count", "2", "--keep", "5"],
        ["--count", "many"],
      ]
    ) codes.push(await main(["hugetlb", ...args]));
  } finally {
    Object.assign(console, { log, error });
  }
  assertEquals(codes, [0, 0, 0, 2, 2, 2, 2]);
  assertEquals(JSON.parse(out[0]).report.freedPages, 28);
  assert(out[1].includes("@latency[alloc_fresh_huge_page], ns:\n["));
  assert(out[2].includes("arm64-64k"));
  assertEquals(err.map((line) => line.split("\n").length), [1, 1, 1, 1]);
});

Deno.test("makePool() fits all requested pages into a machine of the computed size", () => {
  // Enough that a missing memmap in the machine's size would exceed the margin for alignment.
  for (const [size, count] of [[2 ** 30, 320], [2 ** 30, 1], [2 ** 21, 30_000]]) {
    const { hstate } = makePool(hugetlbConfig({ size, count, giveBack: false }), null, { contents: false });
    assertEquals(hstate.nrHugePages, count);
  }
});
