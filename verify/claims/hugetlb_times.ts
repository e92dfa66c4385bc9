// SPDX-License-Identifier: GPL-2.0-only
// Seed 004's measurements: times and latency histograms of 10240 pages. Times are of the author's machine, and ratios
// of times too; that times and histograms fit each other, and that the histograms hold every page, is not.

import { type HugetlbReport, hugetlbReport } from "../../src/scenario/hugetlb.ts";
import { type Claim, YES_NO } from "./claim.ts";
import { SIZE_2M } from "../formulas/vmemmap.ts";
import { bounds, calls, histogram } from "./listings.ts";
import { yes } from "../measure/measure.ts";
import { HUGETLB_SEED004 } from "../series/figures.ts";
import { inconsistent, time } from "./times.ts";

/** How many times slower allocation became, by the document's two times. */
const OWN_SLOWDOWN = HUGETLB_SEED004.unbatched.alloc / HUGETLB_SEED004.off.alloc;

/** Claims about times and histograms. */
export function timingClaims(): Claim[] {
  const inBuckets = (id: string, name: Parameters<typeof histogram>[0], seconds: number): Claim => ({
    id,
    what: `${seconds} s is what the buckets add up to`,
    unit: YES_NO,
    formula: 1,
    measure: () => {
      const { least, most } = bounds(histogram(name));
      return yes(least <= seconds * 1e9 && seconds * 1e9 <= most);
    },
    expected: "equal",
  });
  const rows = (id: string, what: string, name: Parameters<typeof histogram>[0], side: Side, on: boolean): Claim => ({
    id,
    what,
    unit: "pages",
    printed: "10240",
    formula: calls(histogram(name)),
    measure: () => pagesTimed(side, on),
    expected: "confirmed",
  });
  return [
    time("004-10", "allocating 10240 2M pages, optimised", "0.166", "s"),
    time("004-11", "the same without", "0.066", "s"),
    inconsistent("004-14", "allocation is slower by", "2", "x", OWN_SLOWDOWN, "0.166 s against 0.066 s are 2.5x"),
    time("004-15", "freeing them, optimised, until the worker has them", "0.004", "s"),
    time("004-16", "the same without", "0.077", "s"),
    { ...time("004-19", "__free_hugepage is slower by", "2-4", "x"), note: freeingNote() },
    inconsistent(
      "004-20",
      "and probably, as allocation is, by about",
      "2",
      "x",
      OWN_SLOWDOWN,
      "allocation is slower by 2.5 by its own times, and says nothing of freeing, whose histograms allow 2 to 4",
    ),
    // Their sum is every page; how they fall into buckets is their machine's.
    ...["004-12", "004-13", "004-17", "004-18"].map((id) =>
      time(`${id}/buckets`, "pages in each bucket", "as listed", "")
    ),
    inBuckets("004-10/buckets", "allocPatched", 0.166),
    inBuckets("004-11/buckets", "allocUnpatched", 0.066),
    inBuckets("004-16/buckets", "freeUnpatched", 0.077),
    rows("004-12", "rows of the allocation histogram, optimised", "allocPatched", "histogram", true),
    rows("004-13", "the same without", "allocUnpatched", "histogram", false),
    rows("004-17", "rows of the freeing histogram, optimised", "freePatched", "freeHistogram", true),
    rows("004-18", "the same without", "freeUnpatched", "freeHistogram", false),
  ];
}

/** What the author's own figures allow: the calls' bounds over the 77 ms without the series, and over their bounds. */
function freeingNote(): string {
  const [patched, plain] = [bounds(histogram("freePatched")), bounds(histogram("freeUnpatched"))];
  const x = (n: number) => n.toFixed(1);
  return `${x(patched.least / 77e6)} to ${x(patched.most / 77e6)} by its histogram over its run of 77 ms; ` +
    `${x(patched.least / plain.most)} to ${x(patched.most / plain.least)} by the two histograms`;
}

type Side = "histogram" | "freeHistogram";

const reports = new Map<boolean, HugetlbReport>();

/** The latency histograms of 10240 pages made and given back. */
function histograms(optimize: boolean): HugetlbReport {
  const report = reports.get(optimize) ?? hugetlbReport({ size: SIZE_2M, count: 10240, keep: 2, optimize });
  reports.set(optimize, report);
  return report;
}

/** Pages in one of those histograms. */
function pagesTimed(side: Side, optimize: boolean): number {
  return histograms(optimize)[side].reduce((sum, { count }) => sum + count, 0);
}
