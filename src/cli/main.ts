// SPDX-License-Identifier: GPL-2.0-only
// `lab COMMAND [flags] [--json]`: one file per command, each with its flags, its run and its text. With --json exactly
// one JSON document goes to stdout, everything else to stderr. Exit 0 ok, 1 a check failed, 2 bad usage or input.

import { type Command, CommandError } from "./command.ts";
import { calibrateCommand } from "./calibrate.ts";
import { claimsCommand } from "./claims.ts";
import { gupCommand } from "./gup.ts";
import { hotplugCommand } from "./hotplug.ts";
import { hugetlbCommand } from "./hugetlb.ts";
import { layoutCommand } from "./layout.ts";
import { namespaceCommand } from "./namespace.ts";
import { planCommand } from "./plan.ts";
import { parseFlags } from "./flags.ts";
import { NamespaceError } from "../scenario/namespace.ts";

/** Every command, in the order of the usage text. */
export const COMMANDS: readonly Command[] = [
  namespaceCommand,
  gupCommand,
  hugetlbCommand,
  hotplugCommand,
  layoutCommand,
  planCommand,
  claimsCommand,
  calibrateCommand,
];

/** Runs one command line; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (error instanceof RangeError || error instanceof CommandError) {
      console.error(`lab: ${error.message}`);
      return 2;
    }
    if (error instanceof NamespaceError) {
      console.error(`lab: ${error.message}`);
      return 1;
    }
    // A panic, a full disk: nobody's usage. One line, as scripts expect it; a stack trace helps none of them.
    const [what] = String(error).split("\n");
    console.error(`lab: ${what}`);
    return 1;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const known = COMMANDS.map((c) => c.name).join(", ");
  if (name === undefined) throw new CommandError(`no command: known are ${known}; lab --help says more`);
  if (name === "help" || isHelp(name)) {
    console.log(usage());
    return 0;
  }
  const command = COMMANDS.find((c) => c.name === name);
  if (command === undefined) {
    throw new CommandError(`unknown command "${name}": known are ${known}`);
  }
  if (rest.some(isHelp)) {
    console.log(commandUsage(command));
    return 0;
  }
  const flags = parseFlags(rest, command);
  const result = await command.run(flags);
  console.log(flags.json ? JSON.stringify(result.report, null, 1) : result.text);
  return result.code ?? 0;
}

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

function usage(): string {
  return [
    "usage: lab COMMAND [flags] [--json]",
    "",
    ...COMMANDS.map((c) => `  ${c.name.padEnd(12)}${c.summary}`),
    "",
    "  lab COMMAND --help lists a command's flags. Sizes: 4096, 2M, 128G, 1T; powers of 1024.",
  ].join("\n");
}

function commandUsage(command: Command): string {
  const width = Math.max(...Object.entries(command.flags).map(([name, f]) => name.length + f.value.length));
  const lines = Object.entries(command.flags).map(([name, f]) => {
    const left = `--${name} ${f.value}`.padEnd(width + 5);
    return `  ${left}${f.help}${f.fallback === undefined ? "" : ` (default ${f.fallback})`}`;
  });
  return [`usage: lab ${command.name} [flags] [--json]`, "", command.summary, "", ...lines].join("\n");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
