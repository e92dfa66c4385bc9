// SPDX-License-Identifier: GPL-2.0-only
// `lab gup`: gup_test over /dev/dax.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize } from "../lib/units.ts";
import { type GupOptions, type GupReport, gupReport } from "../scenario/gup.ts";
import { type GupJobsReport, gupJobsReport } from "../scenario/gup_jobs.ts";
import type { Command, Flags } from "./command.ts";
import { choiceFlag, COST_FLAG, modelText, NAMESPACE_FLAGS, numberFlag, sizeFlag } from "./flags.ts";
import { namespaceOptions } from "./namespace.ts";

/** The command. */
export const gupCommand: Command = {
  name: "gup",
  summary: "hold and return user pages of a device, as gup_test does",
  flags: {
    size: { value: "SIZE", help: "memory to hold (gup_test -m), a multiple of 1M" },
    ...NAMESPACE_FLAGS,
    mode: { value: "get|pin", help: "FOLL_GET (-u) or FOLL_PIN (-a)", fallback: "get" },
    repeats: { value: "N", help: "rounds (-r)", fallback: "10" },
    ...COST_FLAG,
    batch: { value: "N", help: "pages per call (-n)", fallback: "512" },
    jobs: { value: "N", help: "threads, each a CPU in a worker (-j); all hold the same pages", fallback: "1" },
  },
  run: async (flags) => {
    const options = gupOptions(flags);
    const jobs = numberFlag(flags, "jobs");
    if (jobs === 1) {
      const report = gupReport(options);
      return { report, text: text(report) };
    }
    const report = await gupJobsReport({ ...options, jobs });
    return { report, text: `${text(report)}\n${jobsText(report)}` };
  },
};

/** What the flags ask for. */
export function gupOptions(flags: Flags): GupOptions {
  return {
    ...namespaceOptions(flags),
    size: sizeFlag(flags, "size"),
    mode: choiceFlag(flags, "mode", ["get", "pin"]),
    repeats: numberFlag(flags, "repeats"),
    batch: numberFlag(flags, "batch"),
    cost: flags.text("cost"),
  };
}

function text(report: GupReport): string {
  const { config, getMs, putMs, pages } = report;
  const held = pages * pageBytes(ARCHS[config.arch]);
  const times = (ms: readonly number[]) => `${Math.min(...ms).toFixed(2)} ms best of ${ms.length}`;
  return [
    `${formatSize(config.size)} ${config.mode}, align ${
      formatSize(config.align)
    }, map=${config.map}, kernel ${config.kernel}`,
    `  pages held        ${pages}${held < config.size ? `, truncated (size: ${held})` : ""}`,
    `  refcount stores   ${report.refcountStores} to get, ${report.putRefcountStores} to put`,
    `  pin count stores  ${report.pincountStores}`,
    `  pgmap lookups     ${report.pgmapLookups}`,
    `  get               ${times(getMs)} of the emulator`,
    `  put               ${times(putMs)}`,
    `  model get         ${modelText(report.modelGetMs, config.cost)}`,
    `  model put         ${modelText(report.modelPutMs, config.cost)}`,
  ].join("\n");
}

function jobsText({ jobs, references }: GupJobsReport): string {
  return `  jobs              ${jobs.length}, ${references.whileHeld} references while all held, ${references.after} after;` +
    ` times are the slowest job's`;
}
