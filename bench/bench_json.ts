// SPDX-License-Identifier: GPL-2.0-only
// Running `deno bench --json` and keeping what it says: the average time of each benchmark over several rounds, with
// the machine and runtime they were taken on. A saved run is this object as JSON.

import { CommandError } from "../src/cli/command.ts";

/** Version of the saved format; a file of another one is refused. */
const RUN_SCHEMA = 1;

/** Several rounds of benchmarks of one revision on one machine. */
export interface BenchRun {
  readonly schema: number;
  /** Commit, with `+` when the working tree differs from it. */
  readonly revision: string;
  readonly date: string;
  readonly cpu: string;
  readonly runtime: string;
  /** Architecture the emulated machines have. */
  readonly geometry: string;
  /** Average nanoseconds of each round, by benchmark. */
  readonly benches: Record<string, number[]>;
}

/** The part of `deno bench --json` that is used. */
interface DenoBenchJson {
  readonly runtime: string;
  readonly cpu: string;
  readonly benches: readonly {
    readonly group: string | null;
    readonly name: string;
    readonly results: readonly { readonly ok?: { readonly avg: number }; readonly failed?: unknown }[];
  }[];
}

/** What the emulated machines of the benches are. */
const GEOMETRY = "x86-64";

/** A run with no rounds yet. */
export function emptyRun(revision: string): BenchRun {
  return {
    schema: RUN_SCHEMA,
    revision,
    date: new Date().toISOString(),
    cpu: "",
    runtime: "",
    geometry: GEOMETRY,
    benches: {},
  };
}

/** Runs every benchmark of the checkout at `dir` once and appends the times. CommandError when the benches fail. */
export async function addRound(run: BenchRun, dir: string, args: readonly string[]): Promise<BenchRun> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bench", "--json", "--allow-all", "--no-check", ...args],
    cwd: dir,
    env: { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
  });
  const { code, stdout } = await command.output();
  if (code !== 0) throw new CommandError(`deno bench in ${dir} ended with exit code ${code}`);
  return merge(run, parseBenchJson(new TextDecoder().decode(stdout)));
}

/** Reads the JSON document out of what `deno bench` printed (a bench may have printed before it). */
export function parseBenchJson(text: string): DenoBenchJson {
  const start = text.search(/^\{$/m);
  if (start < 0) throw new CommandError("deno bench printed no JSON document");
  return JSON.parse(text.slice(start)) as DenoBenchJson;
}

/** A run with one round more. */
export function merge(run: BenchRun, json: DenoBenchJson): BenchRun {
  const benches = structuredClone(run.benches);
  for (const { group, name, results } of json.benches) {
    const avg = results[0]?.ok?.avg;
    if (avg === undefined) throw new CommandError(`benchmark "${name}" failed`);
    (benches[group === null ? name : `${group} | ${name}`] ??= []).push(avg);
  }
  return { ...run, cpu: json.cpu, runtime: json.runtime, benches };
}

/** Checks that a parsed file is a saved run. RangeError naming the place otherwise. */
export function asBenchRun(value: unknown, file: string): BenchRun {
  const bad = (what: string): never => {
    throw new RangeError(`Cannot use ${file}: ${what}`);
  };
  if (typeof value !== "object" || value === null) return bad("expected an object");
  const run = value as Record<string, unknown>;
  if (run.schema !== RUN_SCHEMA) return bad(`schema ${run.schema}, expected ${RUN_SCHEMA}`);
  for (const key of ["revision", "date", "cpu", "runtime", "geometry"]) {
    if (typeof run[key] !== "string") return bad(`${key} is missing`);
  }
  const benches = run.benches;
  if (typeof benches !== "object" || benches === null) return bad("benches are missing");
  for (const [name, times] of Object.entries(benches)) {
    const ok = Array.isArray(times) && times.length > 0 && times.every((t) => typeof t === "number" && t > 0);
    if (!ok) return bad(`benches["${name}"] is no list of times`);
  }
  return value as BenchRun;
}

/** Why two runs cannot be compared, or null: times of different machines say nothing about the code. */
export function incomparable(a: BenchRun, b: BenchRun): string | null {
  for (const key of ["cpu", "runtime", "geometry"] as const) {
    if (a[key] !== b[key]) return `${key} "${a[key]}" against "${b[key]}"`;
  }
  return null;
}
