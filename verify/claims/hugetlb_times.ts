// SPDX-License-Identifier: GPL-2.0-only
// Document 004's measurements: times and latency histograms of 10240 pages. Times, and their ratios, depend on the
// author's machine; that times match histograms, and that histograms contain every page, does not.

import { type HugetlbReport, hugetlbReport } from "../../src/scenario/hugetlb.ts";
import type { Claim } from "./claim.ts";
import { byItsOwn, claim } from "./documented.ts";
import { basePagesOf, freedPages } from "../formulas/hugetlb.ts";
import { PAGE, SIZE_2M } from "../formulas/vmemmap.ts";
import { bounds, calls, histogram } from "./listings.ts";
import { givenBack } from "../measure/hugetlb.ts";
import { kept, yes } from "../measure/measure.ts";
import { HUGETLB_SEED004 } from "../series/figures.ts";

/** How many times slower allocation became, from the document's two times. */
const OWN_SLOWDOWN = HUGETLB_SEED004.unbatched.alloc / HUGETLB_SEED004.off.alloc;

export function timingClaims(): Claim[] {
  const inBuckets = (id: string, name: Histogram, seconds: number) =>
    claim(id, 1, () => {
      const { least, most } = bounds(histogram(name));
      return yes(least <= seconds * 1e9 && seconds * 1e9 <= most);
    });
  const rows = (id: string, name: Histogram, side: Side, on: boolean) =>
    claim(id, calls(histogram(name)), () => pagesTimed(side, on));
  return [
    claim("004-10"),
    claim("004-11"),
    byItsOwn("004-14", OWN_SLOWDOWN),
    claim("004-15"),
    claim("004-16"),
    { ...claim("004-19"), note: freeingNote() },
    byItsOwn("004-20", OWN_SLOWDOWN),
    // Only the sum is checked: how pages fall into buckets depends on the author's machine.
    ...["004-12", "004-13", "004-17", "004-18"].map((id) => claim(`${id}/buckets`)),
    inBuckets("004-10/buckets", "allocPatched", 0.166),
    inBuckets("004-11/buckets", "allocUnpatched", 0.066),
    inBuckets("004-16/buckets", "freeUnpatched", 0.077),
    rows("004-12", "allocPatched", "allocHistogram", true),
    rows("004-13", "allocUnpatched", "allocHistogram", false),
    rows("004-17", "freePatched", "freeHistogram", true),
    rows("004-18", "freeUnpatched", "freeHistogram", false),
    ...asynchronous(),
  ];
}

/** Patch 9's worker: the work of the write to nr_hugepages, and the work left to the worker. */
function asynchronous(): Claim[] {
  const count = 64;
  const net = count * (basePagesOf(SIZE_2M, PAGE) - freedPages(SIZE_2M, PAGE, 2));
  const given = () => givenBack(count, { free: "deferred" });
  const plain = () => givenBack(count, { hugetlbFreeVmemmap: false }).caller.ms;
  return [
    claim("004-29", 1, () => yes(given().empty && given().caller.pages === 0)),
    claim("004-29/worker", net, () => given().worker.pages),
    claim("004-29/sync", net, () => givenBack(count, { free: "sync" }).caller.pages),
    claim("004-29/caller", 1, () => yes(given().caller.ms < plain())),
    claim("004-29/both", 0, () => yes(given().caller.ms + given().worker.ms < plain())),
  ];
}

/**
 * The range that the author's figures allow: bounds of the calls over the 77 ms without the series, and over the bounds
 * of its histogram.
 */
function freeingNote(): string {
  const [patched, plain] = [bounds(histogram("freePatched")), bounds(histogram("freeUnpatched"))];
  const x = (n: number) => n.toFixed(1);
  return `${x(patched.least / 77e6)} to ${x(patched.most / 77e6)} from its histogram over its run of 77 ms; ` +
    `${x(patched.least / plain.most)} to ${x(patched.most / plain.least)} from the two histograms`;
}

type Histogram = Parameters<typeof histogram>[0];
type Side = "allocHistogram" | "freeHistogram";

const reports = new Map<string, HugetlbReport>();

/** The latency histograms of 10240 pages made and freed. */
function histograms(hugetlbFreeVmemmap: boolean): HugetlbReport {
  const options = { size: SIZE_2M, count: 10240, keep: 2, hugetlbFreeVmemmap };
  return kept(reports, options, () => hugetlbReport(options));
}

/** Pages in one of those histograms. */
function pagesTimed(side: Side, hugetlbFreeVmemmap: boolean): number {
  return histograms(hugetlbFreeVmemmap)[side].reduce((sum, { count }) => sum + count, 0);
}
