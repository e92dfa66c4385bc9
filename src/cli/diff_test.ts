// SPDX-License-Identifier: GPL-2.0-only
// `lab diff`: both kernels' own figures, ratios, and refusals in one line.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { gupReport } from "../scenario/gup.ts";
import { compareReports, type DiffRow } from "./diff.ts";
import { lab } from "./lab_testing.ts";

Deno.test("lab diff shows what each kernel says of itself, and the ratio", async () => {
  const { code, out } = await lab(
    "diff",
    "6.1",
    "6.1,gup=compound",
    "gup",
    "--size",
    "16M",
    "--repeats",
    "1",
    "--json",
  );
  const { command, config, report } = JSON.parse(out);
  assertEquals([code, command, config.kernelA, config.kernelB], [0, "diff", "6.1", "6.1,gup=compound"]);
  assertEquals(report.changes, [{ name: "gup", from: "per-page", to: "compound" }]);
  const row = (report.rows as DiffRow[]).find(({ name }) => name === "refcountStores")!;
  const [a, b] = ["6.1", "6.1,gup=compound"].map((kernel) => gupReport({ size: 2 ** 24, kernel, repeats: 1 }));
  assertEquals([row.a, row.b, row.ratio], [
    a.refcountStores,
    b.refcountStores,
    b.refcountStores / a.refcountStores,
  ]);
  const names = (report.rows as DiffRow[]).map(({ name }) => name);
  for (const name of ["heldPages", "putRefcountStores", "hostGetMs", "modelGetMs"]) assert(names.includes(name), name);
});

Deno.test("lab diff prints frames, tables, flushes and times side by side", async () => {
  const { code, out } = await lab("diff", "5.14", "v7", "namespace", "--size", "256M");
  assertEquals(code, 0);
  assertStringIncludes(out, "A 5.14, B v7: ");
  assertMatch(out, /^pages\.vmemmap +1024 +256 +0\.250$/m);
  assertMatch(out, /^modelMs +[\d.]+ +[\d.]+ +[\d.]+$/m);
  const flushes = await lab("diff", "6.1", "6.1,hugetlbFlush=batch", "hugetlb", "--count", "64");
  assertMatch(flushes.out, /^allocCounters\.tlbFlushes +\d+ +2 /m);
});

Deno.test("compareReports() leaves out figures that are equal or in one report only, and gives no ratio to 0", () => {
  const a = { config: { size: 1 }, pages: { vmemmap: 4, altmap: 1 }, only: 1, zero: 0, getMs: [3, 2], list: [1] };
  const b = { config: { size: 2 }, pages: { vmemmap: 2, altmap: 1 }, zero: 5, getMs: [4, 1], list: [2] };
  assertEquals(compareReports(a, b), [
    { name: "pages.vmemmap", a: 4, b: 2, ratio: 0.5 },
    { name: "zero", a: 0, b: 5, ratio: null },
    { name: "getMs", a: 2, b: 1, ratio: 0.5 },
  ]);
});

for (
  const [line, message] of [
    ["diff 6.1", "expected A B COMMAND"],
    ["diff 6.1 9.9 gup --size 1M", 'Unknown kernel "9.9"'],
    ["diff 6.1 v7 gupp --size 1M", 'cannot compare "gupp" (did you mean "gup"?)'],
    ["diff 6.1 v7 gup --size 1M --kernel v4", "--kernel is set by A and B"],
    ["diff 6.1 v7 gup --sise 1M", 'unknown argument "--sise" (did you mean "--size"?)'],
    ["diff 6.1 v7 namespace", "--size SIZE is required"],
  ]
) {
  Deno.test(`lab ${line}: one line, exit 2`, async () => {
    const { code, out, err } = await lab(...line.split(" "));
    assertEquals([code, out], [2, ""]);
    assertMatch(err, /^lab: [^\n]+\n$/);
    assertStringIncludes(err, message);
  });
}

Deno.test("lab diff accepts another program's syntax of flags, like the command", async () => {
  const { code, out } = await lab("diff", "5.14", "6.1", "namespace", "--memmap", "64M!6G", "--no-contents");
  assertEquals(code, 0);
  assertStringIncludes(out, "pages.vmemmap");
});
