// SPDX-License-Identifier: GPL-2.0-only
// For tests: a command line of `lab`, run in this process with what it prints caught.

import type { Command } from "./command.ts";
import { main } from "./main.ts";

/** Result of a command line. */
export interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, with its output caught. */
export const lab = labOf([]);

/** The same with more commands than those of src/cli. */
export function labOf(more: readonly Command[]): (...args: string[]) => Promise<Output> {
  return (...args) => caught(() => main(args, more));
}

/** Runs a function that prints and returns an exit code, with its output caught. */
export async function caught(run: () => Promise<number>): Promise<Output> {
  const printed = { out: "", err: "" };
  const { log, error } = console;
  console.log = (...words: unknown[]) => void (printed.out += `${words.join(" ")}\n`);
  // This line depends on the host, not on the command.
  const ofHost = (line: string) => line.startsWith("lab: the host gave huge pages");
  console.error = (...words: unknown[]) => {
    const line = words.join(" ");
    if (!ofHost(line)) printed.err += `${line}\n`;
  };
  try {
    return { code: await run(), ...printed };
  } finally {
    Object.assign(console, { log, error });
  }
}
