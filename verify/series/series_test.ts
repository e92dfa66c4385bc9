// SPDX-License-Identifier: GPL-2.0-only
// The audit of the documents' times on small runs, and that each of its goals can be missed.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertAsSchema } from "../../src/cli/schema_testing.ts";
import { COSTS } from "../../src/model/cost_tables.ts";
import { bandAround, isInside, MODEL_BAND, modelBand } from "./band.ts";
import { GUP_FIGURES, HUGETLB_HOSTS } from "./figures.ts";
import { seriesFit } from "./fits.ts";
import { judgeSlowdowns, slowdownByCpus } from "./hugetlb.ts";
import { heldOutMedian, judgeOrder, judgeRatios, judgeTimes, MEDIAN_GOAL } from "./judge.ts";
import { altmapBootstrap } from "./second.ts";
import { seriesReport } from "./series.ts";
import { seriesText } from "./report.ts";
import { SeriesWork } from "./work.ts";

/** Small runs, multiplied: the altmap's partial section in DRAM weighs more than at 16 GiB, so fits differ slightly. */
const work = new SeriesWork(4096);

Deno.test("series: trained figures are those of 16 GiB, and no unpin is among them", () => {
  const trained = GUP_FIGURES.filter((f) => f.train);
  assertEquals(trained.length, 10);
  assert(trained.every((f) => f.mib === 16384 && f.phase === "get" && f.anomaly === undefined));
});

Deno.test("series: shipped constants match the fits", () => {
  for (const { name, shipped, refit } of seriesFit(work).constants) {
    assert(Math.abs(shipped / refit - 1) < 0.15, `${name}: shipped ${shipped}, fit ${refit}`);
  }
});

Deno.test("series: the shipped band matches the errors of held-out figures", () => {
  const band = modelBand(work, judgeTimes(work), seriesFit(work).leaveOneOut);
  assert(Math.abs(Math.log(MODEL_BAND) / Math.log(band) - 1) < 0.05, `shipped ${MODEL_BAND}, errors give ${band}`);
});

Deno.test("series: a model of another machine needs a wider band", () => {
  assert(modelBand(work, judgeTimes(work, COSTS.dram), []) > 2 * MODEL_BAND);
});

Deno.test("bandAround() reads a number, a range and bounds, and refuses words", () => {
  assertEquals(bandAround("80-110"), [80 / MODEL_BAND, 110 * MODEL_BAND]);
  assertEquals([bandAround("<1"), bandAround(">1")], [[0, MODEL_BAND], [1 / MODEL_BAND, null]]);
  assertEquals([isInside([0, 1], 1), isInside([0, 1], 1.1), isInside([1, null], Infinity)], [true, false, false]);
  for (const words of ["negligible", "<1-2", ""]) {
    assertThrows(() => bandAround(words), RangeError, "Cannot put a band");
  }
});

Deno.test("series: held-out figures are met, ratios and order too", () => {
  const times = judgeTimes(work);
  assertEquals(times.filter((t) => !t.ok).map((t) => t.id), []);
  assertEquals(judgeRatios(times).filter((t) => !t.ok).map((t) => t.id), []);
  assertEquals(judgeOrder(times).wrong, []);
  assert(heldOutMedian(times) < MEDIAN_GOAL);
});

Deno.test("series: a machine of another kind misses the goals", () => {
  const times = judgeTimes(work, COSTS.dram);
  const missed = times.filter((t) => !t.ok).map((t) => t.id);
  assert(missed.includes("get altmap 128G, before") && missed.includes("pin altmap 16G, before"));
  assert(!missed.includes("get 128G, before"));
  assert(judgeRatios(times).some((t) => !t.ok));
  assert(judgeOrder(times).wrong.length > 0);
});

Deno.test("series: an anomaly that the model explains is reported", () => {
  const { ns } = COSTS.optane;
  const times = judgeTimes(work, { ...COSTS.optane, ns: { ...ns, nodeStat: 0 } });
  const anomaly = times.find((t) => t.role === "anomaly");
  assert(anomaly !== undefined && Math.abs(anomaly.deviation!) < 0.25 && !anomaly.ok);
  assertEquals(times.find((t) => t.id === "pin 16G, before")?.ok, false);
});

Deno.test("series: unbatched flushes explain 7x and 60x, and grow with the CPUs; batched ones do not", () => {
  assert(judgeSlowdowns().every((s) => s.ok && s.documented > 7));
  // The printed ratios follow from the printed times.
  judgeSlowdowns().forEach((s, i) => assert(Math.abs(s.documented / HUGETLB_HOSTS[i].documentedRatio - 1) < 0.01));
  for (const host of HUGETLB_HOSTS) {
    const [few, many] = slowdownByCpus(host, [2, 200]);
    assert(many.unbatched > 2 * few.unbatched);
    assert(many.batched < 1.001 * few.batched);
  }
});

Deno.test("series: compounds on an altmap take more instructions; Optane hides them, DRAM would not", () => {
  const { instructionRatio, optaneRatio, dramRatio } = altmapBootstrap(work);
  assert(instructionRatio > 1.2 && dramRatio > 1.2 && optaneRatio < 1.05 && optaneRatio > 1);
});

Deno.test("seriesReport() and its text carry every figure and the verdict", () => {
  const report = seriesReport(work);
  assertAsSchema("verify:series", report);
  const text = seriesText(report);
  for (const { id } of [...report.times, ...report.ratios]) assert(text.includes(id), id);
  assertEquals(text.includes("all goals met"), report.ok);
  const errors = report.times.filter((t) => t.role !== "trained").flatMap((t) => t.deviation ?? []);
  assert(text.includes(`${errors.length} figures never fitted: median`), `${errors.length}`);
  const page = Deno.readTextFileSync(new URL("../../docs/performance.md", import.meta.url)).replaceAll(/\s+/g, " ");
  assert(page.includes(`over ${errors.length} figures that it was not fitted to`));
  // Small runs shift the fit by more than rounding; nothing else may fail.
  assert(report.failures.every((f) => f.includes("the fit gives")), report.failures.join("; "));
});
