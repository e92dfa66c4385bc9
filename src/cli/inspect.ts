// SPDX-License-Identifier: GPL-2.0-only
// `lab inspect [VIEW...]`: prints the emulated machine like Linux, for existing scripts and for `lab box`.

import { bringUp, INSPECT_ROWS, type InspectOptions } from "../inspect/machine.ts";
import { VIEWS } from "../inspect/inspect.ts";
import { checkedText, exitCode } from "./checked.ts";
import { type Command, CommandError, type CommandResult, type Flags } from "./command.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { didYouMean } from "./suggest.ts";

/** The command. */
export const inspectCommand: Command = {
  name: "inspect",
  summary: "print the machine as Linux tools do: /proc, /sys, ndctl, daxctl, page-types",
  example: "meminfo --dram 4G --pmem none",
  flags: flagsOf(INSPECT_ROWS),
  operands: `[${Object.keys(VIEWS).join("|")}...]`,
  run: (flags) => {
    const names = flags.operands.length === 0 ? Object.keys(VIEWS) : flags.operands;
    for (const name of names) if (!Object.hasOwn(VIEWS, name)) throw new CommandError(unknownView(name));
    return show(flags, names);
  },
};

function unknownView(name: string): string {
  const known = Object.keys(VIEWS);
  return `inspect: unknown view "${name}"${didYouMean(name, known)}: expected ${known.join(", ")}`;
}

/** A single view is printed as it is, so that the output can be a file; several are each preceded by their command. */
function show(flags: Flags, names: readonly string[]): CommandResult {
  const machine = bringUp(optionsOf<InspectOptions>(flags, INSPECT_ROWS));
  const views = names.map((name) => [name, VIEWS[name].print(machine)] as const);
  const parts = views.map(([name, text]) => names.length === 1 ? text : `# ${VIEWS[name].command}\n${text}`);
  const { config, invariants } = machine;
  const report = { config, views: Object.fromEntries(views), invariants };
  // On stderr, since a single view is printed as a file.
  for (const line of checkedText(invariants)) console.error(`lab: inspect: ${line.trim().replace(/ +/, ": ")}`);
  // A file ends with a line feed, and printing adds another.
  return { report, text: parts.join("\n").replace(/\n$/, ""), code: exitCode(invariants) };
}
