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
  /** The given text, or the fallback; throws if there is neither. */
  readonly text: (name: string) => string;
  readonly has: (name: string) => boolean;
  /** Arguments that are not flags, for commands that take some. */
  readonly operands: readonly string[];
}

/** One command of `lab`, or a task. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Arguments of an example run for the usage text. */
  readonly example?: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Placeholder of the arguments that are not flags, such as `[FILE...]`; without it none are accepted. */
  readonly operands?: string;
  /** Whether the arguments are another command's, including flags; only --json and --csv are read. */
  readonly nested?: boolean;
  /** Rewrites arguments before they are read, to accept another program's syntax. */
  readonly translate?: (args: readonly string[]) => readonly string[];
  /** The rows of a report that --csv prints; without it there is no --csv. */
  readonly csv?: (report: object) => readonly object[];
  readonly run: (flags: Flags) => CommandResult | Promise<CommandResult>;
}

/** Result of a command: as JSON, as text for people, and the exit code if not 0. */
export interface CommandResult {
  /**
   * An object; its `config`, if it has one, is beside the report in the envelope. Null if the command printed it
   * itself, line by line (JSON Lines).
   */
  readonly report: object | null;
  readonly text: string;
  /** Whether the text is for programs, so that nothing is printed before it. */
  readonly plain?: boolean;
  readonly code?: number;
}

/** Bad usage: printed as one line, exit 2. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
