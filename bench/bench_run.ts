// SPDX-License-Identifier: GPL-2.0-only
// Times of one revision over several rounds, with the machine and runtime they were taken on; a saved run is this
// object as JSON. Also exports it in the formats of two services that track such times.

import { CommandError } from "../src/cli/command.ts";
import { median } from "./statistics.ts";

/** Version of the saved format; other versions are refused. */
const RUN_SCHEMA = 2;

/** Several rounds of one revision on one machine. */
export interface BenchRun {
  readonly schema: number;
  /** Commit, with `+` when the working tree differs from it. */
  readonly revision: string;
  readonly date: string;
  readonly cpu: string;
  readonly runtime: string;
  /** Milliseconds of each round, by case. */
  readonly benches: Readonly<Record<string, readonly number[]>>;
}

/** A run on this host. */
export function benchRun(revision: string, benches: BenchRun["benches"]): BenchRun {
  return { schema: RUN_SCHEMA, revision, date: new Date().toISOString(), cpu: cpuName(), runtime: runtime(), benches };
}

function runtime(): string {
  return `Deno ${Deno.version.deno} ${Deno.build.target}`;
}

/** The processor's model, or its architecture if the system does not report one. */
function cpuName(): string {
  try {
    const model = /^model name\s*: (.*)$/m.exec(Deno.readTextFileSync("/proc/cpuinfo"))?.[1];
    return model ?? Deno.build.arch;
  } catch {
    return Deno.build.arch;
  }
}

/** Reads a saved run. CommandError naming the file and what is wrong with it. */
export function readRun(file: string): BenchRun {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Deno.readTextFileSync(file));
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
  return asBenchRun(parsed, file);
}

/** Checks that a parsed file is a saved run. CommandError naming the place otherwise. */
export function asBenchRun(value: unknown, file: string): BenchRun {
  const bad = (what: string): never => {
    throw new CommandError(`cannot use ${file}: ${what}`);
  };
  if (typeof value !== "object" || value === null) return bad("expected an object");
  const run = value as Record<string, unknown>;
  if (run.schema !== RUN_SCHEMA) return bad(`schema ${run.schema}, expected ${RUN_SCHEMA}`);
  for (const key of ["revision", "date", "cpu", "runtime"]) {
    if (typeof run[key] !== "string") return bad(`${key} is missing`);
  }
  const benches = run.benches;
  if (typeof benches !== "object" || benches === null) return bad("benches are missing");
  for (const [name, times] of Object.entries(benches)) {
    const ok = Array.isArray(times) && times.length > 0 && times.every((t) => typeof t === "number" && t > 0);
    if (!ok) return bad(`benches["${name}"] is not a list of times`);
  }
  return value as BenchRun;
}

/** Why a saved run cannot be compared with one on this host, or null: times of different machines do not compare. */
export function incomparable(saved: BenchRun): string | null {
  const own = { cpu: cpuName(), runtime: runtime() };
  for (const key of ["cpu", "runtime"] as const) {
    if (saved[key] !== own[key]) return `${key} "${saved[key]}" against "${own[key]}"`;
  }
  return null;
}

/** Bencher Metric Format: name -> measure -> median with its range. Nanoseconds, as Bencher's latency is. */
export function bencherMetricFormat({ benches }: BenchRun): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(benches).map(([name, times]) => [name, {
      latency: {
        value: 1e6 * median(times),
        lower_value: 1e6 * Math.min(...times),
        upper_value: 1e6 * Math.max(...times),
      },
    }]),
  );
}

/** github-action-benchmark's `customSmallerIsBetter`: a list of names with median, unit and range. */
export function githubActionBenchmark({ benches, cpu, runtime }: BenchRun): unknown[] {
  return Object.entries(benches).map(([name, times]) => ({
    name,
    unit: "ms",
    value: median(times),
    range: `± ${((Math.max(...times) - Math.min(...times)) / 2).toFixed(3)}`,
    extra: `${times.length} rounds, ${cpu}, ${runtime}`,
  }));
}
