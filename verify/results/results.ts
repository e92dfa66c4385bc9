// SPDX-License-Identifier: GPL-2.0-only
// `deno task results [--quick] [--no-bench] [--out FILE]` runs the audit, the benchmarks and the scenarios of the work
// counters, and writes one JSON document with its provenance (default results/latest.json). `--check FILE` looks at a
// file instead. Exit 0, 1 when a verdict is not the expected one (nothing is written), 2 for bad usage or input.

import { cpus } from "node:os";
import { GEOMETRY, runBenches } from "../../bench/bench_json.ts";
import { PRESETS } from "../../mod.ts";
import { type Results, RESULTS_SCHEMA } from "../../results/types.ts";
import { CommandError } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { workCounters } from "../../src/scenario/work.ts";
import { type AuditedClaim, countVerdicts } from "../audit/audit.ts";
import { readCatalogue } from "../claims/catalogue_file.ts";
import { judgeParallel, reportOf } from "../audit/run.ts";
import { collectFigures } from "./figures.ts";
import { readResults, writeResults } from "./results_file.ts";
import { SUITES } from "../audit/suites.ts";

/** What {@linkcode collectResults} is to do. */
export interface Collect {
  /** Count the costs per TiB on 16 GiB. */
  readonly quick: boolean;
  /** Run the benchmarks, minutes of them. */
  readonly bench: boolean;
}

/** Where the project lies. */
const ROOT = new URL("../../", import.meta.url);
const LATEST = new URL("results/latest.json", ROOT);
/** BootOptions.seed of every run: nothing here sets another. */
const SEED = 1;

/** Largest of the documents' configurations that --quick runs as they are. */
const QUICK_MIB = 16384;

/** Runs everything. `say` hears what is going on. */
async function collectResults({ quick, bench }: Collect, say: (what: string) => void): Promise<Results> {
  const date = new Date().toISOString();
  const commit = revision();
  const catalogue = readCatalogue();
  say("the audit");
  const { ok, verdicts, claims } = reportOf(await judgeParallel(SUITES, quick), catalogue, quick);
  say("the figures");
  const figures = collectFigures(quick ? QUICK_MIB : Infinity);
  say("the work counters");
  const counters = workCounters();
  if (bench) say("the benchmarks");
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
    rows: rows.map(({ id, what, unit, printed, formula, measured, model, verdict, note }) => (
      { id, what, unit, printed, formula, measured, model, verdict, note }
    )),
  };
}

/** Version of this package. */
function version(): string {
  return JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT))).version;
}

/** The commit that is checked out, with `+` when the working tree differs; null where there is no git. */
function revision(): string | null {
  const git = (...args: string[]) => {
    try {
      const { code, stdout } = new Deno.Command("git", { args, cwd: ROOT, stderr: "null" }).outputSync();
      return code === 0 ? new TextDecoder().decode(stdout).trim() : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  };
  const commit = git("rev-parse", "HEAD");
  return commit === null ? null : `${commit}${git("status", "--porcelain") === "" ? "" : "+"}`;
}

const COMMAND = {
  name: "results",
  summary: "run everything and write results/latest.json",
  flags: {
    quick: { value: "", help: "count the costs per TiB on 16 GiB" },
    "no-bench": { value: "", help: "leave the benchmarks out" },
    out: { value: "FILE", help: "write here (default results/latest.json)" },
    check: { value: "FILE", help: "check a file against the schema instead" },
  },
};

/** The command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(COMMAND.name, COMMAND.flags, args);
    if (flags.has("check")) return check(flags.text("check"));
    const say = (what: string) => console.error(`results: ${what}`);
    const results = await collectResults({ quick: flags.has("quick"), bench: !flags.has("no-bench") }, say);
    if (!results.audit.ok) {
      console.error("results: the audit is not as expected, nothing is written; see deno task verify");
      return 1;
    }
    const file = flags.has("out") ? new URL(flags.text("out"), `file://${Deno.cwd()}/`) : LATEST;
    await writeResults(file.pathname, results);
    console.log(`${file.pathname}: ${results.audit.claims.length} claims`);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    return 2;
  }
}

function check(file: string): number {
  const { provenance, audit } = readResults(file);
  console.log(
    `${file}: ${audit.claims.length} claims of ${provenance.date}, ${audit.ok ? "as expected" : "not as expected"}`,
  );
  return 0;
}
