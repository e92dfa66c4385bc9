// SPDX-License-Identifier: GPL-2.0-only
// Why a file could not be read, for messages of all commands: the few reasons that a user can act on, in plain words.

/** The reason, without the file's name. */
export function unreadReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.PermissionDenied) return "it may not be read";
  return error instanceof Error ? error.message.split(/:|, /)[0].replaceAll("\n", " ") : String(error);
}
