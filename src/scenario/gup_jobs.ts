// SPDX-License-Identifier: GPL-2.0-only
// `lab gup --jobs N`: gup_test -j N. Every thread holds the same pages of one mapping. Before times are taken, one
// round stops with all pages held by all threads, and the counts of every page are checked: one more per thread at that
// point, and the initial counts after the round. Otherwise the run panics.

import { panic } from "../lib/bug.ts";
import { GUP_PIN_COUNTING_BIAS } from "../include/mm_types.ts";
import type { Kernel, VmArea } from "../mm/kernel.ts";
import { compoundHead, hasPincount, pageRefcount } from "../mm/page.ts";
import { daxPgoffToPfn, type DevDax } from "../drivers/dax/bus.ts";
import { COUNTERS, type CounterValues } from "../mm/vmstat.ts";
import { GUP_ROWS, gupBox, gupConfig, type GupOptions, type GupReport, gupWork, withoutArrays } from "./gup.ts";
import { checkedIf } from "./checked.ts";
import { GupTeam, type GupTeamResult } from "./gup_team.ts";
import { knownOptions, wholeNumber } from "./options.ts";

/** Limit of threads: each is a worker on the host. */
const MOST_JOBS = 64;

/** The options of `lab gup`, and the number of threads. */
export interface GupJobsOptions extends GupOptions {
  /** Threads, each a CPU of the machine in a worker of its own (-j), at most 64. */
  readonly jobs: number;
}

/** A report over all threads: the time of a round is that of its slowest thread, counters are sums over one round. */
export interface GupJobsReport extends GupReport {
  /** What each thread held and how long its rounds took, in milliseconds of host time. */
  readonly jobs: readonly Pick<GupReport, "heldPages" | "hostGetMs" | "hostPutMs">[];
  /** References counted on the mapping's pages beyond the initial ones: while all were held, and at the end. */
  readonly references: { readonly whileHeld: number; readonly after: number };
}

/**
 * Runs gup_test in several workers at once on one shared machine. RangeError for invalid options; panics if a count is
 * not exact. Deno starts a worker from a local file only with `--allow-read`.
 *
 * @example
 * ```ts
 * import { gupJobsReport } from "@vmemmap/lab";
 * import { assertEquals } from "@std/assert";
 *
 * const report = await gupJobsReport({ size: 2 ** 26, kernel: "v4", jobs: 2, repeats: 1 });
 * assertEquals(report.references, { whileHeld: 2 * 16384, after: 0 });
 * ```
 */
export async function gupJobsReport(options: GupJobsOptions): Promise<GupJobsReport> {
  knownOptions(options, [...Object.keys(GUP_ROWS), "jobs"]);
  const config = gupConfig(options);
  if (config.slow) throw new RangeError("Cannot run jobs on the slow path: expected the fast one");
  const jobs = wholeNumber("jobs", options.jobs, 1, MOST_JOBS);
  const { kernel: k, area } = gupBox(withoutArrays(config, jobs), { shared: true, cpus: jobs });
  const pages = Math.min(config.size / k.pageBytes, area.end - area.start);
  const run = { vpn: area.start, pages, batch: config.batch, mode: config.mode, repeats: config.repeats };
  const team = new GupTeam(k, area, jobs);
  try {
    let whileHeld = 0;
    const first = await team.run({ ...run, repeats: 1 }, () => whileHeld = extraReferences(k, area, pages));
    const perPage = countsPerPage(k, area, config.mode === "pin");
    expectCount("while all are held", whileHeld, jobs * pages * perPage);
    const results = await team.run(run);
    const after = extraReferences(k, area, pages);
    expectCount("after all were put", after, 0);
    for (const { books } of results) {
      expectCount("a CPU's own books", books.gupRefs + books.gupPins + books.pgmapRefs, 0);
    }
    const invariants = checkedIf(config.check, k);
    return { ...report(config, first, results), invariants, references: { whileHeld, after } };
  } finally {
    team.close();
  }
}

function report(
  config: GupReport["config"],
  first: readonly GupTeamResult[],
  results: readonly GupTeamResult[],
): Omit<GupJobsReport, "references" | "invariants"> {
  const getCounters = sumCounters(first.map(({ result }) => result.getCounters));
  const putCounters = sumCounters(first.map(({ result }) => result.putCounters));
  const slowest = (of: "hostGetMs" | "hostPutMs") =>
    results[0].result[of].map((_, round) => Math.max(...results.map(({ result }) => result[of][round])));
  return {
    config,
    heldPages: Math.min(...results.map(({ result }) => result.heldPages)),
    ...gupWork(getCounters, putCounters),
    hostGetMs: slowest("hostGetMs"),
    hostPutMs: slowest("hostPutMs"),
    modelGetMs: null,
    modelPutMs: null,
    jobs: results.map(({ result }) => result),
  };
}

/** Work of all CPUs together, as vmstat adds up per-CPU counters. */
function sumCounters(counters: readonly CounterValues[]): CounterValues {
  const sum = { ...counters[0] };
  for (const name of COUNTERS) sum[name] = counters.reduce((n, c) => n + c[name], 0);
  return sum;
}

/** References on the pages of the mapping beyond the initial one of each head. */
function extraReferences(k: Kernel, area: VmArea, pages: number): number {
  let extra = 0;
  const first = firstPfn(area);
  for (let pfn = first; pfn < first + pages; pfn++) {
    if (compoundHead(k, pfn) === pfn) extra += pageRefcount(k, pfn) - 1;
  }
  return extra;
}

/** How much holding a page once adds to its count: one reference, or the bias of a pinned base page. */
function countsPerPage(k: Kernel, area: VmArea, pin: boolean): number {
  return pin && !hasPincount(k, compoundHead(k, firstPfn(area))) ? GUP_PIN_COUNTING_BIAS : 1;
}

function firstPfn(area: VmArea): number {
  return daxPgoffToPfn(area.mapping as DevDax, area.pgoff, 1);
}

function expectCount(what: string, found: number, wanted: number): void {
  if (found !== wanted) panic(`gupJobsReport: ${found} references ${what}, not ${wanted}`);
}
