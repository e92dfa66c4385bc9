// SPDX-License-Identifier: GPL-2.0-only
// Models the documents' times: repeats the fits, runs every documented configuration on the emulator, and compares
// documented with modelled times. Model time is computed from counters, not from the host's clock.

import { HUGETLB_HOSTS, NOT_MODELLED } from "./figures.ts";
import { MODEL_BAND, modelBand } from "./band.ts";
import { type Constant, seriesFit } from "./fits.ts";
import { cpusOfSeed004, judgeSlowdowns, slowdownByCpus } from "./hugetlb.ts";
import {
  heldOutMedian,
  heldOutWorst,
  judgeOrder,
  judgeRatios,
  judgeTimes,
  LIMIT,
  MEDIAN_GOAL,
  percent,
} from "./judge.ts";
import { altmapBootstrap, gupOpinions } from "./second.ts";
import { SeriesWork } from "./work.ts";

/** Shipped constants may differ this much from their fit, by rounding. */
const ROUNDING = 0.002;
/** Instruction counts are exact, so their fit must be close on every row. */
const INSTRUCTION_LIMIT = 0.1;
/** CPU counts of the what-if tables. */
const CPU_COUNTS = [1, 16, 64, 128, 256, 512];

export type SeriesReport = ReturnType<typeof seriesReport>;

/** Fits, runs and judges. Configurations above the limit of `work` are run at the limit and multiplied. */
export function seriesReport(work: SeriesWork) {
  const fit = seriesFit(work);
  const times = judgeTimes(work);
  const ratios = judgeRatios(times);
  const order = judgeOrder(times);
  const slowdowns = judgeSlowdowns();
  const median = heldOutMedian(times);
  const band = modelBand(work, times, fit.leaveOneOut);
  const bandConstant = { name: "model band", unit: "x", shipped: MODEL_BAND, refit: band, leaveOneOutRange: null };
  const constants: readonly Constant[] = [...fit.constants, bandConstant];
  const failures = [
    ...constants.filter(stale).map((c) => `${c.name}: shipped ${c.shipped}, the fit gives ${c.refit}`),
    ...(fit.instructions.worst > INSTRUCTION_LIMIT ? ["the instruction fit is off on a row"] : []),
    ...(median >= MEDIAN_GOAL ? [`held-out median error ${percent(median)}, goal ${percent(MEDIAN_GOAL)}`] : []),
    ...[...times, ...ratios].filter((r) => !r.ok).map((r) => {
      return `${r.id}: ${r.role === "anomaly" ? "named an anomaly, but explained" : `beyond ${percent(LIMIT)}`}`;
    }),
    ...order.wrong.map((pair) => `order of ${pair}`),
    ...slowdowns.filter((s) => !s.ok).map((s) => `slowdown on ${s.hostName}`),
  ];
  return {
    limitMib: work.limitMib,
    ok: failures.length === 0,
    failures,
    fit: {
      gup: { equations: fit.gup.equations, unknowns: fit.gup.unknowns, worst: fit.gup.worst },
      instructionFit: {
        equations: fit.instructions.equations,
        unknowns: fit.instructions.unknowns,
        worst: fit.instructions.worst,
      },
      constants,
    },
    times,
    heldOutMedian: median,
    leaveOneOut: fit.leaveOneOut.map(({ without, cost }) => {
      const judged = judgeTimes(work, cost);
      const { id, deviation } = heldOutWorst(judged);
      return { without, median: heldOutMedian(judged), worstFigure: { id, deviation } };
    }),
    ratios,
    ordering: order,
    opinions: gupOpinions(times),
    altmapBootstrap: altmapBootstrap(work),
    slowdowns,
    cpusOfSeed004: cpusOfSeed004(),
    slowdownByCpus: HUGETLB_HOSTS.map((host) => ({ hostName: host.name, rows: slowdownByCpus(host, CPU_COUNTS) })),
    notModelled: NOT_MODELLED,
  };
}

function stale({ shipped, refit }: Constant): boolean {
  return Math.abs(shipped - refit) > ROUNDING * Math.max(refit, Number.MIN_VALUE);
}
