// SPDX-License-Identifier: GPL-2.0-only
// `lab namespace` on the command line: ndctl's default beside what is shown, several namespaces in one region.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lab } from "./lab_testing.ts";

const first = async (...args: string[]) => (await lab("namespace", ...args)).out.split("\n")[0];

Deno.test("lab namespace says in its first line what is shown and what ndctl's default would cost", async () => {
  assertEquals(
    await first("--size", "16G", "--no-contents"),
    // 16G / 64 of memmap in the pmem, and label, info block and alignment.
    "16G devdax, align 2M, map=mem, kernel 6.1; ndctl's fsdax, map=dev: 0 B of DRAM, 258 MiB of pmem",
  );
  assertEquals(
    await first("--size", "1G", "--mode", "fsdax", "--map", "dev", "--no-contents"),
    "1G fsdax, align 2M, map=dev, kernel 6.1",
  );
  assertStringIncludes(await first("--size", "1G", "--struct-page", "72"), "ndctl's fsdax, map=dev is refused");
});

Deno.test("lab namespace --namespaces: a row each, what is left, exit 1 when one does not fit", async () => {
  const list = "12G,3G::dev,96M:4K:mem:fsdax,6G";
  const { code, out } = await lab("namespace", "--namespaces", list, "--region", "18G", "--ways", "6", "--no-contents");
  assertEquals(code, 1);
  assertMatch(out, /^Region of 18G at 0x\w+, interleaved over 6 DIMMs, align 96M, kernel 6\.1$/m);
  assertMatch(out, /^ +3G +devdax +2M +dev +0x440000000 +0x443200000 +0 B +0 B +0 B +48 MiB +3168796672$/m);
  assertMatch(out, /^ +96M +fsdax +4K +mem +0x500000000/m);
  assertMatch(out, /^ +6G: ENOSPC, available_size is 2976M, max_available_extent 2976M$/m);
  assertMatch(out, /^ +max_available_extent +2\.91 GiB \(3120562176 bytes\)$/m);
  assertEquals(out.split("\n").filter((line) => line !== line.trimEnd() || line.length > 110), []);
});

Deno.test("lab namespace: invalid options of a region are one line and exit 2", async () => {
  const cases: [string[], string][] = [
    [["--ways", "3"], "namespace: --ways needs sizes: give --size SIZE or --namespaces SIZE,..."],
    [["--size", "1G", "--namespaces", "1G"], "exclude each other"],
    [["--namespaces", "1G:2M:pmem"], '--namespaces: expected mem or dev, got "pmem"'],
    [["--namespaces", "1G:2M:mem:devdax:5"], "expected SIZE:ALIGN:MAP:MODE"],
    [["--namespaces", "1G,"], 'Cannot read size ""'],
    [["--namespaces", "1G", "--cost", "cxl"], "--cost has no effect with --namespaces"],
    [["--size", "1G", "--ways", "six"], '--ways: expected a whole number, got "six"'],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await lab("namespace", ...args);
    assertEquals([code, out, err.trimEnd().split("\n").length], [2, "", 1], err);
    assertStringIncludes(err, message);
  }
});

Deno.test("lab namespace --namespaces --csv: a line each, and one of what is left of the region", async () => {
  const { out } = await lab("namespace", "--namespaces", "64M,32M::dev", "--region", "128M", "--no-contents", "--csv");
  const [head, ...rows] = out.trimEnd().split(/\r?\n/).map((line) => line.split(","));
  assertEquals(rows.map(([table, size]) => [table, Number(size)]), [
    ["namespace", 2 ** 26],
    ["namespace", 2 ** 25],
    ["region", 2 ** 27],
  ]);
  assertEquals(Number(rows[2][head.indexOf("maxAvailableExtentBytes")]), 2 ** 25);
});

Deno.test("lab namespace --memmap: a region without labels among the DRAM, as memmap=nn!ss makes it", async () => {
  const said = ["--size", "1026M", "--start", "6G", "--no-labels", "--dram", "8G", "--no-contents"];
  const long = (await lab("namespace", ...said)).out;
  for (const args of [["--memmap", "1026M!6G"], ["--memmap=1026M!6G"]]) {
    assertEquals((await lab("namespace", ...args, "--dram", "8G", "--no-contents")).out, long);
  }
  assertStringIncludes(long, "Region of 1026M at 0x180000000, no labels");
  const { code, err } = await lab("namespace", "--memmap", "4G@6G");
  assertEquals([code, err], [2, 'lab: --memmap: expected SIZE!START such as 4G!12G, got "4G@6G"\n']);
  assertEquals((await lab("namespace", "--memmap")).code, 2);
});
