// SPDX-License-Identifier: GPL-2.0-only
// Earlier runs in brief: results/history/DATE-COMMIT.json holds the counts of verdicts and the yardstick's times of one
// run (results/history.schema.json). A damaged file, or one of another format, is reported and skipped.

import schema from "../../results/history.schema.json" with { type: "json" };
import type { Results } from "../../results/types.ts";
import { CommandError } from "../../src/cli/command.ts";
import { checkOf, readJson } from "../fixtures.ts";
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

const check = checkOf(schema, "results/history.schema.json");

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
    try {
      const value = readJson(name, folder);
      check(name, value);
      entries.push(value as HistoryEntry);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      refuse(`${error.message}; left out`);
    }
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
