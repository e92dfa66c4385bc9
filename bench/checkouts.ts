// SPDX-License-Identifier: GPL-2.0-only
// The two checkouts of a comparison: the working tree, and another revision in a git worktree that is always removed
// when the comparison ends. The other revision gets the working tree's bench/side/, so that both sides run the same
// cases; if that does not load there, it keeps its own.

import { CommandError } from "../src/cli/command.ts";
import { SideProcess } from "./side_process.ts";

const SIDE = "bench/side";
/** A shell's exit code for a program ended by SIGINT. */
const EXIT_SIGINT = 130;

/** The two sides. */
export interface Revisions {
  /** Short names for people. */
  readonly before: string;
  readonly after: string;
}

/** Output of git. CommandError with its first line if it fails. */
export async function git(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("git", { args, stdout: "piped", stderr: "piped" }).output();
  const text = new TextDecoder();
  if (code !== 0) throw new CommandError(`git ${args[0]}: ${text.decode(stderr).trim().split("\n")[0]}`);
  return text.decode(stdout).trim();
}

/**
 * The revision to compare the working tree with: the requested one; else HEAD if tracked files were changed; else,
 * on a branch, where it left the main one; else the commit before HEAD.
 */
export async function revisions(asked: string | undefined): Promise<Revisions> {
  const head = await git("rev-parse", "--short", "HEAD");
  const dirty = await git("status", "--porcelain", "--untracked-files=no") !== "";
  const after = head + (dirty ? "+" : "");
  const base = asked ?? (dirty ? "HEAD" : await forkPoint() ?? "HEAD~1");
  const before = await git("rev-parse", "--short", "--verify", "--quiet", `${base}^{commit}`).catch(() => {
    throw new CommandError(
      asked === undefined ? `there is no commit before ${head}: name one with --base` : `--base: no revision "${base}"`,
    );
  });
  return { before, after };
}

/** Where this branch left the main one; null on the main one itself, or if there is none. */
async function forkPoint(): Promise<string | null> {
  const head = await git("rev-parse", "HEAD");
  for (const main of ["origin/HEAD", "main", "master"]) {
    const fork = await git("merge-base", main, "HEAD").catch(() => null);
    if (fork !== null) return fork === head ? null : fork;
  }
  return null;
}

/** Checks out `revision` and passes `work` its directory and the names of the cases that both sides have. */
export async function withCheckout<T>(
  revision: string,
  names: readonly string[],
  work: (dir: string, names: readonly string[]) => Promise<T>,
): Promise<T> {
  const top = await git("rev-parse", "--show-toplevel");
  const dir = await Deno.makeTempDir({ prefix: "bench-base-" });
  const remove = () => git("-C", top, "worktree", "remove", "--force", dir);
  const interrupted = () => void remove().finally(() => Deno.exit(EXIT_SIGINT));
  await git("worktree", "add", "--detach", "--quiet", "--force", dir, revision);
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    const there = await provideSide(top, dir, revision);
    return await work(dir, names.filter((name) => there.includes(name)));
  } finally {
    Deno.removeSignalListener("SIGINT", interrupted);
    await remove();
  }
}

/** Copies the working tree's side into the checkout, or leaves its own; returns the names of the cases that run. */
async function provideSide(top: string, dir: string, revision: string): Promise<readonly string[]> {
  const own = await Deno.stat(`${dir}/${SIDE}`).then(() => true, () => false);
  await copyFiles(`${top}/${SIDE}`, `${dir}/${SIDE}`);
  try {
    return await namesIn(dir);
  } catch (error) {
    if (!own) throw new CommandError(`revision ${revision} does not run today's cases: ${(error as Error).message}`);
  }
  await git("-C", dir, "checkout", "--quiet", revision, "--", SIDE);
  return await namesIn(dir);
}

async function namesIn(dir: string): Promise<readonly string[]> {
  const side = await SideProcess.start(dir);
  await side.stop();
  return side.names;
}

async function copyFiles(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
}
