// SPDX-License-Identifier: GPL-2.0-only
// Writes a file all or nothing: the text goes to a file beside the target, which then takes the target's name. A target
// that is not a regular file (a device, a pipe) is written directly, since renaming would replace it. Ctrl-C is handled
// after the file is complete.

import { CommandError } from "./command.ts";
import { ifThere } from "./unread.ts";

/** The device itself (EIO), the limit of a process (EFBIG), the disk (ENOSPC), the quota (EDQUOT). */
const NO_ROOM = /\(os error (5|27|28|122)\)/;

/** A file that could not be written although its name is valid. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

/** A shell's exit code for a program ended by SIGINT. */
const EXIT_SIGINT = 130;

/** Writes `text` to `file`, all or nothing. CommandError naming the file when it cannot, DiskError
 * when there is no room. */
export async function writeFile(file: string, text: string): Promise<void> {
  let interrupted = false;
  const note = () => interrupted = true;
  Deno.addSignalListener("SIGINT", note);
  try {
    writeBeside(file, text);
    // The event loop delivers a signal that arrived during the write.
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    Deno.removeSignalListener("SIGINT", note);
  }
  if (interrupted) Deno.exit(EXIT_SIGINT);
}

function writeBeside(file: string, text: string): void {
  let part: string | null = null;
  try {
    const there = statIfThere(file);
    if (there?.isDirectory) throw new CommandError(`cannot write ${file}: it is a folder`);
    if (there !== null && !there.isFile) return Deno.writeTextFileSync(file, text, { create: false });
    // A link is kept; its target is replaced.
    const target = there === null ? file : Deno.realPathSync(file);
    part = `${target}.${Deno.pid}.part`;
    Deno.writeTextFileSync(part, text);
    Deno.renameSync(part, target);
  } catch (error) {
    const left = part;
    if (left !== null) ifThere(() => Deno.removeSync(left));
    throw refusal(file, error);
  }
}

/**
 * A full disk is not bad usage. Deno writes to a device only with all permissions, which the command does not request.
 */
function refusal(file: string, error: unknown): Error {
  if (error instanceof CommandError) return error;
  if (error instanceof Deno.errors.NotCapable && error.message.includes("all access")) {
    return new DiskError(`cannot write ${file}: it is a device`);
  }
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) || "/" : ".";
  if (error instanceof Deno.errors.NotFound && statIfThere(folder) === null) {
    return new CommandError(`cannot write ${file}: there is no folder ${folder}`);
  }
  if (error instanceof Deno.errors.PermissionDenied && statIfThere(file) === null) {
    return new CommandError(`cannot write ${file}: the folder ${folder} is not writable`);
  }
  const what = `cannot write ${file}: ${error instanceof Error ? error.message : error}`;
  return NO_ROOM.test(what) ? new DiskError(what) : new CommandError(what);
}

function statIfThere(file: string): Deno.FileInfo | null {
  return ifThere(() => Deno.statSync(file));
}
