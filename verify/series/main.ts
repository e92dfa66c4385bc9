// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify:series [--quick] [--json]`: repeats the fits, runs every documented configuration on the emulator,
// and compares documented with modelled times. Exit 1 when a goal is missed: the held-out median, the limit, an anomaly
// that is none, a ratio, the order, or a constant of src/model/calibrated.ts. Model time is computed from counters, not
// from the host's clock.

import type { Command } from "../../src/cli/command.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { runTask } from "../../src/cli/run.ts";
import { seriesText } from "./report.ts";
import { type SeriesReport, seriesReport } from "./series.ts";
import { SeriesWork } from "./work.ts";

/** Largest run of --quick; the training figures still run in full. */
const QUICK_MIB = 16384;

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

/** Returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runTask(seriesCommand, args);
}
