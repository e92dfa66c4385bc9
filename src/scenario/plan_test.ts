// SPDX-License-Identifier: GPL-2.0-only
// Plans against the namespaces that are then created.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { PRESETS } from "../include/kernel_config.ts";
import { hugetlbReport, makePool } from "./hugetlb.ts";
import { hugetlbConfig } from "./hugetlb_box.ts";
import { namespaceReport } from "./namespace.ts";
import { planReport } from "./plan.ts";

const SIZE = 2 ** 33;
const SIZE_2M = 2 ** 21;

Deno.test("planReport() names the page sizes that do not divide the pmem instead of refusing the rest", () => {
  const { namespaces } = planReport({ pmem: 2 ** 30 + 2 ** 24, kernel: "6.1" });
  assertEquals(namespaces.map(({ alignBytes: align, why: error }) => [align, error !== null]), [
    [2 ** 12, false],
    [2 ** 21, false],
    [2 ** 30, true],
    [2 ** 12, false],
    [2 ** 21, false],
    [2 ** 30, true],
  ]);
  assertEquals([namespaces[2].dramBytes, namespaces[2].usableBytes], [null, null]);
  assertEquals(namespaces[2].why, "Cannot align to 1G: 1040M is not a multiple of it");
  assertThrows(() => planReport({ pmem: 2 ** 24, align: 2 ** 30 }), RangeError, "has only 16M");
  assert(planReport({ pmem: 2 ** 30, arch: "arm64-64k", kernel: "v7" }).namespaces.some((row) => row.why === null));
});

Deno.test("planReport() finds the size for any amount of data that 64 TiB can hold, whatever share memmap takes", () => {
  const [large] = planReport({ usable: 63 * 2 ** 40, map: "mem", align: 2 ** 30 }).sizes;
  assertEquals([large.sizeBytes, large.usableBytes], [63 * 2 ** 40 + 2 ** 30, 63 * 2 ** 40]);
  // Pages of 256 bytes: a quarter of the namespace is memmap.
  const [, , , small] = planReport({ usable: 2 ** 20, arch: "toy" }).sizes;
  assertEquals([small.map, small.alignBytes], ["dev", 2 ** 8]);
  assert(small.usableBytes >= 2 ** 20 && small.sizeBytes > 2 ** 20 * 4 / 3);
});

Deno.test("planReport() has a row for every kernel, place and page size", () => {
  const { namespaces, sizes } = planReport({ pmem: SIZE });
  assertEquals([namespaces.length, sizes.length], [Object.keys(PRESETS).length * 6, 0]);
  assertEquals(new Set(namespaces.map((r) => `${r.kernel} ${r.map} ${r.alignBytes}`)).size, namespaces.length);
  for (const row of namespaces) assertEquals(row.why, null);
});

Deno.test("planReport() says what the namespace then takes", () => {
  const heard: string[] = [];
  const [row, ...rest] =
    planReport({ pmem: SIZE, align: SIZE_2M, map: "dev", kernel: "v7" }, (w) => heard.push(w)).namespaces;
  const made = namespaceReport({ size: SIZE, align: SIZE_2M, map: "dev", kernel: "v7" });
  assertEquals(rest, []);
  assertEquals(heard, ["kernel v7, map=dev, align 2M"]);
  assertEquals(row.dramBytes, made.pages.dramTotal * 4096);
  assertEquals([row.usableBytes, row.pmemBytes], [made.usableBytes, SIZE - made.usableBytes]);
  assertEquals(row.dramPercent! + row.pmemPercent!, made.overheadPercent);
});

Deno.test("planReport() gives a policy that leaves no room its reason", () => {
  const [row] = planReport({ pmem: 2 ** 30, align: 2 ** 30, map: "mem", kernel: "v7" }).namespaces;
  assert(row.why!.startsWith("Cannot enable the namespace: ENXIO (align 1G leaves no room"), `${row.why}`);
});

Deno.test("planReport() names the least size with the requested data", () => {
  const usable = 3 * 2 ** 30;
  const { sizes } = planReport({ usable });
  assertEquals(sizes.length, 6);
  for (const { map, alignBytes: align, sizeBytes: size, usableBytes } of sizes) {
    const of = (size: number) => namespaceReport({ size, align, map, kernel: "6.1", contents: false }).usableBytes;
    assertEquals(of(size), usableBytes);
    assert(usableBytes >= usable && of(size - Math.max(align, 2 ** 24)) < usable, `${map} ${align}`);
  }
});

