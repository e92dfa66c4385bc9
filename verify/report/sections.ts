// SPDX-License-Identifier: GPL-2.0-only
// The sections of the report: a heading, a sentence, a chart and its table. Every value of a chart is in its table;
// nothing is computed here but ratios and sums of the results.

import { type Bar, barChart } from "../../charts/bars.ts";
import { countVerdicts } from "../audit/audit.ts";
import { conformanceTable } from "../audit/conformance.ts";
import { dotChart, legend, type Mark, stackChart } from "../../charts/dots.ts";
import { lineChart } from "../../charts/lines.ts";
import type { Section } from "../../charts/page.ts";
import { humanSize } from "../../mod.ts";
import type { Results } from "../../results/types.ts";
import { median } from "../../bench/statistics.ts";
import type { HistoryEntry } from "./history.ts";

const MIB = 2 ** 20;

const named = (bytes: number) => bytes >= 1024 * MIB ? `${bytes / (1024 * MIB)}G` : `${bytes / MIB}M`;
const sizeName = (bytes: number) =>
  bytes >= 2 ** 40 ? `${bytes / 2 ** 40}T` : bytes < MIB ? `${bytes / 1024}K` : named(bytes);
const times = (ratio: number) => `${ratio.toFixed(1)}x`;

/** Every section, in page order. */
export function sections(document: Document, results: Results, history: readonly HistoryEntry[]): Section[] {
  return [
    perTib(document, results),
    growth(document, results),
    beforeAfter(document, results),
    documentsTimes(document, results),
    yardstick(document, results),
    verdicts(document, results),
    matrix(results),
    conformance(document, results),
    ...(history.length > 1 ? [earlierVerdicts(document, history), earlierTimes(document, history)] : []),
  ].filter((section) => section !== null);
}

function perTib(document: Document, { figures }: Results): Section {
  const rows = figures.perTib.map((r): Bar & { series: string } => {
    const page = sizeName(r.alignBytes);
    return { label: `${r.kernel}, ${page}`, value: r.dramBytes, series: `${page} pages` };
  });
  return {
    id: "per-tib",
    heading: "What a TiB of persistent memory costs",
    words:
      "DRAM for the memmap of 1 TiB of device-dax memory, page tables included, by kernel and page size; counted " +
      "by populating it.",
    chart: barChart(rows, {
      document,
      title: "DRAM per TiB by kernel and page size",
      axis: "DRAM per TiB",
      unit: "bytes",
      log: true,
      width: 720,
    }),
    legend: legend(rows),
    head: ["kernel, page size", "DRAM", "bytes"],
    rows: rows.map(({ label, value }) => [label, humanSize(value), String(value)]),
  };
}

function growth(document: Document, { figures }: Results): Section {
  const points = figures.growth.filter((r) => r.alignBytes === 2 * MIB)
    .map((r) => ({ series: r.kernel, x: r.sizeBytes, y: r.dramBytes }));
  return {
    id: "growth",
    heading: "How the cost grows",
    words:
      "DRAM for a namespace of 2 MiB pages against its size: the cost is proportional, so the saving is the same " +
      "factor at any size. Kernels with the same cost share a line.",
    chart: lineChart(points, "size of the namespace", {
      document,
      title: "DRAM against the size of the namespace",
      axis: "DRAM",
      unit: "bytes",
    }),
    legend: [],
    head: ["kernel", "namespace", "DRAM", "bytes"],
    rows: points.map(({ series, x, y }) => [series, sizeName(x), humanSize(y), String(y)]),
  };
}

/** How much faster each phase of gup is after patch 8, by every measure. */
function beforeAfter(document: Document, results: Results): Section {
  const host = hostRatios(results);
  const rows: Mark[] = results.figures.ratios.filter((r) => r.what.includes("before / ")).flatMap((r) => [
    ...(r.documented === null ? [] : [{ label: r.what, series: "cover letter", value: r.documented }]),
    { label: r.what, series: "model time", value: r.model },
    { label: r.what, series: "Linux 6.1, instructions", value: r.linuxInstructions },
    ...(host.has(r.what) ? [{ label: r.what, series: "host time of the emulator", value: host.get(r.what)! }] : []),
  ]);
  return {
    id: "gup",
    heading: "gup before and after",
    words: "How many times longer gup_test takes before patch 8, which takes one reference per compound page. Linux " +
      "6.1 has compound pages in both cases, so its ratio is smaller.",
    chart: dotChart(rows, { document, title: "gup before over after", axis: "before / after", unit: "ratio" }),
    legend: legend(rows),
    head: ["what", "measure", "before / after"],
    rows: rows.map(({ label, series, value }) => [label, series, times(value)]),
  };
}

