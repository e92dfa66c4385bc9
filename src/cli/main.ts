// SPDX-License-Identifier: GPL-2.0-only
// `lab COMMAND [flags] [--json]`: one file per command, with its flags, its action and its text; run.ts runs them.
// Commands that depend on verify/ are passed in by verify/lab.ts.

import { type Command, CommandError } from "./command.ts";
import { boxCommand } from "./box.ts";
import { calibrateCommand } from "./calibrate.ts";
import { completionsCommand } from "./completions.ts";
import { diffCommand } from "./diff.ts";
import { versionText } from "./envelope.ts";
import { gupCommand } from "./gup.ts";
import { commandUsage, isHelp, programUsage } from "./help.ts";
import { adviseHugePages, hugePagesMissing } from "./huge_pages.ts";
import { hotplugCommand } from "./hotplug.ts";
import { hugetlbCommand } from "./hugetlb.ts";
import { inspectCommand } from "./inspect.ts";
import { kernelsCommand } from "./kernels.ts";
import { layoutCommand } from "./layout.ts";
import { lineageCommand } from "./lineage.ts";
import { namespaceCommand } from "./namespace.ts";
import { pagesCommand } from "./pages.ts";
import { planCommand } from "./plan.ts";
import { complain, runCommand } from "./run.ts";
import { traceCommand } from "./trace.ts";
import { didYouMean } from "./suggest.ts";

/** Every command that needs src/ alone, in the order of the usage text. */
export const COMMANDS: readonly Command[] = [
  namespaceCommand,
  gupCommand,
  hugetlbCommand,
  hotplugCommand,
  layoutCommand,
  pagesCommand,
  planCommand,
  diffCommand,
  kernelsCommand,
  lineageCommand,
  traceCommand,
  boxCommand,
  inspectCommand,
  calibrateCommand,
];

/** The commands here, those of `more`, and `completions`. */
export function allCommands(more: readonly Command[]): readonly Command[] {
  const commands = [...COMMANDS, ...more];
  return [...commands, completionsCommand(commands)];
}

/** Runs one command line of the commands here and those of `more`; returns the exit code. */
export async function main(args: readonly string[], more: readonly Command[] = []): Promise<number> {
  const commands = allCommands(more);
  const [name, ...rest] = args;
  try {
    if (name === undefined) throw new CommandError(`no command: ${known(commands)}; lab --help says more`);
    if (name === "help" || isHelp(name)) {
      console.log(helpText(commands, rest[0]));
      return 0;
    }
    if (name === "--version") {
      console.log(versionText());
      return 0;
    }
    const command = find(commands, name);
    adviseHugePages();
    const code = await runCommand(command, rest, `lab ${command.name}`, "lab");
    const missing = hugePagesMissing();
    if (missing !== null) console.error(`lab: ${missing}`);
    return code;
  } catch (error) {
    return complain(error, "lab", rest.includes("--json") ? name : null);
  }
}

/** The usage text of all commands, or of one. */
function helpText(commands: readonly Command[], name: string | undefined): string {
  if (name === undefined || isHelp(name)) return programUsage(commands);
  const command = find(commands, name);
  return commandUsage(command, `lab ${command.name}`);
}

function find(commands: readonly Command[], name: string): Command {
  const command = commands.find((c) => c.name === name);
  if (command !== undefined) return command;
  const meant = didYouMean(name, commands.map((c) => c.name));
  throw new CommandError(`unknown command "${name}"${meant}: ${known(commands)}`);
}

function known(commands: readonly Command[]): string {
  return `expected ${commands.map((c) => c.name).join(", ")}`;
}
