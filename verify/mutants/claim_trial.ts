// SPDX-License-Identifier: GPL-2.0-only
// Looks for a mutant that changes a claim's rows. A claim's path is the code that runs while it is measured. Mutants of
// its rarest blocks, those that the fewest other sampled claims run, alternate with mutants of any block of the path,
// one per block in turn, until one changes a figure. A mutant is also tried on other open claims if its block is in the
// rarer half of their path: loading the emulator takes most of the time, so claims share a load. A mutant that changed
// a figure is tried on the open claims that run its block, a few per round.
//
// Trials go in rounds. A round's mutants are chosen before it starts, and its results are read in the same order, so
// the outcome depends on the seed alone, not on the number or speed of the benches.

import { prng } from "../../src/lib/prng.ts";
import type { ClaimBench, Path } from "./claim_bench.ts";
import { type Change, ENDLESS } from "./claim_change.ts";
import { lines } from "./equivalent.ts";
import type { Mutant } from "./operators.ts";
import { sampled } from "./sample.ts";

export interface ClaimOutcome {
  readonly id: string;
  /** Mutants tried. */
  readonly tried: number;
  /** The mutant that changed a figure, else one that made the measurement fail; null for none. */
  readonly found: Found | null;
}

/** A mutant, its line before and after, and what it changes. */
export interface Found {
  readonly mutant: Mutant;
  readonly lines: { readonly line: string; readonly mutant: string };
  readonly change: Change;
}

export type Sources = Pick<ClaimBench, "text" | "mutantsIn" | "listMutants">;

export interface Task {
  readonly block: number;
  readonly mutant: Mutant;
  readonly claims: Map<string, Path>;
}

interface Candidate {
  readonly block: number;
  readonly mutant: Mutant;
}

/** A claim of which no mutant has changed a figure yet. */
interface Open {
  readonly path: Path;
  /** Its blocks, and the rarer half, in which it shares other claims' mutants. */
  readonly all: ReadonlySet<number>;
  readonly rarer: ReadonlySet<number>;
  readonly left: Candidate[];
  readonly tried: Set<Mutant>;
  /** The first mutant that made the measurement fail. */
  failed: Found | null;
}

