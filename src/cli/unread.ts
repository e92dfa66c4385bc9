// SPDX-License-Identifier: GPL-2.0-only
// Files that cannot be read: one that may be missing, and the reason, for messages of all commands: the few that a user
// can act on, in plain words.

/** What `look` finds in or about a file; null if the file does not exist. */
export function ifThere<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The reason, without the file's name. */
export function unreadReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.PermissionDenied) return "it may not be read";
  return error instanceof Error ? error.message.split(/:|, /)[0].replaceAll("\n", " ") : String(error);
}
