// SPDX-License-Identifier: GPL-2.0-only
// Runs one command of `lab` or of a task: help, flags, text or JSON, exit code. With --json exactly one JSON document
// goes to stdout (envelope.ts), also for an error; one line about the error goes to stderr. Exit code 0 is success; 1
// means that a check failed, the modelled kernel refused, or something broke; 2 is bad usage or input.

import { NamespaceError } from "../scenario/namespace.ts";
import { errnoName } from "../include/errno.ts";
import { type Command, CommandError } from "./command.ts";
import { errorEnvelope, type Failure, reportEnvelope, versionText } from "./envelope.ts";
import { kernelText, nestedFlags, parseFlags } from "./flags.ts";
import { jsonReport } from "./config_keys.ts";
import { objectsCsv } from "./csv.ts";
import { allFlags, commandUsage, isHelp } from "./help.ts";
import { DiskError } from "./write_file.ts";

/** Runs a task's command line; returns the exit code. Errors are printed after its name. */
export function runTask(command: Command, args: readonly string[]): Promise<number> {
  return runCommand(command, args, `deno task ${command.name}`, command.name);
}

/** Runs a command, called `as`; errors are printed after `prefix`. Returns the exit code. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  as: string,
  prefix: string,
): Promise<number> {
  try {
    if (args.some(isHelp)) {
      console.log(commandUsage(command, as));
      return 0;
    }
    if (args.length === 1 && args[0] === "--version") {
      console.log(versionText());
      return 0;
    }
    const flags = command.nested
      ? nestedFlags(args)
      : parseFlags(command.name, allFlags(command), command.translate?.(args) ?? args, command.operands !== undefined);
    const asCsv = command.csv !== undefined && flags.has("csv");
    if (asCsv && flags.json) {
      throw new CommandError(`${command.name}: --csv and --json exclude each other`);
    }
    const { report, text, plain = false, code = 0 } = await command.run(flags);
    if (asCsv && report !== null) console.log(objectsCsv(command.csv(report).map(jsonReport)));
    else if (flags.json && report !== null) printJson(reportEnvelope(command.name, report));
    else if (text !== "") console.log(plain ? text : [...kernelLine(report), text].join("\n"));
    return code;
  } catch (error) {
    return complain(error, prefix, args.includes("--json") ? command.name : null);
  }
}

/** The switches that differ from the preset, if the report's kernel has any. */
function kernelLine(report: { readonly config?: { readonly kernel?: unknown } } | null): string[] {
  const kernel = report?.config?.kernel;
  return typeof kernel === "string" ? kernelText(kernel) : [];
}

/** Reports an error in one line, and as JSON if `command` is given. Returns the exit code. */
export function complain(error: unknown, prefix: string, command: string | null): number {
  const failure = failureOf(error);
  if (command !== null) printJson(errorEnvelope(command, failure));
  // Some messages begin with the command's name, which may be the prefix.
  const named = failure.message.startsWith(`${prefix}: `);
  console.error(named ? failure.message : `${prefix}: ${failure.message}`);
  return failure.kind === "usage" ? 2 : 1;
}

/** Classifies an error. Panics and full disks get one line too, since scripts cannot use a stack trace. */
function failureOf(error: unknown): Failure {
  if (error instanceof NamespaceError) {
    return { kind: "kernel", message: error.message, errno: errnoName(error.errno) };
  }
  if (error instanceof RangeError || error instanceof CommandError) {
    return { kind: "usage", message: error.message, errno: null };
  }
  const message = error instanceof DiskError ? error.message : String(error).split("\n")[0];
  return { kind: "broken", message, errno: null };
}

function printJson(document: object): void {
  console.log(JSON.stringify(document, null, 1));
}
