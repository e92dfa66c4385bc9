// SPDX-License-Identifier: GPL-2.0-only
// Usage texts, derived from the commands' declarations.

import type { Command } from "./command.ts";

/** Whether an argument asks for help. */
export function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

/** The flags of a command, with --csv if it has rows. */
export function allFlags({ flags, csv }: Command): Command["flags"] {
  const generic = { value: "", help: "print the rows as comma-separated values" };
  return csv === undefined ? flags : { ...flags, csv: flags.csv ?? generic };
}

/** The same with what every command takes, in the order of the usage text. */
export function shownFlags(command: Command): Command["flags"] {
  return { ...allFlags(command), json: { value: "", help: "print one JSON document" } };
}

/** Usage of a program with several commands. */
export function programUsage(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((c) => c.name.length)) + 2;
  return [
    "usage: lab COMMAND [flags] [--json]",
    "",
    ...commands.map((c) => `  ${c.name.padEnd(width)}${c.summary}`),
    "",
    "  lab help COMMAND lists a command's flags; lab --version prints the revision.",
    "  Sizes: 4096, 2M, 128G, 1T, 0x1f80000000; powers of 1024.",
  ].join("\n");
}

/** Usage of one command, called `as`. */
export function commandUsage(command: Command, as: string): string {
  const flags = shownFlags(command);
  const width = Math.max(...Object.entries(flags).map(([name, f]) => name.length + f.value.length));
  const lines = Object.entries(flags).map(([name, f]) => {
    const left = `--${name} ${f.value}`.padEnd(width + 5);
    return `  ${left}${f.help}${f.fallback === undefined ? "" : ` (default ${f.fallback})`}`;
  });
  const operands = command.operands === undefined ? "" : ` ${command.operands}`;
  const example = command.example === undefined ? [] : ["", `example: ${`${as} ${command.example}`.trimEnd()}`];
  return [`usage: ${as} [flags]${operands} [--json]`, "", command.summary, "", ...lines, ...example].join("\n");
}
