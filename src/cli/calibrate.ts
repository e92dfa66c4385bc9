// SPDX-License-Identifier: GPL-2.0-only
// `lab calibrate`: measures this host's cost table with small loops (probes.ts), and predicts the emulator's host
// times with it, using the terms and counters that also model the documents' machine. The measured times are taken
// here, or read from `deno bench --json bench/model_bench.ts`. Host time says how fast the emulator is, not Linux.

import { modelNs } from "../model/time.ts";
import { type CostTable, costTable, DEFAULT_COST } from "../model/cost_tables.ts";
import { TERM_NAMES, type TermName } from "../model/terms.ts";
import { countersSince, type CounterValues, readCounters } from "../mm/vmstat.ts";
import { BATCH, CALIBRATE_CASES, type CaseBox, creationCase, gupTestCase } from "./calibrate_cases.ts";
import { type Command, CommandError } from "./command.ts";
import { ProgressBar } from "./progress.ts";
import { probe, type Probes } from "./probes.ts";
import { unreadReason } from "./unread.ts";

/** One case, predicted and measured. Milliseconds. */
export interface CalibrateRow {
  readonly name: string;
  readonly predictedHostMs: number;
  /** Best of the rounds. */
  readonly hostMs: number;
  /** Median of the rounds over the best: well above 1 on a busy host. Null if read from a file. */
  readonly spread: number | null;
  /** Predicted over measured, less one. */
  readonly deviation: number;
}

/** What `lab calibrate` prints with `--json`. */
export interface CalibrateReport {
  readonly host: { readonly os: string; readonly arch: string; readonly deno: string; readonly v8: string };
  /** Nanoseconds per step. */
  readonly probes: Probes;
  /** Nanoseconds per count, of terms the host has a cost for. */
  readonly costNs: CostTable["ns"];
  /** Where measuredMs comes from: `here` or the bench file. */
  readonly measuredBy: string;
  readonly rows: readonly CalibrateRow[];
}

/** What a case did and how long it took. */
interface Timed {
  readonly counters: CounterValues;
  readonly ms: number;
  readonly spread: number;
}

/** Rounds of a case: at least, at most, and the milliseconds after which no more are started. */
const ROUNDS = { least: 7, most: 60, ms: 1500 };
/** Runs in the cache: 2 MiB of struct pages, with enough rounds for the compiler to optimise the loops. */
const SMALL = 2 ** 27;
const SMALL_ROUNDS = { least: 300, most: 300, ms: 0 };
/** Median over best from which a host counts as busy. */
const BUSY = 1.3;

/** The command. */
export const calibrateCommand: Command = {
  name: "calibrate",
  summary: "measure this host and predict the emulator's run times with the model",
  example: "",
  flags: { bench: { value: "FILE", help: "times from `deno bench --json bench/model_bench.ts`" } },
  csv: (report) => (report as CalibrateReport).rows,
  run: async (flags) => {
    const file = flags.has("bench") ? flags.text("bench") : null;
    const times = file === null ? null : await benchTimes(file);
    const report = calibrate(times, file ?? "here");
    return { report, text: text(report) };
  },
};

/** Measures, predicts, compares. `times` are milliseconds by case name, for every case; null measures here. */
export function calibrate(times: ReadonlyMap<string, number> | null, measured: string): CalibrateReport {
  using bar = new ProgressBar("calibrate");
  const steps = CALIBRATE_CASES.length + 2;
  bar.update(0, steps, "probes of this host");
  const probes = probe();
  bar.update(1, steps, "small runs, in the cache");
  const cost = { ...costTable(DEFAULT_COST), name: "host", machine: "this host", ns: hostCosts(probes) };
  const rows = CALIBRATE_CASES.map(({ name, build }, i) => {
    bar.update(i + 2, steps, name);
    const box = build();
    const { counters, ms, spread } = timed(box);
    const hostMs = times === null ? ms : times.get(name)!;
    const predictedHostMs = modelNs(counters, cost) / 1e6;
    const deviation = predictedHostMs / hostMs - 1;
    return { name, predictedHostMs, hostMs, spread: times === null ? spread : null, deviation };
  });
  const { os, arch } = Deno.build;
  return {
    host: { os, arch, deno: Deno.version.deno, v8: Deno.version.v8 },
    probes,
    costNs: cost.ns,
    measuredBy: measured,
    rows,
  };
}

/** Work of one run, the best time of a few, and how far their median is from it. The first run warms memory up. */
function timed({ kernel, run, restore }: CaseBox, rounds = ROUNDS): Timed {
  const before = readCounters(kernel.stat);
  run();
  const counters = countersSince(before, readCounters(kernel.stat));
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < rounds.least || (times.length < rounds.most && performance.now() - begin < rounds.ms)) {
    restore();
    const t0 = performance.now();
    run();
    times.push(performance.now() - t0);
  }
  return { counters, ...best(times) };
}

/** The best of some times, and their median over it. */
export function best(times: readonly number[]): { readonly ms: number; readonly spread: number } {
  const sorted = times.toSorted((a, b) => a - b);
  return { ms: sorted[0], spread: sorted[sorted.length >> 1] / sorted[0] };
}

