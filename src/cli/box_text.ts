// SPDX-License-Identifier: GPL-2.0-only
// The report about one machine as text, 100 columns wide: the summary, the costs, the levers, then where its files
// disagree with the emulator or with each other.

import type { BoxCheck } from "../box/checks.ts";
import type { BoxCost, Spent } from "../box/costs.ts";
import type { Note, Place } from "../box/facts.ts";
import type { BoxLever, Gains } from "../box/lever.ts";
import type { BoxReport, BoxTotal } from "../box/report.ts";
import { humanSize } from "../lib/units.ts";
import { table } from "./table.ts";

const WIDTH = 100;

/** The whole text. */
export function boxText(report: BoxReport): string {
  return [
    ...answer(report).flatMap((sentence) => wrapped(sentence, "")),
    ...costLines(report),
    ...leverLines(report.levers),
    ...checkLines(report.checks),
    ...section(
      "Contradictions:",
      report.contradictions.flatMap(({ text, places }) => wrapped(`${text} (${places.map(placeText).join(", ")})`)),
    ),
    ...section("Read with a caveat, or not at all:", report.notes.flatMap((note) => wrapped(noteText(note)))),
  ].join("\n");
}

/** `file:line: what`, like a compiler's messages. */
export function noteText({ text, ...at }: Note): string {
  return at.file === "(all)" ? text : `${placeText(at)}: ${text}`;
}

/** `file:line`. */
export function placeText({ file, line }: Place): string {
  return line === 0 ? file : `${file}:${line}`;
}

/** Bytes with their sign. */
export function signed(bytes: number): string {
  if (bytes === 0) return "0";
  return `${bytes < 0 ? "-" : "+"}${humanSize(Math.abs(bytes))}`;
}

/** Bytes, with a sign only if they are below zero. */
export const amount = (bytes: number): string => bytes === 0 ? "-" : bytes < 0 ? signed(bytes) : humanSize(bytes);

/** The answer: what struct pages cost, the best lever, the kernel. */
export function answer({ total, levers, box }: BoxReport): string[] {
  const { dramBytes: dram, tableBytes: tables, directMapBytes: direct } = total;
  const parts = [
    `${humanSize(dram + tables)} of DRAM (${exact(dram + tables)} bytes, ${humanSize(tables)} of them page tables)`,
    ...elsewhere(total.pmemBytes, total.onMemoryBytes),
  ];
  const best = levers.find((lever) => lever.why === null && !lever.changesUse) ?? levers.find((l) => l.why === null);
  const { release, preset, arch } = box.runningKernel;
  return [
    `Struct pages take ${parts.join(" and ")} now.`,
    ...(direct === 0 ? [] : [
      `Tables of the direct map take ${humanSize(direct)} besides: ${
        exact(dram + tables + direct)
      } bytes of DRAM in all.`,
    ]),
    best === undefined ? "No possible change saves memory." : `Best lever: ${best.what}, ${best.of}: ${gives(best)}.`,
    `Kernel ${release ?? "unknown"}, emulated as Linux ${preset} on ${arch}.`,
  ];
}

/** Struct pages outside of DRAM, in words. */
export function elsewhere(pmemBytes: number, onMemoryBytes: number): string[] {
  const places = [[pmemBytes, "pmem"], [onMemoryBytes, "hot-added memory"]] as const;
  return places.filter(([bytes]) => bytes > 0).map(([bytes, where]) => `${humanSize(bytes)} of ${where}`);
}

const exact = (bytes: number) => String(bytes).replace(/\B(?=(\d{3})+$)/g, " ");

const KINDS: Readonly<Record<BoxCost["kind"], string>> = {
  memory: "DRAM",
  namespace: "namespace",
  ram: "System RAM",
  pool: "huge pages",
};

/** A part of the machine, by kind and name. */
export function partName({ kind, name }: BoxCost): string {
  return `${KINDS[kind]} ${name}`;
}

