// SPDX-License-Identifier: GPL-2.0-only
// The common form of everything that --json prints:
//
//   {
//     "tool": "vmemmap-lab", "version": "0.1.0",
//     "commit": "..."      the commit that is checked out, null where that cannot be told
//     "command": "gup",    without "lab"; a task goes by its own name
//     "schema": "...",     the schema of this document, a path from the root; null for commands without one
//     "config": {...},     what was asked, defaults filled in (config_keys.ts); null for commands without one
//     "report": {...}      or, when something went wrong:
//     "error": { "kind": "usage" | "kernel" | "broken", "message": "...", "errno": "ENXIO" | null }
//   }
//
// A command only returns its report (command.ts); the rest is added here.

import CONFIG from "../../deno.json" with { type: "json" };
import { jsonReport } from "./config_keys.ts";
import { ifThere } from "./unread.ts";

/** Version of the package. */
export const VERSION: string = CONFIG.version;

/** The line that --version prints. */
export function versionText(): string {
  return `vmemmap-lab ${VERSION}, commit ${commit() ?? "unknown"}, Deno ${Deno.version.deno}`;
}

/** What went wrong: the caller's mistake, a refusal of the modelled kernel, or the program itself. */
export interface Failure {
  readonly kind: "usage" | "kernel" | "broken";
  readonly message: string;
  /** Name of the kernel's error; null for failures of the other kinds. */
  readonly errno: string | null;
}

/** The document of a run that has a report. */
export function reportEnvelope(command: string, report: object): object {
  const { config = null, ...rest } = jsonReport(report) as { config?: unknown };
  return { ...head(command), config, report: rest };
}

/** The document of a run that failed. */
export function errorEnvelope(command: string, error: Failure): object {
  return { ...head(command), config: null, error };
}

function head(command: string): object {
  return { tool: "vmemmap-lab", version: VERSION, commit: commit(), command, schema: schemaIfThere(command) };
}

function schemaIfThere(command: string): string | null {
  try {
    return Deno.statSync(new URL(`../../${schemaPath(command)}`, import.meta.url)).isFile ? schemaPath(command) : null;
  } catch {
    return null;
  }
}

/** Path of the schema of a command's output, from the root. */
export function schemaPath(command: string): string {
  return `results/schemas/${command.replaceAll(":", "-")}.json`;
}

/** The commit that is checked out, read from .git; null without a checkout or the permission to read it. */
export function commit(root: URL = new URL("../../", import.meta.url)): string | null {
  try {
    const dir = gitDir(new URL(".git", root));
    const head = Deno.readTextFileSync(`${dir}/HEAD`).trim();
    if (!head.startsWith("ref: ")) return head;
    return branchCommit(dir, head.slice(5));
  } catch {
    return null;
  }
}

/** A worktree's .git is a file that names the folder. */
function gitDir(git: URL): string {
  if (Deno.statSync(git).isDirectory) return git.pathname;
  return Deno.readTextFileSync(git).replace(/^gitdir: /, "").trim();
}

/** A branch has its own file or a line in packed-refs, in the repository that a worktree belongs to. */
function branchCommit(dir: string, ref: string): string | null {
  const text = (file: string) => ifThere(() => Deno.readTextFileSync(file))?.trim();
  const common = `${dir}/${text(`${dir}/commondir`) ?? "."}`;
  const own = text(`${common}/${ref}`);
  if (own !== undefined) return own;
  const packed = text(`${common}/packed-refs`)?.split("\n").find((line) => line.endsWith(` ${ref}`));
  return packed?.split(" ")[0] ?? null;
}
