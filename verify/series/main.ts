// SPDX-License-Identifier: GPL-2.0-only
// The series' own times, modelled: `deno task verify:series [--quick] [--json]`.
// Repeats the fits, runs every documented configuration on the emulator, and prints documented against modelled time.
// Exit 1 when a goal fails: held-out median, the limit, an anomaly that is none, a ratio, the order, a fit that is not
// what src/model/calibrated.ts says. Model time is arithmetic on counters: no host's clock takes part.

import { CommandError } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { seriesText } from "./report.ts";
import { seriesReport } from "./series.ts";

/** Largest run of --quick: what trains is run for real. */
const QUICK_MIB = 16384;

const COMMAND = {
  name: "verify/series",
  summary: "the series' times, documented and modelled",
  flags: { quick: { value: "", help: "run 16 GiB and multiply" } },
};

/** The command line; returns the exit code. */
export function main(args: readonly string[]): number {
  try {
    const flags = parseFlags(COMMAND.name, COMMAND.flags, args);
    const report = seriesReport(flags.has("quick") ? QUICK_MIB : Infinity);
    console.log(flags.json ? JSON.stringify(report, null, 1) : seriesText(report));
    return report.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    return 2;
  }
}