Deno.test("planReport() finds a size whose reserve takes nearly one alignment more than the memmap in it", () => {
  // Of 64G, 1G is memmap and the info block makes that 2G of data offset; of 65G too, which leaves 63G.
  const { sizes } = planReport({ usable: 62 * 2 ** 30 + 1, map: "dev", align: 2 ** 30 });
  assertEquals(sizes.map(({ sizeBytes: size, usableBytes }) => [size, usableBytes]), [[65 * 2 ** 30, 63 * 2 ** 30]]);
});

Deno.test("planReport() names a size whose reserve holds all of its memmap, if base pages come from it too", () => {
  const [leaves, pages, large] = ["arm64-4k", "arm64-16k", "arm64-64k"].map((arch) => {
    const usable = 2 ** 31 - 2 ** 26;
    return planReport({ usable, arch, map: "dev" }).sizes[0];
  });
  // 16 MiB steps: a section's worth with leaves; 2032 MiB would have the data, but not the memmap, with 64K pages.
  assertEquals([leaves, pages, large].map(({ sizeBytes: size }) => size / 2 ** 20), [2048, 2000, 2048]);
  for (const [arch, { sizeBytes: size, usableBytes }] of [["arm64-4k", leaves], ["arm64-64k", large]] as const) {
    const made = namespaceReport({
      size,
      arch,
      align: arch === "arm64-4k" ? 4096 : 65536,
      map: "dev",
      contents: false,
    });
    assertEquals([made.usableBytes, made.pages.vmemmap], [usableBytes, 0]);
  }
});

Deno.test("planReport() counts what each kernel keeps of the memmap of huge pages", () => {
  const { pools, namespaces } = planReport({ hugetlb: [{ size: SIZE_2M, count: 64 }] });
  assertEquals([pools.length, namespaces.length], [Object.keys(PRESETS).length + 1, 0]);
  const made = hugetlbReport({ size: SIZE_2M, count: 64, kernel: "6.1" });
  const row = pools.find((pool) => pool.kernel === "6.1")!;
  assertEquals([row.memmapBytes, row.savedBytes], [64 * 8 * 4096, made.netSavedBytes]);
  const off = pools.find((pool) => !pool.hugetlbFreeVmemmap)!;
  assertEquals([off.savedBytes, off.lostBytes, off.lostPercent], [0, 64 * 8 * 4096, 1.5625]);
});

Deno.test("planReport() refuses an invalid last question before it counts the first", () => {
  const said: string[] = [];
  const hugetlb = [{ size: 2 ** 21, count: 1 }];
  for (
    const options of [
      { pmem: 2 ** 30, usable: 2 ** 46 },
      { pmem: 17 * 2 ** 20, hugetlb },
      { hugetlb: [...hugetlb, { size: 3 * 2 ** 20, count: 1 }] },
      { hugetlb: [...hugetlb, { size: 2 ** 30, count: 1e9 }] },
      { hugetlb: [...hugetlb, { size: 2 ** 21, count: 2 }] },
      { pmem: [2 ** 30, 17 * 2 ** 20] },
      { pmem: 2 ** 30, hotplug: [2 ** 27, 2 ** 20] },
    ]
  ) assertThrows(() => planReport(options, (what) => said.push(what)), RangeError);
  assertEquals(said, []);
});

Deno.test("planReport() refuses invalid options", () => {
  assertThrows(() => planReport({}), RangeError, "Cannot plan without a question");
  assertThrows(() => planReport({ usable: 0 }), RangeError, "Cannot plan for 0 bytes");
  assertThrows(() => planReport({ usable: 2 ** 46 }), RangeError, "less than 64T");
  assertThrows(() => planReport({ pmem: 100 }), RangeError, "expected a positive multiple of 16M");
  assertThrows(() => planReport({ pmem: SIZE, align: 8192 }), RangeError, "x86-64 has 4K, 2M, 1G");
  assertThrows(() => planReport({ pmem: SIZE, kernel: "5.15" }), RangeError, 'Unknown kernel "5.15"');
});

