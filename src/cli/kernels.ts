// SPDX-License-Identifier: GPL-2.0-only
// `lab kernels`: lists the presets, the value of each switch in each, and where it comes from; `--diff A B` shows the
// switches that differ between two kernels.

import { PRESETS } from "../include/kernel_config.ts";
import { type Switch, SWITCHES, type SwitchValue } from "../include/kernel_switches.ts";
import { kernelChanges, kernelConfig, kernelSpec, valueOf } from "../kernels.ts";
import { type Command, CommandError, type CommandResult } from "./command.ts";
import { table } from "./table.ts";

/** One switch over the kernels shown. */
interface KernelRow extends Switch {
  readonly name: string;
  /** By kernel, in the order of `kernels`. */
  readonly byKernel: readonly SwitchValue[];
}

/** What `lab kernels` prints with `--json`. */
interface KernelsReport {
  readonly kernels: readonly string[];
  readonly rows: readonly KernelRow[];
}

/** The command. */
export const kernelsCommand: Command = {
  name: "kernels",
  summary: "list the presets, the value of each switch, and its commit",
  example: "--diff 6.1 6.12",
  flags: { diff: { value: "", help: "only switches that differ between two kernels" } },
  operands: "[KERNEL...]",
  csv: (report) => {
    const { kernels, rows } = report as KernelsReport;
    return rows.map(({ name, help, source, byKernel }) => ({
      name,
      ...Object.fromEntries(kernels.map((kernel, i) => [kernel, byKernel[i]])),
      help,
      source,
    }));
  },
  run: (flags) => {
    const given = flags.operands.length > 0 ? flags.operands : flags.has("diff") ? [] : Object.keys(PRESETS);
    if (!flags.has("diff")) return listing(given);
    if (given.length !== 2) {
      throw new CommandError(`kernels: --diff takes two kernels, got ${given.length}; try --diff 6.1 6.12`);
    }
    return difference(given[0], given[1]);
  },
};

function listing(specs: readonly string[]): CommandResult {
  const kernels = specs.map(kernelConfig);
  const rows = Object.keys(SWITCHES).map((name) => rowOf(name, kernels.map((kernel) => valueOf(kernel, name))));
  const names = kernels.map(kernelSpec);
  const cells = table(
    [["", ...names], ...rows.map(({ name, byKernel: of }) => [name, ...of.map(valueText)])],
    1 + names.length,
  );
  const words = table(rows.map(({ name, help, source }) => [name, help, source]), 3);
  return { report: { kernels: names, rows }, text: [...cells, "", ...words].join("\n") };
}

function difference(from: string, to: string): CommandResult {
  const kernels = [from, to].map(kernelConfig);
  const names = kernels.map(kernelSpec);
  const rows = kernelChanges(kernels[0], kernels[1]).map(({ name, from, to }) => rowOf(name, [from, to]));
  const text = rows.length === 0 ? `${names[0]} and ${names[1]} are the same kernel` : table([
    ["", ...names, "what", "source"],
    ...rows.map(({ name, byKernel: of, help, source }) => [name, ...of.map(valueText), help, source]),
  ], 5).join("\n");
  return { report: { kernels: names, rows }, text };
}

function rowOf(name: string, of: readonly SwitchValue[]): KernelRow {
  const { help, source, values } = SWITCHES[name];
  return { name, help, source, values, byKernel: of };
}

function valueText(value: SwitchValue): string {
  return value === true ? "yes" : value === false ? "-" : String(value);
}