/** Claims per mutant; mutants that a claim shares per round, of each kind; mutants per round, at least. */
const AT_ONCE = 12;
const OTHERS = 2;
const AT_LEAST = 8;
/** A mutant that makes this many claims fail and changes no figure is dropped: it breaks everything. */
const PANICKER = 3;
/** Code that counts: mutants of it are likely to change a figure. */
const COUNTING = /\bstat\[|\buses\[|[cC]ount|\brefs\b|\bnr[A-Z]|\+=|\+\+/;

/** Blocks of a claim's path, rarest first; the seed orders ties. */
export function rarestFirst(path: Path, all: Iterable<Path>, seed: number): number[] {
  const counts = new Map<number, number>();
  for (const { blocks } of all) for (const i of blocks) counts.set(i, (counts.get(i) ?? 0) + 1);
  const shuffled = sampled(path.blocks, seed, 0, path.blocks.length);
  return shuffled.sort((a, b) => counts.get(a)! - counts.get(b)!);
}

/** Merges lists: the first of each, then the second of each, up to `most`. */
export function inTurn<T>(lists: readonly (readonly T[])[], most: number): T[] {
  const found: T[] = [];
  for (let round = 0; found.length < most; round++) {
    const before = found.length;
    for (const list of lists) if (round < list.length && found.length < most) found.push(list[round]);
    if (found.length === before) break;
  }
  return found;
}

export class Trial {
  readonly #open = new Map<string, Open>();
  readonly #sources: Sources;
  /** Claims that failed, by mutants that changed no figure. */
  readonly #fails = new Map<Mutant, number>();
  /** Mutants that changed a figure, and their blocks. */
  readonly #winners = new Map<Mutant, number>();

  constructor(
    sources: Sources,
    paths: ReadonlyMap<string, Path>,
    { seed, tries }: { readonly seed: number; readonly tries: number },
  ) {
    this.#sources = sources;
    for (const id of [...paths.keys()].sort()) {
      const path = paths.get(id)!;
      const own = seed + Math.floor(prng(Number(id.replace("-", "")))() * 2 ** 20);
      const blocks = rarestFirst(path, paths.values(), own);
      const rarer = new Set(blocks.slice(0, Math.ceil(blocks.length / 2)));
      this.#open.set(id, {
        path,
        all: new Set(blocks),
        rarer,
        left: this.#candidates(path, blocks, own, tries),
        tried: new Set(),
        failed: null,
      });
    }
  }

  /** Mutants of a path, in trial order. */
  #candidates({ fromLists }: Path, blocks: readonly number[], seed: number, tries: number): Candidate[] {
    const candidates = blocks.map((block) => {
      const all = this.#sources.mutantsIn(block).map((mutant) => ({ block, mutant }));
      const shuffled = sampled(all, seed + block, 0, all.length);
      return shuffled.sort((a, b) => Number(this.#counts(b)) - Number(this.#counts(a)));
    });
    if (fromLists) candidates.push(this.#sources.listMutants.map((mutant) => ({ block: -1, mutant })));
    const anywhere = sampled(candidates, seed, 0, candidates.length);
    // The path does not say which list is counted, so all are tried.
    const both = inTurn([inTurn(candidates, Infinity), inTurn(anywhere, Infinity)], Infinity);
    return [...new Set(both)].slice(0, fromLists ? Infinity : tries);
  }

  #counts({ mutant }: Candidate): boolean {
    return COUNTING.test(lines(this.#sources.text(mutant.file), mutant).line);
  }

  get left(): number {
    return this.#open.size;
  }

  /** What to try next: mutants that changed other claims' figures, and new ones for every open claim. */
  round(): Task[] {
    return [...this.#again(), ...this.#onwards()];
  }

  /** Tries mutants that changed a figure on other claims that run their block. */
  #again(): Task[] {
    const tasks: Task[] = [];
    const open = new Map<Mutant, Task>();
    for (const [id, { path, all, tried }] of this.#open) {
      const news = [...this.#winners].filter(([mutant, block]) => all.has(block) && !tried.has(mutant));
      for (const [mutant, block] of news.slice(0, OTHERS)) {
        tried.add(mutant);
        const last = open.get(mutant);
        const task = last !== undefined && last.claims.size < AT_ONCE ? last : { block, mutant, claims: new Map() };
        if (task !== last) tasks.push(task);
        open.set(mutant, task);
        task.claims.set(id, path);
      }
    }
    return tasks;
  }

  /** New mutants for every open claim, each shared with others that may notice it. */
  #onwards(): Task[] {
    const tasks = new Map<Mutant, Task>();
    const taken = new Map<string, number>();
    const each = Math.ceil(AT_LEAST / this.#open.size);
    for (const [id, open] of this.#open) {
      for (let n = 0; n < each; n++) {
        const next = this.#next(open);
        if (next === undefined) break;
        open.tried.add(next.mutant);
        const task = tasks.get(next.mutant) ?? { ...next, claims: new Map() };
        tasks.set(next.mutant, task);
        task.claims.set(id, open.path);
        this.#invite(next, task, taken);
      }
    }
    return [...tasks.values()];
  }

  /** The next mutant that this claim has not seen and that is not known to break everything. */
  #next({ left, tried }: Open): Candidate | undefined {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      if (!tried.has(next.mutant) && (this.#fails.get(next.mutant) ?? 0) < PANICKER) return next;
    }
    return undefined;
  }

  /** Adds other open claims to a task. */
  #invite({ block, mutant }: Candidate, { claims }: Task, taken: Map<string, number>): void {
    for (const [other, { path, rarer, tried }] of this.#open) {
      if (claims.size >= AT_ONCE) break;
      const n = taken.get(other) ?? 0;
      if (n >= OTHERS || !rarer.has(block) || tried.has(mutant)) continue;
      taken.set(other, n + 1);
      tried.add(mutant);
      claims.set(other, path);
    }
  }

  /** Reads a round's results; returns the claims that are settled. */
  take(tasks: readonly Task[], changes: readonly ReadonlyMap<string, Change | null>[]): ClaimOutcome[] {
    const settled: ClaimOutcome[] = [];
    for (const [i, task] of tasks.entries()) {
      for (const [id, change] of changes[i]) settled.push(...this.#judge(id, task, change));
    }
    for (const [id, { left, failed }] of [...this.#open]) if (left.length === 0) settled.push(this.#close(id, failed));
    return settled;
  }

  #judge(id: string, { block, mutant }: Task, change: Change | null): ClaimOutcome[] {
    const open = this.#open.get(id);
    // An earlier mutant of the round may have settled it.
    if (open === undefined || change === null) return [];
    const found = { mutant, change, lines: lines(this.#sources.text(mutant.file), mutant) };
    if (change.figures.length > 0) {
      this.#winners.set(mutant, block);
      this.#fails.set(mutant, -Infinity);
      return [this.#close(id, found)];
    }
    // One endless run suffices: each costs the whole limit.
    const weight = change.fails.some(({ now }) => now === ENDLESS) ? PANICKER : 1;
    this.#fails.set(mutant, (this.#fails.get(mutant) ?? 0) + weight);
    open.failed ??= found;
    return [];
  }

  #close(id: string, found: Found | null): ClaimOutcome {
    const { tried } = this.#open.get(id)!;
    this.#open.delete(id);
    return { id, tried: tried.size, found };
  }
}
