// SPDX-License-Identifier: GPL-2.0-only
// `deno task report [--in FILE] [--out FILE]`: draws results/report.html from results/latest.json and the earlier runs
// in results/history. `--keep` adds this run to the history first. Exit 0, or 2 for bad usage or input.

import { serverDocument } from "../../charts/svg_file.ts";
import type { Command } from "../../src/cli/command.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import type { Results } from "../../results/types.ts";
import { readResults } from "../results/results_file.ts";
import { historyEntry, historyName, readHistory } from "./history.ts";
import { reportHtml } from "./page.ts";
import { sections } from "./sections.ts";

const RESULTS = new URL("../../results/", import.meta.url);
const HISTORY = new URL("history/", RESULTS);

const COMMAND: Command = {
  name: "report",
  summary: "draw results/report.html from the results of a run",
  flags: {
    in: { value: "FILE", help: "results to draw (default results/latest.json)" },
    out: { value: "FILE", help: "write here (default results/report.html)" },
    keep: { value: "", help: "add the run to results/history" },
  },
  run: async (flags) => {
    const file = flags.has("in") ? flags.text("in") : new URL("latest.json", RESULTS).pathname;
    const results = readResults(file);
    if (flags.has("keep")) await keep(results);
    const history = readHistory(HISTORY, (line) => console.error(`report: results/history/${line}`));
    const out = flags.has("out") ? flags.text("out") : new URL("report.html", RESULTS).pathname;
    await writeFile(out, drawReport(results, history));
    return { report: { file: out }, text: out };
  },
};

/** The page for these results, rendered without a browser. */
export function drawReport(results: Results, history: Parameters<typeof sections>[2]): string {
  return reportHtml(results, sections(serverDocument(), results, history));
}

export function main(args: readonly string[]): Promise<number> {
  return runTask(COMMAND, args);
}

async function keep(results: Results): Promise<void> {
  const entry = historyEntry(results);
  Deno.mkdirSync(HISTORY, { recursive: true });
  await writeFile(new URL(historyName(entry), HISTORY).pathname, `${JSON.stringify(entry, null, 1)}\n`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
