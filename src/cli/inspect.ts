// SPDX-License-Identifier: GPL-2.0-only
// `lab inspect [VIEW...]`: prints the emulated machine as Linux would, for existing scripts and for `lab box`.

import { bringUp, INSPECT_ROWS, type InspectOptions } from "../inspect/machine.ts";
import { VIEWS } from "../inspect/inspect.ts";
import { checkedText, exitCode } from "./checked.ts";
import { type Command, CommandError, type CommandResult, type Flags } from "./command.ts";
import { flagsOf, optionsOf } from "./option_flags.ts";
import { didYouMean } from "./suggest.ts";

/** The command. */
export const inspectCommand: Command = {
  name: "inspect",
  summary: "print the machine as Linux would: /proc, /sys, ndctl, daxctl, page-types",
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

/** One view as it is, so that its output can be a file; several after the commands that print them. */
function show(flags: Flags, names: readonly string[]): CommandResult {
  const machine = bringUp(optionsOf<InspectOptions>(flags, INSPECT_ROWS));
  const views = names.map((name) => [name, VIEWS[name].print(machine)] as const);
  const parts = views.map(([name, text]) => names.length === 1 ? text : `# ${VIEWS[name].command}\n${text}`);
  const { config, invariants } = machine;
  const report = { config, views: Object.fromEntries(views), invariants };
  // Not among the views: one of them alone is a file.
  for (const line of checkedText(invariants)) console.error(`lab: inspect: ${line.trim().replace(/ +/, ": ")}`);
  // What a file ends with is its own line feed, and the printer's.
  return { report, text: parts.join("\n").replace(/\n$/, ""), code: exitCode(invariants) };
}