/** The same ratios for the emulator's own times. */
function hostRatios({ bench }: Results): Map<string, number> {
  const found = new Map<string, number>();
  for (const [mode, call] of [["get", "get_user_pages_fast"], ["pin", "pin_user_pages_fast"]]) {
    const group = `${call} 16G map=mem: get | `;
    const of = (start: string) => Object.entries(bench?.benches ?? {}).find(([n]) => n.startsWith(group + start))?.[1];
    const [before, after] = [of("before"), of("after")];
    if (before && after) found.set(`${mode} 16G, before / patch 8`, median(before) / median(after));
  }
  return found;
}

function documentsTimes(document: Document, { figures }: Results): Section {
  const rows = figures.times.flatMap((t): Mark[] => [
    { label: t.id, series: "document", value: t.documentedMs },
    { label: t.id, series: `model (${t.role})`, value: t.modelMs },
  ]);
  const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
  return {
    id: "times",
    heading: "The documents' times and the model's",
    words:
      "Times that the authors measured on their machine, and model time for the same work. A held-out figure was " +
      "not used in the fit; an anomaly cannot be explained by any cost per page, for the reason given in its fixture.",
    chart: dotChart(rows, { document, title: "Documented and modelled times", axis: "ms", unit: "ms", log: true }),
    legend: legend(rows),
    head: ["figure", "place", "document", "model", "error", "role"],
    rows: figures.times.map((t) => [
      t.id,
      t.place,
      ms(t.documentedMs),
      ms(t.modelMs),
      `${(100 * (t.modelMs / t.documentedMs - 1)).toFixed(1)} %`,
      t.role,
    ]),
  };
}

function yardstick(document: Document, { bench }: Results): Section | null {
  const sides = new Map<string, { emulator?: number; c?: number }>();
  for (const [name, rounds] of Object.entries(bench?.benches ?? {})) {
    const match = /^(.*) \| (C|emulator)$/.exec(name);
    if (match === null) continue;
    const side = sides.get(match[1]) ?? {};
    sides.set(match[1], side);
    side[match[2] === "C" ? "c" : "emulator"] = median(rounds) / 1e6;
  }
  const found = [...sides].filter(([, s]) => s.c !== undefined && s.emulator !== undefined);
  if (found.length === 0) return null;
  const rows = found.map(([label, s]) => ({ label, value: s.emulator! / s.c! }));
  return {
    id: "yardstick",
    heading: "The emulator against C",
    words:
      "Host time of the emulator's loops over that of the same paths in C, in one process on the same bytes. This is " +
      "the speed of the emulator, not of Linux.",
    chart: barChart(rows, { document, title: "Emulator over C", axis: "emulator / C", unit: "ratio", width: 720 }),
    legend: [],
    head: ["contest", "emulator", "C", "ratio"],
    rows: found.map(([name, s]) => [
      name,
      `${s.emulator!.toFixed(2)} ms`,
      `${s.c!.toFixed(2)} ms`,
      `${(s.emulator! / s.c!).toFixed(2)}x`,
    ]),
  };
}

/** A colour per verdict, the same in every chart, best first: what holds, what is undecided, what does not hold. */
const VERDICT_COLORS: Readonly<Record<string, string>> = {
  confirmed: "#2f6fb5",
  rounding: "#1f8582",
  "read right": "#3a8a4a",
  "inside band": "#4d7f86",
  "hardware-bound": "#7d7260",
  "outside band": "#a8682b",
  "read open": "#878d96",
  superseded: "#7a5cb8",
  "read wrong": "#c2661f",
  inconsistent: "#9a7d0a",
  contradicted: "#b04a68",
  disagreement: "#cf2222",
};
const BEST_FIRST = Object.keys(VERDICT_COLORS);

/** Colours of the marks' series in order; grey for former verdicts. */
const colorsOf = (marks: readonly Mark[]) =>
  [...new Set(marks.map(({ series }) => series))].map((series) => VERDICT_COLORS[series] ?? "#878d96");

/** The verdicts of the marks, best first. */
function verdictLegend(marks: readonly Mark[]): Section["legend"] {
  const order = (series: string) => (BEST_FIRST.indexOf(series) + 99) % 99;
  return legend(marks, colorsOf(marks)).toSorted((a, b) => order(a.series) - order(b.series));
}

