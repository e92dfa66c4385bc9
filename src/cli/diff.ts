// SPDX-License-Identifier: GPL-2.0-only
// `lab diff A B COMMAND [flags]`: the same command under two kernels, side by side. A kernel is a preset with switches,
// as in src/kernels.ts: `lab diff 6.1 6.1,gup=compound gup --size 16G`.

import { kernelChanges, kernelConfig, kernelSpec } from "../kernels.ts";
import { type Command, CommandError, type CommandResult, type Flags } from "./command.ts";
import { parseFlags } from "./flags.ts";
import { gupCommand } from "./gup.ts";
import { hotplugCommand } from "./hotplug.ts";
import { hugetlbCommand } from "./hugetlb.ts";
import { namespaceCommand } from "./namespace.ts";
import { didYouMean } from "./suggest.ts";
import { table } from "./table.ts";

/** One figure under both kernels. */
export interface DiffRow {
  /** Its path in the report. */
  readonly name: string;
  readonly a: number;
  readonly b: number;
  /** b over a; null where a is 0. */
  readonly ratio: number | null;
}

const COMPARED = [namespaceCommand, gupCommand, hugetlbCommand, hotplugCommand];

/** Shown even if they are equal: the figures by which a change to a kernel is judged. */
const ALWAYS =
  /^(pages(\.dramTotal|\.vmemmap|\.pteTables)?|pteTables|freedPages|heldPages|\w*[sS]tores|.*tlbFlushes|.*Ms)$/;

/** The command. */
export const diffCommand: Command = {
  name: "diff",
  summary: "run a command under two kernels and compare frames, tables, stores, flushes and times",
  example: "5.14 6.1 namespace --size 256M",
  flags: {},
  operands: "A B COMMAND [flags of COMMAND]",
  nested: true,
  csv: (report) => (report as { rows: readonly DiffRow[] }).rows,
  run: async ({ operands, json }) => {
    const [a, b, name, ...args] = operands;
    if (name === undefined) {
      throw new CommandError("diff: expected A B COMMAND, such as: lab diff 6.1 6.1,gup=compound gup --size 16G");
    }
    const kernels = { a: kernelSpec(a), b: kernelSpec(b) };
    const command = commandNamed(name);
    const results = { a: await runUnder(command, kernels.a, args), b: await runUnder(command, kernels.b, args) };
    const rows = compareReports(results.a.report ?? {}, results.b.report ?? {});
    const changes = kernelChanges(kernelConfig(kernels.a), kernelConfig(kernels.b));
    const code = Math.max(results.a.code ?? 0, results.b.code ?? 0);
    const report = {
      config: { kernelA: kernels.a, kernelB: kernels.b, command: name, arguments: args },
      changes,
      rows,
    };
    return { report, text: json ? "" : text(kernels, changes, rows), code };
  },
};

function commandNamed(name: string): Command {
  const command = COMPARED.find((c) => c.name === name);
  if (command !== undefined) return command;
  const names = COMPARED.map((c) => c.name);
  throw new CommandError(`diff: cannot compare "${name}"${didYouMean(name, names)}: expected ${names.join(", ")}`);
}

function runUnder(command: Command, kernel: string, args: readonly string[]): CommandResult | Promise<CommandResult> {
  const flags = parseFlags(command.name, command.flags, command.translate?.(args) ?? args);
  for (const name of ["kernel", "set"]) {
    if (flags.has(name)) {
      throw new CommandError(`diff: --${name} is set by A and B: lab diff A B ${command.name} ...`);
    }
  }
  const under: Flags = {
    ...flags,
    has: (name) => name === "kernel" || flags.has(name),
    text: (name) => name === "kernel" ? kernel : flags.text(name),
  };
  return command.run(under);
}

/** Figures of both reports that differ, and those that are always shown, in the order of the report. */
export function compareReports(a: object, b: object): DiffRow[] {
  const [left, right] = [a, b].map((report) => new Map(figures({ ...report, config: null }, "")));
  return [...left].filter(([name, value]) => right.has(name) && (right.get(name) !== value || ALWAYS.test(name)))
    .filter(([name, value]) => value !== 0 || right.get(name) !== 0)
    .map(([name, value]) => {
      const other = right.get(name)!;
      return { name, a: value, b: other, ratio: value === 0 ? null : other / value };
    });
}

/** Numbers of a report by path; the best of repeated times. */
function figures(value: unknown, path: string): [string, number][] {
  if (typeof value === "number") return [[path, value]];
  if (Array.isArray(value)) {
    const times = path.endsWith("Ms") && value.length > 0 && value.every((n) => typeof n === "number");
    return times ? [[path, Math.min(...value)]] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => figures(inner, path === "" ? key : `${path}.${key}`));
}

function text(
  kernels: { readonly a: string; readonly b: string },
  changes: ReturnType<typeof kernelChanges>,
  rows: readonly DiffRow[],
): string {
  const number = (n: number) => Number.isInteger(n) ? String(n) : n.toPrecision(4);
  return [
    `A ${kernels.a}, B ${kernels.b}: ` +
    (changes.length === 0 ? "the same kernel" : changes.map((c) => `${c.name} ${c.from} -> ${c.to}`).join(", ")),
    ...table([
      ["", "A", "B", "B / A"],
      ...rows.map(({ name, a, b, ratio }) => [
        name,
        number(a),
        number(b),
        ratio === null ? "-" : ratio.toFixed(3),
      ]),
    ], 1),
    "Ms: milliseconds; those of the model are what the machine would take, others the emulator's own",
  ].join("\n");
}
