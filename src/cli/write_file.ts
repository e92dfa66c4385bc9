// SPDX-License-Identifier: GPL-2.0-only
// Writing a result so that nobody ever finds half of one: the text goes to a file beside the target, which then takes the
// target's name. An interrupt (Ctrl-C) that comes meanwhile waits until the file is whole, then ends the program.

import { CommandError } from "./command.ts";

/** What a shell reports for a program ended by SIGINT. */
const EXIT_SIGINT = 130;

/** Writes `text` to `file`, all or nothing. CommandError naming the file when it cannot. */
export async function writeFile(file: string, text: string): Promise<void> {
  let interrupted = false;
  const note = () => interrupted = true;
  Deno.addSignalListener("SIGINT", note);
  try {
    writeBeside(file, text);
    // A signal that came during the write is delivered to listeners by the event loop, not before.
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    Deno.removeSignalListener("SIGINT", note);
  }
  if (interrupted) Deno.exit(EXIT_SIGINT);
}

function writeBeside(file: string, text: string): void {
  const part = `${file}.${Deno.pid}.part`;
  try {
    Deno.writeTextFileSync(part, text);
    Deno.renameSync(part, file);
  } catch (error) {
    removeIfThere(part);
    throw new CommandError(`cannot write ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

function removeIfThere(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