Deno.test("planReport() finds a size on arm64, whose memmap has to fit whole sections into the reserve", () => {
  const size = (arch: string, usable: number, align: number) =>
    planReport({ arch, usable, map: "dev", align }).sizes[0].sizeBytes;
  for (const align of [2 ** 12, 2 ** 21]) assertEquals(size("arm64-4k", 2 ** 30, align), 1152 * 2 ** 20);
  assertEquals(size("arm64-4k", 5 * 2 ** 30 + 1, 2 ** 21), 5502926848);
  for (const usable of [1, 2 ** 24 + 1, 2 ** 27, 2 ** 29 - 1, 3 * 2 ** 29 + 4096]) {
    for (const arch of ["arm64-4k", "arm64-16k", "arm64-64k"]) {
      const { sizes } = planReport({ arch, usable });
      for (const row of sizes) assert(row.usableBytes >= usable, `${arch} ${usable} ${row.map} ${row.alignBytes}`);
    }
  }
});

Deno.test("planReport() gives every kernel the figures of a run of its own", () => {
  const heard: string[] = [];
  const all = planReport({ pmem: 2 ** 30 + 2 ** 24, hugetlb: [{ size: SIZE_2M, count: 8 }] }, (w) => heard.push(w));
  assert(heard.length < all.namespaces.length, `${heard.length} runs for ${all.namespaces.length} rows`);
  for (const kernel of Object.keys(PRESETS)) {
    const alone = planReport({ pmem: 2 ** 30 + 2 ** 24, hugetlb: [{ size: SIZE_2M, count: 8 }], kernel });
    assertEquals(all.namespaces.filter((row) => row.kernel === kernel), alone.namespaces);
    assertEquals(all.pools.find((row) => row.kernel === kernel), alone.pools[0]);
  }
});

Deno.test("planReport() of a pool larger than the host gives the figures of the whole pool", () => {
  for (const [size, count] of [[SIZE_2M, 4096 * 3 + 77], [2 ** 30, 29]]) {
    const [row] = planReport({ hugetlb: [{ size, count }], kernel: "6.1" }).pools;
    const whole = hugetlbConfig({ size, count, kernel: "6.1", giveBack: false });
    assertEquals(row.savedBytes, makePool(whole, null, { contents: false }).made.netSavedBytes);
  }
  const { pools } = planReport({
    hugetlb: [{ size: 2 ** 30, count: 3024 }, { size: SIZE_2M, count: 786432 }],
    kernel: "6.1",
  });
  assertEquals(pools.filter((row) => !row.hugetlbFreeVmemmap).map((row) => row.lostBytes), [
    3024 * 2 ** 24,
    786432 * 2 ** 15,
  ]);
});

Deno.test("planReport() of regions, pools and ranges adds up to one total for each policy", () => {
  const pools = [{ size: SIZE_2M, count: 64 }];
  const report = planReport({ pmem: [2 ** 30, 2 ** 31], hugetlb: pools, hotplug: [2 ** 27], align: SIZE_2M });
  assertEquals(report.totals.length, Object.keys(PRESETS).length * 2);
  for (const { kernel, map, dramBytes, pmemBytes } of report.totals) {
    const rows = report.namespaces.filter((row) => row.kernel === kernel && row.map === map);
    const pool = report.pools.find((row) => row.kernel === kernel && row.hugetlbFreeVmemmap)!;
    const range = report.ranges.find((row) => row.kernel === kernel && !row.memmapOnMemory)!;
    assertEquals(rows.map(({ regionBytes: pmem }) => pmem), [2 ** 30, 2 ** 31]);
    assertEquals(pmemBytes, rows[0].pmemBytes! + rows[1].pmemBytes!);
    assertEquals(dramBytes, rows[0].dramBytes! + rows[1].dramBytes! + pool.lostBytes + range.dramBytes);
    assertEquals([range.dramBytes, range.directMapBytes], [513 * 4096, 4096]);
  }
  const on = report.ranges.filter((row) => row.memmapOnMemory);
  assertEquals(on.map((row) => [row.dramBytes, row.onMemoryBytes]), on.map(() => [4096, 512 * 4096]));
  assertEquals(planReport({ pmem: 2 ** 30, kernel: "6.1" }).totals, []);
});
