// SPDX-License-Identifier: GPL-2.0-only
// `deno task report [--in FILE] [--out FILE]`: draws results/report.html from results/latest.json and the earlier runs
// in results/history. `--keep` adds this run to the history first. Exit 0, or 2 for bad usage or input.

import { serverDocument } from "../../charts/svg_file.ts";
import { CommandError } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import type { Results } from "../../results/types.ts";
import { parseResults } from "../results/results_file.ts";
import { historyEntry, historyName, readHistory } from "./history.ts";
import { reportHtml } from "./page.ts";
import { sections } from "./sections.ts";

const RESULTS = new URL("../../results/", import.meta.url);
const HISTORY = new URL("history/", RESULTS);

const COMMAND = {
  name: "report",
  summary: "draw results/report.html from a run's results",
  flags: {
    in: { value: "FILE", help: "results to draw (default results/latest.json)" },
    out: { value: "FILE", help: "write here (default results/report.html)" },
    keep: { value: "", help: "add the run to results/history" },
  },
};

/** The page of these results, as a server without a browser draws it. */
export function drawReport(results: Results, history: Parameters<typeof sections>[2]): string {
  return reportHtml(results, sections(serverDocument(), results, history));
}

/** The command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(COMMAND.name, COMMAND.flags, args);
    const file = flags.has("in") ? flags.text("in") : new URL("latest.json", RESULTS).pathname;
    const results = parseResults(file, read(file));
    if (flags.has("keep")) {
      const entry = historyEntry(results);
      Deno.mkdirSync(HISTORY, { recursive: true });
      await writeFile(new URL(historyName(entry), HISTORY).pathname, `${JSON.stringify(entry, null, 1)}\n`);
    }
    const history = readHistory(HISTORY, (line) => console.error(`report: results/history/${line}`));
    const out = flags.has("out") ? flags.text("out") : new URL("report.html", RESULTS).pathname;
    await writeFile(out, drawReport(results, history));
    console.log(out);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(`report: ${error.message}`);
    return 2;
  }
}

function read(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch (error) {
    throw new CommandError(`${file}: cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
