// SPDX-License-Identifier: GPL-2.0-only
// How the reports refuse invalid options: saying what was given and what is allowed, before anything is booted.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { PRESETS } from "../include/kernel_config.ts";
import { SZ_1G, SZ_1M, SZ_2M } from "../include/sizes.ts";
import { NAMESPACE_ROWS } from "./box.ts";
import { GUP_ROWS, gupReport } from "./gup.ts";
import { gupJobsReport } from "./gup_jobs.ts";
import { hotplugReport } from "./hotplug.ts";
import { HOTPLUG_ROWS } from "./hotplug_box.ts";
import { hugetlbReport } from "./hugetlb.ts";
import { HUGETLB_ROWS } from "./hugetlb_box.ts";
import { LAYOUT_ROWS, layoutReport } from "./layout.ts";
import { lineageReport } from "./lineage.ts";
import { namespaceReport } from "./namespace.ts";
import { namespacesReport } from "./namespaces.ts";
import { fillIn, type OptionRow, switchRow } from "./option_row.ts";
import { multipleOf, oneOf, wholeNumber } from "./options.ts";
import { PLAN_ROWS, planReport } from "./plan.ts";
import { traceReport } from "./trace.ts";

/** JavaScript and data from outside pass what the types forbid. */
const untyped = (options: Record<string, unknown>): never => options as never;

Deno.test("wholeNumber(), multipleOf() and oneOf() return valid values", () => {
  assertEquals([wholeNumber("jobs", 1, 1, 64), wholeNumber("jobs", 64, 1, 64)], [1, 64]);
  assertEquals([multipleOf("hold", SZ_1M, SZ_1M), oneOf("map", "dev", ["mem", "dev"])], [SZ_1M, "dev"]);
  for (const count of [0, 65, 1.5, NaN, Infinity, "5" as never]) {
    assertThrows(() => wholeNumber("jobs", count, 1, 64), RangeError, "expected a whole number from 1 to 64");
  }
  for (const bytes of [0, -SZ_1M, SZ_1M + 1, NaN, 2 ** 60, "1M" as never]) {
    assertThrows(() => multipleOf("hold", bytes, SZ_1M), RangeError, "expected a positive multiple of 1M");
  }
});

Deno.test("fillIn() accepts only true and false for a switch", () => {
  const rows = { contents: switchRow("contents", "", true), dax: switchRow("dax", "") };
  assertEquals(fillIn({}, rows), { contents: true, dax: false });
  assertEquals(fillIn({ contents: false }, rows), { contents: false, dax: false });
  for (const given of ["false", "", 0, 1, NaN, {}]) {
    assertThrows(() => fillIn({ dax: given }, rows), TypeError, "expected true or false");
  }
});

Deno.test("every row's default is an allowed value, which its flag's text reads as", () => {
  for (const rows of [NAMESPACE_ROWS, GUP_ROWS, HUGETLB_ROWS, HOTPLUG_ROWS, LAYOUT_ROWS, PLAN_ROWS]) {
    for (const [name, row] of Object.entries<OptionRow<unknown>>(rows)) {
      if (row.fallback === undefined || row.value === "") continue;
      assertEquals(row.check(row.fallback as never), row.fallback, name);
      assertEquals(row.read(row.show(row.fallback)), row.fallback, name);
    }
  }
});

Deno.test("every switch of every report is checked before anything is booted", () => {
  const cases: readonly (readonly [(options: never) => unknown, Record<string, unknown>, readonly string[]])[] = [
    [namespaceReport, { size: 16 * SZ_1M }, ["contents"]],
    [layoutReport, {}, ["contents"]],
    [hugetlbReport, { size: SZ_2M, count: 1 }, ["hugetlbFreeVmemmap", "giveBack"]],
    [hotplugReport, { size: 128 * SZ_1M }, [
      "memmapOnMemory",
      "autoOnline",
      "bareMetal",
      "hugetlbFreeVmemmap",
      "dax",
      "contents",
    ]],
  ];
  for (const [report, options, names] of cases) {
    for (const name of names) {
      assertThrows(
        () => report(untyped({ ...options, [name]: "false" })),
        TypeError,
        `Cannot switch ${name} to "false": expected true or false`,
      );
    }
  }
});

Deno.test("infinite numbers, and text for a number, are refused by name", () => {
  const size = 4 * SZ_1M;
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => gupReport({ size, repeats: 1e12 }), "repeats 1000000000000: expected a whole number from 1 to 1000000"],
    [() => gupReport({ size, repeats: "3" as never }), 'repeats "3": expected a whole number'],
    [() => gupReport({ size, batch: 2 ** 32 }), "batch 4294967296: expected a whole number from 1 to 4294967295"],
    [() => hugetlbReport({ size: SZ_2M, count: 1e20 }), "count 100000000000000000000: expected a whole number from 1"],
    [() => hugetlbReport({ size: SZ_2M, count: 1, cpus: 8193 }), "CPUs 8193: expected a whole number from 1 to 8192"],
    [() => hotplugReport({ size: SZ_1G, node: 64 }), "node 64: expected a whole number from 0 to 63"],
    [() => hotplugReport({ size: NaN }), "Cannot plug memory of NaN bytes"],
    [() => hotplugReport({ size: SZ_1G, block: "134217728" as never }), "Cannot have memory blocks of"],
    [() => namespaceReport({ size, kernel: 6.1 as never }), 'Unknown kernel "6.1"'],
    [() => namespaceReport({ size: 4 * size, hostMemory: "99999999999" as never }), 'Cannot use "99999999999" bytes'],
    [() => planReport({ usable: 2 ** 46 }), "expected a whole number from 1 to less than 64T"],
  ];
  for (const [run, message] of cases) assertThrows(run, RangeError, message);
  assertThrows(() => hotplugReport({ size: SZ_1G, fragment: "0.5" as never }), TypeError, "share from 0 to 1");
  assertThrows(() => planReport({ hugetlb: untyped({ size: SZ_2M, count: 1 }) }), TypeError, "expected an array");
});

Deno.test("reports refuse an unknown option, and options that are not an object", async () => {
  const extra = { size: 2 ** 26, count: 1, pmem: 2 ** 26, jobs: 1, path: "namespace", algn: 2 ** 21 } as never;
  const reports: readonly ((options: never) => unknown)[] = [
    namespaceReport,
    namespacesReport,
    gupReport,
    hugetlbReport,
    hotplugReport,
    layoutReport,
    planReport,
    lineageReport,
    traceReport,
  ];
  for (const report of reports) assertThrows(() => report(extra), RangeError, "Unknown option", report.name);
  assertThrows(() => namespaceReport("1G" as never), TypeError, 'Cannot read options from "1G": expected an object');
  await assertRejects(() => gupJobsReport(extra), RangeError, "Unknown option");
  const misspelt = () => namespaceReport({ size: 2 ** 26, algn: 2 ** 21 } as never);
  assertThrows(misspelt, RangeError, 'Unknown option "algn": expected size, align, ');
  const kernel = { ...PRESETS["6.1"], dedub: "none" };
  assertThrows(() => namespaceReport({ size: 2 ** 26, kernel }), RangeError, 'Unknown switch "dedub": expected');
});
