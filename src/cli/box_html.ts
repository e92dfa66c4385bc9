// SPDX-License-Identifier: GPL-2.0-only
// Reports of one machine and of a fleet as one self-contained HTML file: charts of the costs of struct pages and the
// gains of levers, each with its table. Drawn by Observable Plot, so `lab` loads this file only on demand.

import { type Bar, barChart } from "../../charts/bars.ts";
import { legend, type Mark, stackChart } from "../../charts/dots.ts";
import { pageHtml, type Section } from "../../charts/page.ts";
import { serverDocument } from "../../charts/svg_file.ts";
import type { Gains } from "../box/lever.ts";
import type { Spent } from "../box/costs.ts";
import type { BoxReport } from "../box/report.ts";
import type { FleetRow, FleetTotal } from "../box/fleet.ts";
import { humanSize } from "../lib/units.ts";
import { answer, gives, noteText, partName, placeText, signed, sumName, sums } from "./box_text.ts";
import { fleetHeading } from "./fleet_text.ts";

/** Machines that a fleet's chart has bars for; its table has all. */
const MOST_BARS = 30;

const bytes = (n: number) => n < 0 ? signed(n) : humanSize(n);

/** The page of one machine. */
export function boxPage(report: BoxReport): string {
  const sections = [
    costs(report),
    levers(report),
    refused(report),
    checks(report),
    contradictions(report),
    notes(report),
  ];
  return pageHtml({
    title: "vmemmap-lab: a machine's struct pages",
    heading: "A machine's struct pages",
    intro: answer(report),
    sections: sections.filter(({ rows }) => rows.length > 0),
  });
}

/** The page of a fleet. */
export function fleetPage(total: FleetTotal & { readonly shapes: number }, rows: readonly FleetRow[]): string {
  return pageHtml({
    title: "vmemmap-lab: a fleet's struct pages",
    heading: "A fleet's struct pages",
    intro: fleetHeading(total),
    sections: [fleetLevers(total), machines(rows)].filter((section) => section.rows.length > 0),
  });
}

/** The chart, or nothing if every value is 0. */
function drawn(marks: readonly Mark[], title: string, axis: string): Pick<Section, "chart" | "legend"> {
  const some = marks.filter(({ value }) => value !== 0);
  if (some.length === 0) return { chart: null, legend: [] };
  return { chart: stackChart(some, { document: serverDocument(), title, axis, unit: "bytes" }), legend: legend(some) };
}

const PLACES: readonly (readonly [keyof Spent, string])[] = [
  ["dramBytes", "memmap in DRAM"],
  ["tableBytes", "page tables"],
  ["directMapBytes", "direct map"],
  ["pmemBytes", "memmap in pmem"],
  ["onMemoryBytes", "memmap on the memory itself"],
];

function costs(report: BoxReport): Section {
  const { costs } = report;
  const marks = costs.flatMap((cost) =>
    PLACES.map(([key, series]): Mark => ({ label: partName(cost), series, value: cost[key] }))
  );
  const row = (name: string, memory: string, c: Spent, remark: string) => [
    name,
    memory,
    ...PLACES.map(([key]) => bytes(c[key])),
    bytes(c.lostBytes),
    String(c.dramBytes + c.tableBytes + c.directMapBytes),
    remark,
  ];
  return {
    id: "costs",
    heading: "What struct pages take now",
    words:
      "Memmap of each part, the page tables of it, and the direct map's. What huge pages give back is less than nothing.",
    ...drawn(marks, "What struct pages take, by part", "memmap and page tables"),
    head: ["part", "memory", ...PLACES.map(([, name]) => name), "unused pmem", "bytes of DRAM in all", "remark"],
    rows: [
      ...costs.map((c) => row(partName(c), humanSize(c.sizeBytes), c, c.remark ?? "")),
      ...sums(report).map((sum) => row(sumName(sum), "", sum, "")),
    ],
  };
}

const GAINS = [["dramBytes", "DRAM"], ["ramBytes", "System RAM"], ["pmemBytes", "pmem for data"]] as const;

const gainsOf = (lever: Gains) => GAINS.map(([key]) => signed(lever[key]));