/**
 * The host's cost of each term: that of the emulator's code on struct pages in the cache (small runs, none of them a
 * case), plus that of memory (the probes, in memory less in cache). Emulated pmem is the same memory; emulated
 * interrupts and node statistics cost nothing.
 */
function hostCosts(p: Probes): Record<TermName, number> {
  const costs = Object.fromEntries(TERM_NAMES.map((t) => [t, 0])) as Record<TermName, number>;
  const pages = SMALL / 4096;
  const perPage = (box: CaseBox) => timed(box, SMALL_ROUNDS).ms * 1e6 / pages;
  const get = perPage(gupTestCase({ kernel: "5.14", phase: "get", size: SMALL }));
  const put = perPage(gupTestCase({ kernel: "5.14", phase: "put", size: SMALL }));
  const shared = perPage(gupTestCase({ kernel: "v4", phase: "put", size: SMALL }));
  costs.recordPage = p.recordNs;
  costs.atomicAdd = Math.max(0, get - put - p.recordNs);
  costs.lineWritten = Math.max(0, put - costs.atomicAdd) + Math.max(0, p.updateStreamNs - p.updateCachedNs);
  costs.lineCached = Math.max(0, shared - costs.atomicAdd);
  costs.lineReadDram = costs.lineCached + Math.max(0, p.readStreamNs - p.readCachedNs);
  costs.lineReadPmem = costs.lineReadDram;
  costs.gupCall = Math.max(0, perPage(gupTestCase({ kernel: "v4", phase: "get", size: SMALL })) - p.recordNs) * BATCH;
  costs.jumpDram = p.dependentLoadNs;
  costs.jumpPmem = p.dependentLoadNs;
  costs.structPage = p.initStreamNs;
  costs.compoundTail = p.retargetNs;
  return Object.assign(costs, populateCosts());
}

/**
 * Entries and frames, from two namespaces whose struct pages are not written: almost no frames, and a quarter of them.
 */
function populateCosts(): Pick<Record<TermName, number>, "tableEntry" | "frameAlloc"> {
  const size = 2 ** 35;
  const shared = timed(creationCase({ size, align: 2 ** 30, kernel: "6.1", contents: false }));
  const frames = timed(creationCase({ size, align: 2 ** 21, kernel: "6.1", contents: false }));
  const tableEntry = shared.ms * 1e6 / shared.counters.pteWrites;
  const rest = frames.ms * 1e6 - tableEntry * frames.counters.pteWrites;
  return { tableEntry, frameAlloc: Math.max(0, rest) / frames.counters.allocCalls };
}

/** Best times by name from `deno bench --json`, one for each case. CommandError for anything else. */
async function benchTimes(file: string): Promise<Map<string, number>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    throw new CommandError(`--bench: cannot read "${file}": ${unreadReason(error)}`);
  }
  if (!isBenchOutput(parsed)) throw new CommandError(`--bench: ${file} is not output of "deno bench --json"`);
  const times = new Map<string, number>();
  for (const { name } of CALIBRATE_CASES) {
    const min = parsed.benches.find((bench) => bench.name === name)?.results[0]?.ok?.min;
    if (min === undefined) throw new CommandError(`--bench: no result named "${name}" in ${file}`);
    if (typeof min !== "number" || !(min > 0)) {
      throw new CommandError(
        `--bench: "${name}" in ${file}: expected nanoseconds above 0, got ${JSON.stringify(min)}`,
      );
    }
    times.set(name, min / 1e6);
  }
  return times;
}

interface BenchOutput {
  readonly benches: readonly { readonly name: string; readonly results: readonly { ok?: { min?: unknown } }[] }[];
}

function isBenchOutput(parsed: unknown): parsed is BenchOutput {
  const benches = (parsed as Partial<BenchOutput> | null)?.benches;
  return Array.isArray(benches) && benches.every((bench) => Array.isArray(bench?.results));
}

function text(report: CalibrateReport): string {
  const ns = (x: number) => `${x.toFixed(2).padStart(8)} ns`;
  return [
    `${report.host.os} ${report.host.arch}, Deno ${report.host.deno}, V8 ${report.host.v8}`,
    "probes",
    ...Object.entries(report.probes).map(([name, x]) => `  ${name.padEnd(16)}${ns(x)}`),
    "cost of a term on this host",
    ...TERM_NAMES.filter((t) => report.costNs[t] > 0).map((t) => `  ${t.padEnd(16)}${ns(report.costNs[t])}`),
    `host times of the emulator, calls of ${BATCH} pages; measured: ${report.measuredBy}`,
    `  ${"".padEnd(20)} predicted  measured    error  median/best`,
    ...report.rows.map((r) => {
      const ms = (x: number) => `${x.toFixed(2)} ms`.padStart(11);
      return `  ${r.name.padEnd(18)}${ms(r.predictedHostMs)}${ms(r.hostMs)}${
        (100 * r.deviation).toFixed(0).padStart(7)
      } %${r.spread === null ? "" : r.spread.toFixed(2).padStart(11)}`;
    }),
    ...(report.rows.some((r) => r.spread !== null && r.spread > BUSY)
      ? ["this host was busy while it was measured: the probes and the cases may have seen different shares of it"]
      : []),
  ].join("\n");
}
