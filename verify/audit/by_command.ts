// SPDX-License-Identifier: GPL-2.0-only
// Claims without code: a command of `lab` counts the number, which is read from its report. There is no closed formula
// to compare it with, so the verdict only compares the printed number with the counted one.

import { CommandError } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { COMMANDS } from "../../src/cli/main.ts";
import type { ClaimsDocument, DocumentedRow, Measure } from "../claims/catalogue.ts";
import { compare, failedRow, type Judged, needsNoNumbers, type SuiteReport } from "../claims/claim.ts";

/** Counts the number. CommandError for an unknown command or flag, or a place that the report does not have. */
export async function countBy({ command: line, pointer, scale = 1 }: Measure): Promise<number> {
  const [name, ...args] = line.trim().split(/\s+/);
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) {
    throw new CommandError(`unknown command "${name}": expected ${COMMANDS.map((c) => c.name).join(", ")}`);
  }
  const flags = parseFlags(command.name, command.flags, args, command.operands !== undefined);
  const { report } = await command.run(flags);
  return scale * numberAt(report ?? {}, pointer, name);
}

/** The number at a JSON pointer (RFC 6901); booleans count as 1 or 0. */
export function numberAt(report: object, pointer: string, name: string): number {
  let value: unknown = report;
  for (const part of pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))) {
    const there = typeof value === "object" && value !== null && Object.hasOwn(value, part);
    if (!there) {
      const keys = typeof value === "object" && value !== null ? Object.keys(value).slice(0, 12).join(", ") : "nothing";
      throw new CommandError(`the report of ${name} has nothing at ${pointer}: at "${part}" there is ${keys}`);
    }
    value = (value as Record<string, unknown>)[part];
  }
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "number") throw new CommandError(`the report of ${name} has no number at ${pointer}`);
  return value;
}

/** Judges one row; an error becomes a failed row with its message. A row without a measure is left to a reader. */
async function judgeByCommand({ measure, ...words }: DocumentedRow): Promise<Judged> {
  const { id, what, printed, note } = words;
  const row = { ...words, formula: null, model: null, band: null };
  if (measure === null || printed === null) {
    const expected = words.expected !== null && needsNoNumbers(words.expected) ? words.expected : "read open";
    const reason = note ?? "no measure, so undecided";
    return { ...row, measured: null, verdict: expected, expected, ok: true, note: reason };
  }
  try {
    const measured = await countBy(measure);
    const verdict = compare(printed, measured);
    const expected = words.expected ?? verdict;
    const how = `lab ${measure.command}, ${measure.pointer}`;
    return {
      ...row,
      measured,
      verdict,
      expected,
      ok: verdict === expected,
      note: note === null ? how : `${note}; ${how}`,
    };
  } catch (error) {
    return { ...failedRow(id, error instanceof Error ? error.message : String(error)), what };
  }
}

/** Judges a document's claims one by one. */
export async function judgeDocument({ document, claims }: ClaimsDocument): Promise<SuiteReport> {
  const rows: Judged[] = [];
  for (const row of claims.flatMap((claim) => claim.rows)) rows.push(await judgeByCommand(row));
  return { name: document.id, title: document.title, rows };
}