function verdicts(document: Document, { audit }: Results): Section {
  const documents = Map.groupBy(audit.claims, (claim) => claim.id.slice(0, 3));
  return verdictSection(document, [...documents].map(([name, claims]) => [name, countVerdicts(claims)]), {
    id: "verdicts",
    heading: "Verdicts by document",
    words: `Verdicts on ${audit.claims.length} claims: 000 is the v7 cover letter, 001 the v4 series and its thread, ` +
      "002 the merged commit, 003 memmap_on_memory, 004 HugeTLB.",
    title: "Claims by verdict",
    bars: "document",
  });
}

/** Bars of claims by verdict, best first; former verdicts come last. */
function verdictSection(
  document: Document,
  bars: readonly (readonly [label: string, counts: Readonly<Record<string, number>>])[],
  { id, heading, words, title, bars: head }: Record<"id" | "heading" | "words" | "title" | "bars", string>,
): Section {
  const found = [...new Set(bars.flatMap(([, counts]) => Object.keys(counts)))];
  const order = [...BEST_FIRST, ...found.filter((verdict) => !BEST_FIRST.includes(verdict))];
  const rows = bars.flatMap(([label, counts]): Mark[] =>
    order.filter((series) => counts[series] > 0).map((series) => ({ label, series, value: counts[series] }))
  );
  return {
    id,
    heading,
    words,
    chart: stackChart(rows, { document, title, axis: "claims", unit: "count", colors: colorsOf(rows) }),
    legend: verdictLegend(rows),
    head: [head, "verdict", "claims"],
    rows: rows.map(({ label, series, value }) => [label, series, String(value)]),
  };
}

/** The same as a matrix. */
function matrix({ figures }: Results): Section {
  return {
    id: "matrix",
    heading: "Equal to Linux",
    words:
      "Rows captured from real kernels (entries, frames, struct pages word by word) that the emulator reproduces " +
      "in every field, by kernel and scenario. A dash means that nothing was captured.",
    chart: null,
    legend: [],
    ...conformanceTable(figures.conformance),
  };
}

function conformance(document: Document, { figures }: Results): Section {
  const rows = figures.conformance.flatMap((row): Mark[] => {
    const label = `${row.kernel} ${row.arch}: ${row.scenario}`;
    return [
      { label, series: "equal", value: row.equal },
      { label, series: "differ, cause known", value: row.explained },
      { label, series: "differ", value: row.rows - row.equal - row.explained },
    ].filter(({ value }) => value > 0);
  });
  return {
    id: "conformance",
    heading: "How much was captured",
    words: "The number of those rows by kernel, architecture and scenario.",
    chart: stackChart(rows, {
      document,
      title: "Captured rows by kernel and scenario",
      axis: "captured rows",
      unit: "count",
    }),
    legend: legend(rows),
    head: ["kernel", "architecture", "scenario", "releases", "machines", "rows", "equal", "cause known"],
    rows: figures.conformance.map((r) => [
      r.kernel,
      r.arch,
      r.scenario,
      r.releases.join(", "),
      ...[r.machines, r.rows, r.equal, r.explained].map(String),
    ]),
  };
}

const runName = (entry: HistoryEntry) => `${entry.date.slice(0, 10)} ${entry.commit?.slice(0, 7) ?? ""}`;

/** Claims by verdict in each run. */
function earlierVerdicts(document: Document, history: readonly HistoryEntry[]): Section {
  return verdictSection(document, history.map((entry) => [runName(entry), entry.verdicts]), {
    id: "history-verdicts",
    heading: "Verdicts of earlier runs",
    words:
      "Claims by verdict in every run kept in results/history. At first, claims judged by reading had no verdict of " +
      "their own.",
    title: "Verdicts by run",
    bars: "run",
  });
}

/** How each contest changed between runs. Times of different CPUs are not comparable, so each row names its run. */
function earlierTimes(document: Document, history: readonly HistoryEntry[]): Section {
  const rows = history.flatMap((entry): Mark[] =>
    Object.entries(entry.benchMs).map(([label, value]) => ({ label, series: runName(entry), value }))
  );
  return {
    id: "history",
    heading: "Times of earlier runs",
    words: "The emulator's times in the yardstick's contests, for every run kept in results/history.",
    chart: dotChart(rows, { document, title: "Times of earlier runs", axis: "ms", unit: "ms", log: true }),
    legend: legend(rows),
    head: ["contest", "run", "ms"],
    rows: rows.map(({ label, series, value }) => [label, series, value.toFixed(2)]),
  };
}
