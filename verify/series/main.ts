// SPDX-License-Identifier: GPL-2.0-only
// The series' own times, modelled: `deno task verify:series [--quick] [--json]`.
// Repeats the fits, runs every documented configuration on the emulator, and prints documented against modelled time.
// Exit 1 when a goal fails: held-out median, the limit, an anomaly that is none, a ratio, the order, a fit that is not
// what src/model/calibrated.ts says. Model time is arithmetic on counters: no host's clock takes part.

import { CommandError } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { HUGETLB_HOSTS, NOT_MODELLED } from "./figures.ts";
import { type Constant, seriesFit } from "./fits.ts";
import { cpusOfSeed004, judgeSlowdowns, slowdownByCpus } from "./hugetlb.ts";
import { heldOutMedian, heldOutWorst, judgeOrder, judgeRatios, judgeTimes, LIMIT, MEDIAN_GOAL } from "./judge.ts";
import { seriesText } from "./report.ts";
import { altmapBootstrap, gupOpinions } from "./second.ts";
import { SeriesWork } from "./work.ts";

/** Shipped constants may be rounded by this much against their fit. */
const ROUNDING = 0.002;
/** The instruction counts are exact; their fit must be close on every row. */
const INSTRUCTION_LIMIT = 0.1;
/** Largest run of --quick: what trains is run for real. */
const QUICK_MIB = 16384;
/** CPU counts of the what-if. */
const CPU_COUNTS = [1, 16, 64, 128, 256, 512];

/** Everything this script has to say. */
export type SeriesReport = ReturnType<typeof seriesReport>;

/** Fits, runs and judges. Configurations larger than `limitMib` are run at that size and multiplied. */
export function seriesReport(limitMib: number = Infinity) {
  const work = new SeriesWork(limitMib);
  const fit = seriesFit(work);
  const times = judgeTimes(work);
  const ratios = judgeRatios(times);
  const order = judgeOrder(times);
  const slowdowns = judgeSlowdowns();
  const median = heldOutMedian(times);
  const failures = [
    ...fit.constants.filter(stale).map((c) => `${c.name}: shipped ${c.shipped}, the fit gives ${c.refit}`),
    ...(fit.instructions.worst > INSTRUCTION_LIMIT ? ["the instruction fit is off on a row"] : []),
    ...(median >= MEDIAN_GOAL ? [`held-out median error ${percent(median)}, goal ${percent(MEDIAN_GOAL)}`] : []),
    ...[...times, ...ratios].filter((r) => !r.ok).map((r) => {
      return `${r.id}: ${r.role === "anomaly" ? "named an anomaly, but explained" : `beyond ${percent(LIMIT)}`}`;
    }),
    ...order.wrong.map((pair) => `order of ${pair}`),
    ...slowdowns.filter((s) => !s.ok).map((s) => `slowdown on ${s.host}`),
  ];
  return {
    limitMib,
    ok: failures.length === 0,
    failures,
    fit: {
      gup: { equations: fit.gup.equations, unknowns: fit.gup.unknowns, worst: fit.gup.worst },
      instructions: {
        equations: fit.instructions.equations,
        unknowns: fit.instructions.unknowns,
        worst: fit.instructions.worst,
      },
      constants: fit.constants,
    },
    times,
    heldOutMedian: median,
    leaveOneOut: fit.leaveOneOut.map(({ without, cost }) => {
      const judged = judgeTimes(work, cost);
      const { id, error } = heldOutWorst(judged);
      return { without, median: heldOutMedian(judged), worst: { id, error } };
    }),
    ratios,
    order,
    opinions: gupOpinions(times),
    altmapBootstrap: altmapBootstrap(work),
    slowdowns,
    cpusOfSeed004: cpusOfSeed004(),
    slowdownByCpus: HUGETLB_HOSTS.map((host) => ({ host: host.name, rows: slowdownByCpus(host, CPU_COUNTS) })),
    notModelled: NOT_MODELLED,
  };
}

function stale({ shipped, refit }: Constant): boolean {
  return Math.abs(shipped - refit) > ROUNDING * Math.max(refit, Number.MIN_VALUE);
}

function percent(x: number): string {
  return `${(100 * x).toFixed(1)} %`;
}

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
