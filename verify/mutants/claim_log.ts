// SPDX-License-Identifier: GPL-2.0-only
// A log of what is known about claims, so that a stopped run continues, and a run with other flags repeats no trial. A
// log is valid for one state of the sources.

import { CommandError } from "../../src/cli/command.ts";
import { CODE } from "../house/sources.ts";
import type { Path } from "./claim_bench.ts";
import type { Change } from "./claim_change.ts";
import { append, digest, openLog } from "./log.ts";
import type { Mutant } from "./operators.ts";

/** A line of the log: the hash of the sources, a claim's path, or what a mutant changes in a claim. */
type Line = { readonly sources: string } | { readonly id: string; readonly path: Path } | {
  readonly id: string;
  readonly mutant: string;
  readonly change: Change | null;
};

/** What is known. Without a file, nothing is kept. */
export class ClaimLog {
  readonly #file: string | undefined;
  readonly #paths = new Map<string, Path>();
  readonly #changes = new Map<string, Change | null>();

  private constructor(file: string | undefined) {
    this.#file = file;
  }

  /** Reads a log, or starts one. CommandError if it is of other sources. Truncated lines are skipped. */
  static async open(file: string | undefined): Promise<ClaimLog> {
    const log = new ClaimLog(file);
    if (file === undefined) return log;
    const lines = await openLog<Line>(file);
    const sources = await digest(CODE.map(({ path, text }) => [path, text]));
    if (lines.length === 0) append(file, { sources } satisfies Line);
    for (const line of lines) {
      if ("sources" in line && line.sources !== sources) {
        throw new CommandError(`"${file}" is a log of other sources: expected one of these, or a new file`);
      }
      if ("path" in line) log.#paths.set(line.id, line.path);
      if ("mutant" in line) log.#changes.set(`${line.id} ${line.mutant}`, line.change);
    }
    return log;
  }

  /** The path of a claim, if known. */
  path(id: string): Path | undefined {
    return this.#paths.get(id);
  }

  keepPath(id: string, path: Path): void {
    this.#paths.set(id, path);
    append(this.#file, { id, path } satisfies Line);
  }

  /** What a mutant changes in a claim: null for nothing, undefined if unknown. */
  change(id: string, mutant: Mutant): Change | null | undefined {
    return this.#changes.get(`${id} ${nameOf(mutant)}`);
  }

  keepChange(id: string, mutant: Mutant, change: Change | null): void {
    this.#changes.set(`${id} ${nameOf(mutant)}`, change);
    append(this.#file, { id, mutant: nameOf(mutant), change } satisfies Line);
  }
}

function nameOf({ file, at, text, replacement }: Mutant): string {
  return `${file}:${at} ${text} -> ${replacement}`;
}
