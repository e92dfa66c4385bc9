// SPDX-License-Identifier: GPL-2.0-only
// Claims under other kernels: kept, not kept, and not comparable.

import { assertEquals, assertThrows } from "@std/assert";
import { PRESETS } from "../../mod.ts";
import type { Claim } from "../claims/claim.ts";
import { layoutOf, mappedPages, pagesOfCompound } from "../measure/measure.ts";
import { poolOf } from "../measure/hugetlb.ts";
import { claimId } from "./audit.ts";
import { keptClaims, keptReport, keptRow } from "./generations.ts";
import { keptTable, storedKept } from "./kept_md.ts";

const SIZE_2M = 2 ** 21;
const SIZE_1G = 2 ** 30;

const claim = (measure: () => number): Claim => ({ id: "000-00", what: "", unit: "", expected: "equal", measure });
const kept = (measure: () => number, ...kernels: string[]) =>
  keptRow(claim(measure), kernels)?.under.map((under) => [under.kept, under.measured]);

Deno.test("keptRow() measures the same under another kernel: shared tails since 6.1, shared tables never", () => {
  const frames = () => layoutOf(SIZE_2M, "v7").frames.length;
  assertEquals(kept(frames, "5.18", "6.1", "7.3"), [[false, 1], [true, 2], [true, 2]]);
  assertEquals(kept(() => layoutOf(SIZE_1G, "v4").tables.pte.length, "6.1"), [[false, 8]]);
  assertEquals(kept(() => pagesOfCompound("v4", SIZE_2M) / mappedPages(SIZE_2M, "5.14"), "6.12"), [[true, 64]]);
  // Afterwards the document's own kernel is measured again.
  assertEquals(frames(), 2);
});

Deno.test("keptRow() measures a pool that keeps what the kernel keeps, not what the series keeps", () => {
  const tables = () => poolOf(SIZE_2M, 64, 2, "dense").net;
  assertEquals(kept(tables, "5.14", "6.1"), [[true, 64 * 6 - 1], [false, 64 * 7 - 1]]);
});

Deno.test("keptRow() does not compare a measurement without a series' kernel", () => {
  assertEquals(kept(() => layoutOf(SIZE_2M, "5.14").frames.length, "6.1"), undefined);
  assertEquals(kept(() => PRESETS["v4"].hugetlbKeep, "6.1"), undefined);
});

Deno.test("AUDIT.md's table of kept claims matches a measurement (deno task audit)", () => {
  const stored = storedKept();
  const kernels = stored.summary.map(({ kernel }) => kernel);
  for (const id of ["000-04", "000-09", "004-01"]) {
    const { lost } = keptTable(keptClaims({ id }, kernels));
    assertEquals(stored.lost.filter((row) => claimId(row.id) === id), lost, id);
  }
});

Deno.test("keptReport() refuses unknown kernels", () => {
  assertThrows(() => keptReport({ id: "000-04" }, ["6.2"]), RangeError, 'kernel "6.2": expected');
  const { report, text } = keptReport({ id: "000-04" }, ["7.3"]);
  assertEquals((report as { summary: unknown }).summary, [{ kernel: "7.3", kept: 1, notKept: 0, notComparable: 0 }]);
  assertEquals(text!.split("\n").at(-1), "7.3: 1 claims kept, 0 not, 0 not comparable");
});
