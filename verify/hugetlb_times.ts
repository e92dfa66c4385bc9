// SPDX-License-Identifier: GPL-2.0-only
// Seed 004's measurements: times and latency histograms of 10240 pages. Times are of the author's machine; what follows
// from them by arithmetic, and that the histograms hold every page, is not.

import { type HugetlbReport, hugetlbReport } from "../src/scenario/hugetlb.ts";
import type { Claim } from "./claim.ts";
import { perPageRatio, SIZE_2M } from "./formulas.ts";
import { bounds, histogram } from "./listings.ts";
import { yes } from "./measure.ts";
import { time } from "./times.ts";

/** Claims about times and histograms. */
export function timingClaims(): Claim[] {
  // All pages lie in one bucket with the series; without it the whole run took 77 ms.
  const freed = (id: string, what: string, printed: string, bound: "least" | "most"): Claim => ({
    id,
    what,
    unit: "x",
    printed,
    formula: 10240 * 2 ** (bound === "least" ? 14 : 15) / 77e6,
    measure: () => bounds(histogram("freePatched"))[bound] * pagesTimed("freeHistogram", true) / 10240 / 77e6,
    expected: "rounding",
    note: "the bucket's bounds over the run without the series; the two histograms alone allow 1.9 to 7.8",
  });
  const inBuckets = (id: string, name: Parameters<typeof histogram>[0], seconds: number): Claim => ({
    id,
    what: `${seconds} s is what the buckets add up to (1 yes)`,
    unit: "",
    formula: 1,
    measure: () => {
      const { least, most } = bounds(histogram(name));
      return yes(least <= seconds * 1e9 && seconds * 1e9 <= most);
    },
    expected: "equal",
  });
  const rows = (id: string, what: string, counts: readonly number[], side: Side, optimize: boolean): Claim => ({
    id,
    what,
    unit: "pages",
    printed: String(counts.reduce((sum, n) => sum + n, 0)),
    formula: 10240,
    measure: () => pagesTimed(side, optimize),
    expected: "confirmed",
  });
  return [
    time("004-10", "allocating 10240 2M pages, optimised", "0.166", "s"),
    time("004-11", "the same without", "0.066", "s"),
    {
      id: "004-14",
      what: "allocation is slower by, per page",
      unit: "x",
      printed: "2",
      formula: perPageRatio(166, 10240, 66, 10240),
      measure: () => perPageRatio(166, pagesTimed("histogram", true), 66, pagesTimed("histogram", false)),
      expected: "rounding",
      note: "2.5 by its own times, cut off rather than rounded",
    },
    time("004-15", "freeing them, optimised, until the worker has them", "0.004", "s"),
    time("004-16", "the same without", "0.077", "s"),
    freed("004-19/low", "__free_hugepage is slower by, at least", "2", "least"),
    freed("004-19/high", "and at most", "4", "most"),
    {
      ...freed("004-20", "and probably by about", "2", "least"),
      note: "the buckets allow 2.2 to 4.4: 2 is the low end, and that allocation is 2x slower says nothing of freeing",
    },
    // Their sum is every page; how they fall into buckets is their machine's.
    ...["004-12", "004-13", "004-17", "004-18"].map((id) =>
      time(`${id}/buckets`, "pages in each bucket", "as listed", "")
    ),
    inBuckets("004-10/buckets", "allocPatched", 0.166),
    inBuckets("004-11/buckets", "allocUnpatched", 0.066),
    inBuckets("004-16/buckets", "freeUnpatched", 0.077),
    rows("004-12", "rows of the allocation histogram, optimised", [8360, 1868, 10, 2], "histogram", true),
    rows("004-13", "the same without", [10176, 62, 2], "histogram", false),
    rows("004-17", "rows of the freeing histogram, optimised", [10240], "freeHistogram", true),
    rows("004-18", "the same without", [9950, 287, 3], "freeHistogram", false),
  ];
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
