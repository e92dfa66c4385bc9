// SPDX-License-Identifier: GPL-2.0-only
// Which mutants are tried, and what a log says about them. A mutant's rank comes from its own text and the seed, so
// that a change elsewhere in the tree does not change the sample.

import { prng } from "../../src/lib/prng.ts";
import { lines } from "./equivalent.ts";
import type { Mutant } from "./operators.ts";
import { type Outcome, type Stage, STAGES } from "./trial.ts";

/** A mutant's name: file, line before and after, and the number of equal names before it in the file. */
export type Named = Mutant & { readonly name: string };

/** Names mutants that are given in file order; `read` returns a source. */
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

/** `count` items of a shuffle that depends on the seed alone, after the first `skip`. */
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

/** The `count` mutants of lowest rank after the first `skip`. */
export function ranked(all: readonly Named[], seed: number, skip: number, count: number): Named[] {
  const ranks = new Map(all.map((m) => [m, rank(`${seed} ${m.name}`)]));
  return all.toSorted((a, b) => ranks.get(a)! - ranks.get(b)!).slice(skip, skip + count);
}

/** FNV-1a with a final mix, since names often differ only in their last letters. */
function rank(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A line of the log: the outcome of a trial; `tree` is the hash of the tree under test. */
export interface Logged extends Omit<Outcome, "mutant"> {
  readonly name: string;
  readonly tree?: string;
  readonly upto?: Stage;
}

/** The last outcome of each mutant. */
export function lastOutcomes(log: readonly Logged[]): Map<string, Logged> {
  return new Map(log.map((logged) => [logged.name, logged]));
}

/**
 * Whether an outcome is still valid: same sources, tests and fixtures, and a survivor has seen as many stages. Others
 * only tell which test to run first.
 */
export function stillHolds(logged: Logged, tree: string, upto: Stage): boolean {
  if (logged.tree !== tree) return false;
  return logged.noticedBy !== null || STAGES.indexOf(logged.upto ?? "beside") >= STAGES.indexOf(upto);
}
