// SPDX-License-Identifier: GPL-2.0-only
// Earlier runs in brief: results/history/DATE-COMMIT.json holds the counts of verdicts and the yardstick's times of one
// run (results/history.schema.json). A damaged file, or one of another format, is reported and skipped.

import { Ajv2020 } from "ajv/dist/2020.js";
import schema from "../../results/history.schema.json" with { type: "json" };
import type { Results } from "../../results/types.ts";
import { median } from "../../bench/statistics.ts";

/** Version of the format. */
const HISTORY_SCHEMA = 1;

/** What is kept of a run. */
export interface HistoryEntry {
  readonly history: number;
  readonly version: string;
  readonly commit: string | null;
  readonly date: string;
  readonly cpu: string;
  /** Claims by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Median milliseconds of the emulator in each contest of the yardstick. */
  readonly benchMs: Readonly<Record<string, number>>;
}

const validate = new Ajv2020({ allowUnionTypes: true }).compile(schema);

export function historyEntry({ provenance, audit, bench }: Results): HistoryEntry {
  const { version, commit, date, cpu } = provenance;
  const contests = Object.entries(bench?.benches ?? {}).filter(([name]) => name.endsWith("| emulator"));
  return {
    history: HISTORY_SCHEMA,
    version,
    commit,
    date,
    cpu,
    verdicts: audit.verdicts,
    benchMs: Object.fromEntries(contests.map(([name, ns]) => [name.replace(" | emulator", ""), median(ns) / 1e6])),
  };
}

/** File name of an entry: sorts by time, one per day and commit. */
export function historyName({ date, commit }: HistoryEntry): string {
  return `${date.slice(0, 10)}-${commit?.slice(0, 7) ?? "unknown"}.json`;
}

/** The entries of a folder, oldest first; `refuse` gets one line for each file that is not one. */
export function readHistory(folder: URL, refuse: (line: string) => void): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (const name of names(folder)) {
    const problem = (reason: string) => refuse(`${name}: ${reason}; left out`);
    let value: unknown;
    try {
      value = JSON.parse(Deno.readTextFileSync(new URL(name, folder)));
    } catch (error) {
      problem(`damaged: ${error instanceof Error ? error.message.replaceAll("\n", " ") : error}`);
      continue;
    }
    if (validate(value)) entries.push(value as unknown as HistoryEntry);
    else problem(`${validate.errors![0].instancePath || "/"}: ${validate.errors![0].message}`);
  }
  return entries.sort((a, b) => a.date < b.date ? -1 : 1);
}

function names(folder: URL): string[] {
  try {
    return [...Deno.readDirSync(folder)].filter((e) => e.isFile && e.name.endsWith(".json")).map((e) => e.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
