// SPDX-License-Identifier: GPL-2.0-only
// Which mutants are tried, and what a log knows of them. A mutant's own text and the seed decide its rank, so that a
// change somewhere else in the tree leaves the sample as it was.

import { prng } from "../../src/lib/prng.ts";
import { lines } from "./equivalent.ts";
import type { Mutant } from "./operators.ts";
import { type Outcome, type Stage, STAGES } from "./trial.ts";

/** A mutant's name: file, line of text before and after, and how many of that name come before it in the file. */
export type Named = Mutant & { readonly name: string };

/** Names mutants that come in the order of the files; `read` gives a source. */
export function named(mutants: readonly Mutant[], read: (file: string) => string): Named[] {
  const seen = new Map<string, number>();
  return mutants.map((m) => {
    const { line, mutant } = lines(read(m.file), m);
    const name = `${m.file}: ${line} -> ${mutant}`;
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return { ...m, name: `${name} (${before})` };
  });
}

/** The first `count` of a shuffle that depends on the seed only, but for `skip`. */
export function sampled<T>(all: readonly T[], seed: number, skip: number, count: number): T[] {
  const random = prng(seed);
  const left = [...all];
  const taken: T[] = [];
  while (left.length > 0 && taken.length < skip + count) {
    const i = Math.floor(random() * left.length);
    taken.push(left[i]);
    left[i] = left[left.length - 1];
    left.pop();
  }
  return taken.slice(skip);
}

/** The `count` of lowest rank after the first `skip`. */
export function ranked(all: readonly Named[], seed: number, skip: number, count: number): Named[] {
  const ranks = new Map(all.map((m) => [m, rank(`${seed} ${m.name}`)]));
  return all.toSorted((a, b) => ranks.get(a)! - ranks.get(b)!).slice(skip, skip + count);
}

/** FNV-1a, its bits mixed once more: names differ in their last letters only. */
function rank(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** What a trial of a mutant ended with, as a line of the log; `tree` is the hash of what was tried. */
export interface Logged extends Omit<Outcome, "mutant"> {
  readonly name: string;
  readonly tree?: string;
  readonly upto?: Stage;
}

/** The last outcome of each mutant in a log. Lines cut short are left out. */
export function readLog(text: string): Map<string, Logged> {
  const lines = text.split("\n").filter((line) => line.endsWith("}")).map((line) => JSON.parse(line) as Logged);
  return new Map(lines.map((logged) => [logged.name, logged]));
}

/**
 * Whether an outcome need not be tried for again: sources, tests and fixtures are the same to the letter, and a survivor
 * was shown to as many tests. Any other tells which test is asked first, no more.
 */
export function stillHolds(logged: Logged, tree: string, upto: Stage): boolean {
  if (logged.tree !== tree) return false;
  return logged.noticedBy !== null || STAGES.indexOf(logged.upto ?? "beside") >= STAGES.indexOf(upto);
}
