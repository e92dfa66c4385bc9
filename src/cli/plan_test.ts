// SPDX-License-Identifier: GPL-2.0-only
// `lab plan` on the command line: one JSON document, one line and exit 2 for invalid options.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PRESETS } from "../include/kernel_config.ts";
import { lab } from "./lab_testing.ts";

async function refuses(message: string, ...args: string[]): Promise<void> {
  const { code, out, err } = await lab(...args);
  assertEquals([code, out, err.trimEnd().split("\n").length], [2, "", 1], err);
  assertStringIncludes(err, message);
}

Deno.test("lab plan --json has a row for every policy, pool and size", async () => {
  const args = ["--pmem", "1G", "--align", "2M", "--hugetlb", "2M:8,1G:1", "--usable", "512M", "--json"];
  const { code, out, err } = await lab("plan", ...args);
  const kernels = Object.keys(PRESETS).length;
  const { namespaces, pools, sizes } = JSON.parse(out).report;
  assertEquals([code, err, namespaces.length, pools.length, sizes.length], [0, "", 2 * kernels, 2 * (kernels + 1), 2]);
  assert(namespaces[0].dramBytes > 0 && sizes[0].usableBytes >= 2 ** 29);
});

Deno.test("lab plan prints its tables without trailing blanks", async () => {
  const { code, out } = await lab("plan", "--pmem", "1G", "--hugetlb", "2M:8", "--usable", "512M", "--kernel", "6.1");
  assertEquals(code, 0);
  for (const head of ["1G of pmem in one namespace:", "Huge pages in DRAM:", "For 512M of data, ask for:"]) {
    assertStringIncludes(out, head);
  }
  assertStringIncludes(out, "Cannot enable the namespace: ENXIO");
  assertEquals(out.split("\n").filter((line) => line !== line.trimEnd()), []);
});

Deno.test("lab plan refuses what cannot be planned", async () => {
  await refuses("plan: nothing to plan: give --pmem SIZE", "plan");
  await refuses('--hugetlb: expected SIZE:N such as 2M:512, got "2M"', "plan", "--hugetlb", "2M");
  await refuses("Cannot make huge pages of 4M", "plan", "--hugetlb", "4M:1");
  await refuses('--map: expected mem or dev, got "pmem"', "plan", "--pmem", "1G", "--map", "pmem");
  await refuses("expected a positive multiple of 16M", "plan", "--pmem", "100M");
});

Deno.test("lab plan prints rows that differ in their kernel alone once", async () => {
  const { out } = await lab("plan", "--pmem", "1G", "--align", "2M", "--map", "mem");
  assertStringIncludes(out, "v4, v7, 6.1");
  assertEquals(out.split("\n").filter((line) => /\bmem\b +2M/.test(line)).length, 3);
});

Deno.test("lab plan takes sizes as ndctl prints them, several regions, and prints CSV", async () => {
  const args = ["--pmem", "1.00 GiB (1.07 GB),0x40000000", "--align", "2M", "--map", "mem", "--kernel", "6.1"];
  const { code, out } = await lab("plan", ...args, "--csv");
  const [head, ...rows] = out.trimEnd().split("\r\n").map((line) => line.split(","));
  assertEquals([code, head.slice(0, 4), rows.length], [0, ["table", "regionBytes", "kernel", "map"], 3]);
  assertEquals(rows.map((row) => row.slice(0, 3)), [
    ["namespace", "1073741824", "6.1"],
    ["namespace", "1073741824", "6.1"],
    ["total", "", "6.1"],
  ]);
  const both = await lab("plan", "--pmem", "1G", "--csv", "--json");
  assertEquals([both.code, both.err], [2, "lab: plan: --csv and --json exclude each other\n"]);
});

Deno.test("lab plan of regions, pools and ranges at once: one table, one total that is their sum", async () => {
  const args = ["--pmem", "1G,2G", "--hugetlb", "2M:64,1G:1", "--hotplug", "128M,256M"];
  const one = ["--align", "2M", "--map", "mem", "--kernel", "6.12"];
  const { report } = JSON.parse((await lab("plan", ...args, ...one, "--json")).out);
  const sum = (rows: Record<string, number>[], key: string) => rows.reduce((n, row) => n + row[key], 0);
  const parts = sum(report.namespaces, "dramBytes") +
    sum(report.pools.filter((pool: { hugetlbFreeVmemmap: boolean }) => pool.hugetlbFreeVmemmap), "lostBytes") +
    sum(report.ranges.filter((range: { memmapOnMemory: boolean }) => !range.memmapOnMemory), "dramBytes");
  assertEquals(report.totals.map((total: Record<string, number>) => total.dramBytes), [parts]);
  const lines = (await lab("plan", ...args, ...one, "--csv")).out.trimEnd().split("\r\n").map((line) =>
    line.split(",")
  );
  const [head, ...rows] = lines;
  const kinds = rows.map(([table]) => table);
  assertEquals(kinds, [
    ...["namespace", "namespace", "pool", "pool", "pool", "pool"],
    ...["range", "range", "range", "range", "total"],
  ]);
  assertEquals(new Set(lines.map((line) => line.length)).size, 1);
  assertEquals(Number(rows.at(-1)![head.indexOf("dramBytes")]), parts);
  const { out } = await lab("plan", ...args, ...one);
  assertEquals(out.match(/^All of it together:$/gm)?.length, 1);
});

Deno.test("lab plan takes a rounded size for the region that it must be", async () => {
  for (const pmem of ["135.29GB", "126.00 GiB (135.29 GB)", "0x1f80000000", "126.00 GiB"]) {
    const { out } = await lab("plan", "--pmem", pmem, "--align", "2M", "--map", "mem", "--kernel", "6.1", "--json");
    assertEquals(JSON.parse(out).report.namespaces[0].regionBytes, 126 * 2 ** 30, pmem);
  }
  await refuses("expected a positive multiple of 16M, nearest are", "plan", "--pmem", "5.91TB");
  await refuses('Cannot read size "1512.000": a fraction needs a unit', "plan", "--pmem", "1512.000");
});