/** What all parts take: by node and by region where there are several, then all of them. */
export function sums({ nodes, regions, total }: BoxReport): readonly BoxTotal[] {
  return [...(nodes.length > 1 ? nodes : []), ...(regions.length > 1 ? regions : []), total];
}

/** A sum's name in the table of costs. */
export function sumName({ name }: BoxTotal): string {
  return name === "all" ? "in all" : `in all, ${name}`;
}

function costLines(report: BoxReport): string[] {
  const { costs } = report;
  const row = (name: string, c: Spent, memory: string) => [
    name,
    memory,
    amount(c.dramBytes),
    amount(c.tableBytes),
    amount(c.directMapBytes),
    amount(c.pmemBytes),
    amount(c.onMemoryBytes),
    amount(c.lostBytes),
  ];
  const rows = [
    ["part", "memory", "DRAM", "tables", "direct map", "pmem", "on itself", "unused pmem"],
    ...costs.map((c) => row(partName(c), c, humanSize(c.sizeBytes))),
    ...sums(report).map((sum) => row(sumName(sum), sum, "")),
  ];
  const remarks = costs.filter((c) => c.remark !== null).map((c) => `${c.name}: ${c.remark}`);
  return section("What struct pages take now:", [
    ...table(rows, 1).map((line) => `  ${line}`),
    ...remarks.flatMap((r) => wrapped(r)),
  ]);
}

/** What a lever gains and costs, in words. */
export function gives({ dramBytes: dram, pmemBytes: pmem, ramBytes: ram }: Gains): string {
  const kinds = [[dram, "DRAM"], [ram, "System RAM"], [pmem, "pmem for data"]] as const;
  const parts = kinds.filter(([bytes]) => bytes !== 0).map(([bytes, what]) => `${signed(bytes)} of ${what}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

function leverLines(levers: readonly BoxLever[]): string[] {
  const can = levers.filter((lever) => lever.why === null);
  const cannot = levers.filter((lever) => lever.why !== null);
  const one = (lever: BoxLever, i: number) => [
    ...wrapped(`${i + 1}. ${lever.what} (${lever.of}): ${gives(lever)}`),
    ...lever.commands.map((command) => `       ${command}`),
    ...(lever.caution === null ? [] : wrapped(`But: ${lever.caution}.`, "     ")),
  ];
  const not = (lever: BoxLever) => {
    const worth = gives(lever);
    const would = worth === "nothing" ? "" : ` Would give ${worth}.`;
    return wrapped(`${lever.what} (${lever.of}): ${lever.why}.${would}`);
  };
  return [
    ...section("Levers, best first:", can.flatMap(one)),
    ...section("Cannot be had, or gives nothing:", cannot.flatMap(not)),
  ];
}

function checkLines(checks: readonly BoxCheck[]): string[] {
  if (checks.length === 0) return [];
  const agree = checks.filter((check) => check.agrees);
  const rows = [
    ["what the machine says", "of", "its figure", "emulator", "where"],
    ...checks.map((c) => [
      `${c.agrees ? "ok" : "!!"} ${c.what}`,
      c.of,
      String(c.said),
      c.emulated === null ? "?" : String(c.emulated),
      placeText(c),
    ]),
  ];
  const whys = checks.filter((c) => c.why !== null && !c.agrees).map((c) => `${c.of} ${c.what}: ${c.why}`);
  const title = `The machine's own figures: ${agree.length} of ${checks.length} as the emulator has them`;
  return section(title, [...table(rows, 2).map((line) => `  ${line}`), ...whys.flatMap((why) => wrapped(why))]);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

/** Words in lines of at most 100 columns; what follows the first is indented further. */
function wrapped(text: string, indent = "  "): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const before = lines.length === 0 ? indent : `${indent}  `;
    if (line !== "" && before.length + line.length + 1 + word.length > WIDTH) {
      lines.push(before + line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  lines.push((lines.length === 0 ? indent : `${indent}  `) + line);
  return lines;
}
