// SPDX-License-Identifier: GPL-2.0-only
// `lab box [FILE...]`: reads files that describe a real machine, and prints its costs and what could be changed.

import { anonymous } from "../box/anonymous.ts";
import { isEmpty, readBox } from "../box/join.ts";
import { type BoxReport, boxReport } from "../box/report.ts";
import { type BoxInput, readInput } from "./box_input.ts";
import { boxText, noteText } from "./box_text.ts";
import { boxRows } from "./box_csv.ts";
import { csv } from "./csv.ts";
import type { FleetRow } from "../box/fleet.ts";
import { runFleet } from "./fleet.ts";
import { FLEET_COLUMNS, fleetCells, fleetLeverCells, fleetRowsText, fleetTotalText } from "./fleet_text.ts";
import { writeFile } from "./write_file.ts";
import { type Command, CommandError, type CommandResult, type Flag, type Flags } from "./command.ts";

const FLAGS: Readonly<Record<string, Flag>> = {
  anonymous: { value: "", help: "omit file names, the kernel build and quotes from the files" },
  fleet: { value: "FOLDER|FILE.jsonl|-", help: "many machines, one per sub-folder or line; adds totals by lever" },
  html: { value: "FILE", help: "write the report as one HTML file" },
  csv: {
    value: "",
    help: "comma-separated values, in bytes; column table: cost or lever, for a fleet machine or lever",
  },
};

/** The command. */
export const boxCommand: Command = {
  name: "box",
  summary: "read ndctl, daxctl, lsmem, dmesg, /proc of a machine; show its costs and what would lower them",
  example: "fixtures/box/ndctl-list.json fixtures/box/dmesg.txt",
  flags: FLAGS,
  operands: "[FILE|FOLDER|-...]",
  csv: (report) => boxRows(report as BoxReport),
  run: runBox,
};

async function runBox(flags: Flags): Promise<CommandResult> {
  if (flags.has("fleet")) return await fleet(flags);
  const input = readInput(flags.operands);
  const read = readBox(input.texts);
  const whole = { ...read, notes: [...input.notes, ...read.notes] };
  const box = flags.has("anonymous") ? anonymous(whole) : whole;
  const errors = box.notes.filter((note) => note.kind === "error");
  const code = errors.length > 0 ? 2 : 0;
  // A single error explains why there is nothing.
  if (isEmpty(box) && errors.length === 1) throw new CommandError(`box: ${noteText(errors[0])}`);
  for (const note of errors) console.error(`lab: box: ${noteText(note)}`);
  if (isEmpty(box)) {
    for (const note of box.notes.filter((n) => n.kind === "unread")) console.error(`lab: box: ${noteText(note)}`);
    throw new CommandError(`box: ${nothing(input)}`);
  }
  const report = boxReport(box);
  if (flags.has("html")) {
    const { boxPage } = await import("./box_html.ts");
    await writeFile(flags.text("html"), boxPage(report));
  }
  return { report, text: boxText(report), code };
}

/** A fleet: JSON Lines and CSV row by row, text with the totals first. */
async function fleet(flags: Flags): Promise<CommandResult> {
  if (flags.operands.length > 0) {
    throw new CommandError(`box: --fleet FOLDER takes no other files, got "${flags.operands[0]}"`);
  }
  const rows: FleetRow[] = [];
  const asCsv = flags.has("csv");
  if (asCsv) console.log(csv([FLEET_COLUMNS]));
  const total = await runFleet(flags.text("fleet"), flags.has("anonymous"), (row) => {
    if (flags.json) console.log(JSON.stringify(row));
    else if (asCsv) console.log(csv([fleetCells(row)]));
    if (flags.has("html") || !(flags.json || asCsv)) rows.push(row);
  });
  if (asCsv) { for (const lever of total.levers) console.log(csv([fleetLeverCells(lever)])); }
  if (total.machines === 0) throw new CommandError("box: the fleet has no machines");
  if (total.damaged > 0) {
    const rest = total.damaged === 1 ? "is damaged; its row says why" : "are damaged; their rows say why";
    console.error(`lab: box: ${total.damaged} of ${total.machines} machines ${rest}`);
  }
  if (flags.json) console.log(JSON.stringify({ total }));
  const text = flags.json || asCsv ? "" : [...fleetTotalText(total), "", ...fleetRowsText(rows)].join("\n");
  if (flags.has("html")) {
    const { fleetPage } = await import("./box_html.ts");
    await writeFile(flags.text("html"), fleetPage(total, rows));
  }
  return { report: null, text, code: total.damaged > 0 ? 2 : 0 };
}

function nothing({ texts, notes }: BoxInput): string {
  if (texts.length === 0 && notes.some(({ kind }) => kind === "unread")) {
    return "nothing to read: a folder's files are one machine; --fleet FOLDER reads a machine from each sub-folder";
  }
  const empty = texts.length === 0 || texts.every(({ text }) => text.trim() === "");
  return empty
    ? "nothing to read: give files of ndctl list, daxctl list, lsmem, dmesg, /proc/iomem, or - for standard input"
    : "nothing in the input describes memory, pmem or huge pages: expected ndctl list, daxctl list, lsmem, dmesg, " +
      "iomem, zoneinfo, meminfo";
}
