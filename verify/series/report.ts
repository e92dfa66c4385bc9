// SPDX-License-Identifier: GPL-2.0-only
// The text of verify:series: aligned tables, a reason under every anomaly, and the verdict at the end.

import { COST_SOURCES, COSTS, DEFAULT_COST } from "../../src/model/cost_tables.ts";
import { TERM_NAMES } from "../../src/model/terms.ts";
import type { SeriesReport } from "./series.ts";
import { type Judged, percent } from "./judge.ts";

export function seriesText(r: SeriesReport): string {
  const { gup, instructionFit: instructions } = r.fit;
  // A bound has no error, so the median leaves it out.
  const held = r.times.filter((t) => t.role !== "trained" && t.deviation !== null).length;
  const medians = r.leaveOneOut.map((fit) => fit.median);
  const frailest = r.leaveOneOut.reduce((a, b) =>
    Math.abs(b.worstFigure.deviation!) > Math.abs(a.worstFigure.deviation!) ? b : a
  );
  return [
    ...heading("Fits"),
    `gup: ${gup.equations} figures, ${gup.unknowns} costs, worst training error ${percent(gup.worst)}`,
    `instructions: ${instructions.equations} rows of Linux 6.1, ${instructions.unknowns} unknowns (one is the time` +
    ` memremap_pages sleeps), worst ${percent(instructions.worst)}`,
    "bootstrap: 1 figure, 1 constant (ns per instruction). IPI: 1 difference, 1 constant per host",
    ...columns(r.fit.constants.map((c) => [
      c.name,
      `${short(c.refit)} ${c.unit}`,
      c.leaveOneOutRange === null
        ? ""
        : `${short(c.leaveOneOutRange.low)} to ${short(c.leaveOneOutRange.high)} with a figure left out`,
    ])),
    "A wide range means that few figures separate this cost from another: for atomicAdd and lineWritten only the sum for a base",
    "page is certain; one trained figure with tails, 127 ms, splits it.",
    ...heading(`Costs, table "${DEFAULT_COST}"`),
    ...columns(TERM_NAMES.map((t) => [t, `${short(COSTS[DEFAULT_COST].ns[t])} ns`, COST_SOURCES[t]])),
    ...heading("Times, ms"),
    ...judged(r.times),
    `${held} figures never fitted: median error ${percent(r.heldOutMedian)}` +
    ` (${percent(Math.min(...medians))} to ${percent(Math.max(...medians))} with a training figure left out)`,
    `the fit depends most on "${frailest.without}": without it, "${frailest.worstFigure.id}" would be off by` +
    ` ${signed(frailest.worstFigure.deviation!)}`,
    ...r.notModelled.map((n) => `not modelled: ${n.id}, ${n.ms} ms (${n.file.slice(0, 3)}:${n.line}): ${n.reason}`),
    ...heading("Ratios"),
    ...judged(r.ratios),
    `order: ${r.ordering.agree} of ${r.ordering.pairs} pairs of figures more than 10 % apart are in the documents' order`,
    ...heading("Second opinion: instructions of a real 6.1 kernel"),
    ...columns([
      ["", "documented", "modelled", "instructions"],
      ...r.opinions.map((o) => [o.what, factor(o.documented), factor(o.modelled), factor(o.instructions)]),
    ]),
    ...altmap(r),
    ...heading("HugeTLB allocation, slowdown by unbatched flushes"),
    ...columns(
      r.slowdowns.map((s) => [s.hostName, factor(s.documented), factor(s.modelled), signed(s.deviation), "held out"]),
    ),
    ...r.slowdownByCpus.flatMap(({ hostName, rows }) =>
      columns([
        [`if ${hostName} had CPUs:`, ...rows.map((row) => `${row.cpus}`)],
        ["  unbatched", ...rows.map((row) => factor(row.unbatched))],
        ["  batched", ...rows.map((row) => factor(row.batched))],
      ])
    ),
    `document 004's 166 against 66 ms corresponds to ${r.cpusOfSeed004.toFixed(0)} CPUs of the bare-metal host` +
    " (it does not give the number)",
    "",
    r.ok ? "all goals met" : `${r.failures.length} goals missed:`,
    ...r.failures.map((f) => `  ${f}`),
  ].join("\n");
}

function altmap({ altmapBootstrap: a }: SeriesReport): string[] {
  return [
    '"altmap sees no significant difference in bootstrap" (001:149), compound over base pages on an altmap:',
    `  ${factor(a.instructionRatio)} the instructions; modelled time ${
      factor(a.optaneRatio)
    } on Optane, where write-back hides` +
    ` them, ${factor(a.dramRatio)} if that memory were as fast as DRAM`,
  ];
}

function judged(rows: readonly Judged[]): string[] {
  const cells = rows.map((row) => [
    row.id,
    row.place,
    row.printed,
    row.modelled.toFixed(row.modelled < 100 ? 2 : 0),
    row.deviation === null ? "" : signed(row.deviation),
    `${row.role}${row.ok ? "" : ", FAILS"}`,
  ]);
  const lines = columns([["", "source", "documented", "modelled", "error", ""], ...cells]);
  return lines.flatMap((line, i) => {
    const note = i === 0 ? "" : rows[i - 1].note;
    return note === "" ? [line] : [line, `    ${note}`];
  });
}

/** Aligns columns: the first left, numbers right, the last unpadded. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : i === row.length - 1 ? cell : cell.padStart(widths[i]))
      .join("  ").trimEnd()
  );
}

function heading(text: string): string[] {
  return ["", text];
}

function short(n: number): string {
  return n >= 100 ? n.toFixed(0) : n.toFixed(2);
}

function signed(x: number): string {
  return `${x >= 0 ? "+" : ""}${percent(x)}`;
}

function factor(x: number | null): string {
  return x === null ? "" : `${x.toFixed(2)}x`;
}