function levers({ levers }: BoxReport): Section {
  const can = levers.filter((lever) => lever.why === null);
  const marks = can.flatMap((lever, i) =>
    GAINS.map(([key, series]): Mark => ({ label: `${i + 1}. ${lever.kind}, ${lever.of}`, series, value: lever[key] }))
  );
  return {
    id: "levers",
    heading: "Levers, best first",
    words: "What each change gives, to the right, and takes, to the left, of DRAM, of System RAM and of pmem for data.",
    ...drawn(marks, "What each lever gives", "bytes given"),
    head: ["", "lever", "of", ...GAINS.map(([, name]) => name), "what to type", "but"],
    rows: can.map((lever, i) => [
      `${i + 1}`,
      lever.what,
      lever.of,
      ...gainsOf(lever),
      lever.commands.join("; "),
      lever.caution ?? "",
    ]),
  };
}

/** A part of the page that is a table only. */
function list(id: string, heading: string, words: string, head: string[], rows: string[][]): Section {
  return { id, heading, words, chart: null, legend: [], head, rows };
}

function refused({ levers }: BoxReport): Section {
  const rows = levers.filter((lever) => lever.why !== null).map((l) => [l.what, l.of, l.why!, gives(l)]);
  const words = "Other levers, and what keeps them from working here.";
  return list("refused", "Cannot be had, or gives nothing", words, ["lever", "of", "why", "would give"], rows);
}

function checks({ checks }: BoxReport): Section {
  const rows = checks.map((c) => [
    c.agrees ? "yes" : "no",
    c.what,
    c.of,
    String(c.said),
    c.emulated === null ? "?" : String(c.emulated),
    placeText(c),
    c.why ?? "",
  ]);
  const head = ["agrees", "what", "of", "the machine's figure", "the emulator's", "where", "why"];
  const words = "Figures that the machine prints, beside those counted here.";
  return list("checks", "The machine's own figures", words, head, rows);
}

function contradictions({ contradictions }: BoxReport): Section {
  const rows = contradictions.map(({ text, places }) => [text, places.map(placeText).join(", ")]);
  const words = "Statements that cannot all be true.";
  return list("contradictions", "Contradictions", words, ["what", "where"], rows);
}

function notes({ notes }: BoxReport): Section {
  const rows = notes.map((note) => [note.kind, noteText(note)]);
  const words = "What is damaged, of no known format, or assumed.";
  return list("notes", "Read with a caveat, or not at all", words, ["kind", "note"], rows);
}

function fleetLevers({ levers }: FleetTotal): Section {
  const marks = levers.flatMap((lever) =>
    GAINS.map(([key, series]): Mark => ({ label: lever.kind, series, value: lever[key] }))
  );
  return {
    id: "levers",
    heading: "What each kind of lever would give",
    words:
      "The best lever of its kind for every part of every machine, all machines together; levers that change how " +
      "programs use their memory are left out.",
    ...drawn(marks, "What each kind of lever gives, all machines together", "bytes given"),
    head: ["lever", "machines", ...GAINS.map(([, name]) => name)],
    rows: levers.map((lever) => [lever.kind, String(lever.machines), ...gainsOf(lever)]),
  };
}

function machines(rows: readonly FleetRow[]): Section {
  const most = rows.filter(({ figures }) => figures !== null && figures.dramBytes > 0)
    .sort((a, b) => b.figures!.dramBytes - a.figures!.dramBytes).slice(0, MOST_BARS);
  // Machines of one name are distinguished by their position.
  const bars = most.map(({ name, figures }, i): Bar => ({
    label: `${i + 1}. ${name.slice(0, 30)}`,
    value: figures!.dramBytes,
  }));
  const title = "DRAM that struct pages take, by machine";
  const options = { document: serverDocument(), title, axis: "DRAM", unit: "bytes" } as const;
  return {
    id: "machines",
    heading: "The machines",
    words:
      `The ${bars.length} machines whose struct pages take most DRAM; the table has all, in the order of the input.`,
    chart: bars.length === 0 ? null : barChart(bars, options),
    legend: [],
    head: ["machine", "kernel", "DRAM", "pmem", "spent", "direct map", "spent in pmem", "best lever, or what is wrong"],
    rows: rows.map(({ name, why: error, figures: f }) =>
      f === null ? [name, "damaged", "", "", "", "", "", error!] : [
        name,
        f.release ?? "?",
        bytes(f.memoryBytes),
        bytes(f.pmemBytes),
        bytes(f.dramBytes),
        bytes(f.directMapBytes),
        bytes(f.inPmemBytes),
        f.best ?? "",
      ]
    ),
  };
}
