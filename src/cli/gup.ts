// SPDX-License-Identifier: GPL-2.0-only
// `lab gup`: gup_test over /dev/dax.

import { pageBytes } from "../arch/arch.ts";
import { ARCHS } from "../arch/archs.ts";
import { formatSize } from "../lib/units.ts";
import { GUP_ROWS, type GupOptions, type GupReport, gupReport } from "../scenario/gup.ts";
import { type GupJobsReport, gupJobsReport } from "../scenario/gup_jobs.ts";
import type { Command, Flag } from "./command.ts";
import { fromLetters, gupTestLines } from "./gup_letters.ts";
import { choiceFlag, modelText, numberFlag } from "./flags.ts";
import { checkedText, exitCode } from "./checked.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";

const JOBS: Flag = { value: "N", help: "threads, each a CPU in a worker (-j); all hold the same pages", fallback: "1" };

const FORMAT: Flag = {
  value: "text|gup_test",
  help: "gup_test's output, a line per round; its letters (-m -r -n -a -u -b -L -U -S -w -j ...) are accepted too",
  fallback: "text",
};

/** The command. */
export const gupCommand: Command = {
  name: "gup",
  summary: "hold and return user pages of a device, as gup_test does",
  example: "--size 8M --mode pin",
  flags: { ...flagsOf(GUP_ROWS), jobs: JOBS, format: FORMAT },
  translate: fromLetters,
  csv: (report) => [report],
  run: async (flags) => {
    const options = optionsOf<GupOptions>(flags, GUP_ROWS);
    const jobs = numberFlag(flags, "jobs");
    const plain = choiceFlag(flags, "format", ["text", "gup_test"]) === "gup_test";
    const report = jobs === 1 ? gupReport(options) : await gupJobsReport({ ...options, jobs });
    const lines = plain ? gupTestLines(report, heldBytes(report)) : text(report);
    return { report, text: lines, plain, code: gupCode(report) };
  },
};

/** 1 if fewer pages were held than requested, or the checker found a violation. */
export function gupCode(report: GupReport): number {
  return heldBytes(report) < report.config.size ? 1 : exitCode(report.invariants);
}

function heldBytes({ config, heldPages: pages }: GupReport): number {
  return pages * pageBytes(ARCHS[config.arch]);
}

function text(report: GupReport | GupJobsReport): string {
  const { config, hostGetMs: getMs, hostPutMs: putMs, heldPages: pages } = report;
  const held = heldBytes(report);
  const times = (ms: readonly number[]) => `${Math.min(...ms).toFixed(2)} ms best of ${ms.length}`;
  return [
    `${formatSize(config.size)} ${config.mode}${config.longterm ? " longterm" : ""}${
      config.slow ? " slow" : ""
    }, align ${formatSize(config.align)}, map=${config.map}, kernel ${config.kernel}`,
    `  pages held        ${pages}${held < config.size ? `, truncated (size: ${held})` : ""}`,
    `  refcount stores   ${report.refcountStores} to get, ${report.putRefcountStores} to put`,
    `  pin count stores  ${report.pincountStores}`,
    `  pgmap lookups     ${report.pgmapLookups}`,
    `  get               ${times(getMs)} of the emulator`,
    `  put               ${times(putMs)}`,
    `  model get         ${modelText(report.modelGetMs, config.cost)}`,
    `  model put         ${modelText(report.modelPutMs, config.cost)}`,
    ...checkedText(report.invariants),
    ...("jobs" in report ? [jobsText(report)] : []),
  ].join("\n");
}

function jobsText({ jobs, references }: GupJobsReport): string {
  return `  jobs              ${jobs.length}, ${references.whileHeld} references while all held, ${references.after} after;` +
    ` times are the slowest job's`;
}
