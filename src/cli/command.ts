// SPDX-License-Identifier: GPL-2.0-only
// The interface of a command, and the error for a wrong command line. `lab` and every task consist of commands: run.ts
// parses their flags, prints their text or, with --json, their report in the envelope of envelope.ts, and returns the
// exit code.

/** One flag. A switch has an empty `value`. */
export interface Flag {
  /** Placeholder of its value in the usage text; empty for a switch. */
  readonly value: string;
  readonly help: string;
  readonly fallback?: string;
}

/** Parsed flags: text by name, switches as "true". */
export interface Flags {
  readonly json: boolean;
  /** The text given, or the fallback; throws when there is neither. */
  readonly text: (name: string) => string;
  readonly has: (name: string) => boolean;
  /** Arguments that are no flags, of commands that take some. */
  readonly operands: readonly string[];
}

/** One command of `lab`, or a task. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Arguments of a run that shows what it is for; without it the usage text has none. */
  readonly example?: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Placeholder of the arguments that are no flags, such as `[FILE...]`; without it none are taken. */
  readonly operands?: string;
  /** The arguments are another command's, flags included; only --json and --csv are read. */
  readonly nested?: boolean;
  /** Rewrites arguments before they are read, for another program's way to write them. */
  readonly translate?: (args: readonly string[]) => readonly string[];
  /** The rows of a report that --csv prints; without it there is no --csv. */
  readonly csv?: (report: object) => readonly object[];
  readonly run: (flags: Flags) => CommandResult | Promise<CommandResult>;
}

/** What a command has to say: as JSON, as text for people, and the exit code if not 0. */
export interface CommandResult {
  /**
   * An object; its `config`, if it has one, stands beside the report in the envelope. Null where the command printed it
   * line by line itself (JSON Lines).
   */
  readonly report: object | null;
  readonly text: string;
  /** The text is read by programs: nothing is put before it. */
  readonly plain?: boolean;
  readonly code?: number;
}

/** Bad usage: printed as one line, exit 2. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
