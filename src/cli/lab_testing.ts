// SPDX-License-Identifier: GPL-2.0-only
// For tests: a command line of `lab`, run in this process with what it prints caught.

import { main } from "./main.ts";

/** What a command line came to. */
export interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, with its output caught. */
export async function lab(...args: string[]): Promise<Output> {
  const caught = { out: "", err: "" };
  const { log, error } = console;
  console.log = (...words: unknown[]) => void (caught.out += `${words.join(" ")}\n`);
  console.error = (...words: unknown[]) => void (caught.err += `${words.join(" ")}\n`);
  try {
    return { code: await main(args), ...caught };
  } finally {
    Object.assign(console, { log, error });
  }
}
