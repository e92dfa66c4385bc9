// SPDX-License-Identifier: GPL-2.0-only
// The series' own times, modelled: `deno task verify:series [--quick] [--json]`.
// Repeats the fits, runs every documented configuration on the emulator, and prints documented against modelled time.
// Exit 1 when a goal fails: held-out median, the limit, an anomaly that is none, a ratio, the order, a fit that is not
// what src/model/calibrated.ts says. Model time is arithmetic on counters: no host's clock takes part.

import type { Command } from "../../src/cli/command.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { runTask } from "../../src/cli/run.ts";
import { seriesText } from "./report.ts";
import { type SeriesReport, seriesReport } from "./series.ts";
import { SeriesWork } from "./work.ts";

/** Largest run of --quick: what trains is run for real. */
const QUICK_MIB = 16384;

/** The command of the task. */
export const seriesCommand: Command = {
  name: "verify:series",
  summary: "compare the documents' times with the model's",
  flags: { quick: { value: "", help: "run at most 16 GiB and multiply" } },
  csv: (report) => (report as SeriesReport).times,
  run: (flags) => {
    using bar = new ProgressBar("configurations run");
    let run = 0;
    const limitMib = flags.has("quick") ? QUICK_MIB : Infinity;
    const report = seriesReport(new SeriesWork(limitMib, (what) => bar.update(run++, null, what)));
    return { report, text: seriesText(report), code: report.ok ? 0 : 1 };
  },
};

/** The command line; returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runTask(seriesCommand, args);
}
