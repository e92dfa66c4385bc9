// SPDX-License-Identifier: GPL-2.0-only
// `deno task results [--quick] [--no-bench] [--out FILE]`: runs the audit, the benchmarks and the scenarios of the work
// counters, and writes one JSON file with its provenance (default results/latest.json). `--check FILE` validates a file
// instead. Exit 0, 1 when a verdict is not the expected one (nothing is written), 2 for bad usage or input.

import { cpus } from "node:os";
import { GEOMETRY, runBenches } from "../../bench/bench_json.ts";
import { PRESETS } from "../../mod.ts";
import { type Results, RESULTS_SCHEMA } from "../../results/types.ts";
import type { Command, CommandResult } from "../../src/cli/command.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { runTask } from "../../src/cli/run.ts";
import { workCounters } from "../../src/scenario/work.ts";
import { type AuditedClaim, countVerdicts } from "../audit/audit.ts";
import { verify } from "../audit/verify.ts";
import { collectFigures } from "./figures.ts";
import { readResults, writeResults } from "./results_file.ts";
import { revision } from "./revision.ts";

/** Options of {@linkcode collectResults}. */
export interface Collect {
  /** Count the costs per TiB on 16 GiB. */
  readonly quick: boolean;
  /** Run the benchmarks, which takes minutes. */
  readonly bench: boolean;
}

const ROOT = new URL("../../", import.meta.url);
const LATEST = new URL("results/latest.json", ROOT);
/** BootOptions.seed of every run; no run sets another. */
const SEED = 1;

/** Largest of the documents' configurations that --quick runs in full. */
const QUICK_MIB = 16384;

async function collectResults({ quick, bench }: Collect): Promise<Results> {
  const date = new Date().toISOString();
  const commit = revision();
  const { ok, verdicts, claims } = await verify({}, quick);
  const bar = new ProgressBar("figures");
  let run = 0;
  const figures = collectFigures(quick ? QUICK_MIB : Infinity, (what) => bar.update(run++, null, what));
  bar.end();
  const counters = workCounters();
  if (bench) console.error("results: running the benchmarks, which takes minutes");
  const [load] = Deno.loadavg();
  const benched = bench ? await runBenches(ROOT.pathname) : null;
  return {
    schema: RESULTS_SCHEMA,
    provenance: {
      version: version(),
      commit,
      date,
      cpu: cpus()[0]?.model ?? "unknown",
      os: `${Deno.build.os} ${Deno.build.arch}`,
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      seed: SEED,
      presets: Object.keys(PRESETS),
      quick,
    },
    audit: { ok, verdicts: countVerdicts(claims), rows: { ...verdicts }, claims: claims.map(publish) },
    figures,
    bench: benched === null ? null : { geometry: GEOMETRY, load, benches: benched },
    counters,
  };
}

function publish(
  { id, line, alsoAt, text, theme, verdict, ok, rows }: AuditedClaim,
): Results["audit"]["claims"][number] {
  return {
    id,
    place: `${id.slice(0, 3)}:${line}`,
    alsoAt,
    text,
    theme,
    verdict,
    ok,
    rows: rows.map(({ id, what, unit, printed, formula, measured, model, band, verdict, note }) => (
      { id, what, unit, printed, formula, measured, model, band: band ?? null, verdict, note }
    )),
  };
}

function version(): string {
  return JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).version;
}

const COMMAND: Command = {
  name: "results",
  summary: "run the audit and the benchmarks, and write results/latest.json",
  flags: {
    quick: { value: "", help: "count the costs per TiB on 16 GiB" },
    "no-bench": { value: "", help: "skip the benchmarks" },
    out: { value: "FILE", help: "write to this file (default results/latest.json)" },
    check: { value: "FILE", help: "only validate this file" },
  },
  run: async (flags) => {
    if (flags.has("check")) return check(flags.text("check"));
    const results = await collectResults({ quick: flags.has("quick"), bench: !flags.has("no-bench") });
    if (!results.audit.ok) {
      console.error("results: the audit is not as expected, nothing is written; see deno task verify");
      return { report: results.audit, text: "", code: 1 };
    }
    const file = flags.has("out") ? flags.text("out") : LATEST.pathname;
    await writeResults(file, results);
    const claims = results.audit.claims.length;
    return { report: { file, claims }, text: `${file}: ${claims} claims` };
  },
};

/** Returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runTask(COMMAND, args);
}

function check(file: string): CommandResult {
  const { provenance, audit } = readResults(file);
  const { date } = provenance;
  const claims = audit.claims.length;
  const text = `${file}: ${claims} claims of ${date}, ${audit.ok ? "as expected" : "not as expected"}`;
  return { report: { file, claims, date, ok: audit.ok }, text };
}
