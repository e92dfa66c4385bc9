// SPDX-License-Identifier: GPL-2.0-only
// Whether anything changes a claim's row. The path a claim is about is the code that runs while it is measured. Mutants
// of what few other claims of the sample run are tried in turn with those of any code of its path, one of a block and
// then of the next. What one claim tries is put to some others that are still open, in whose path its block is among the
// rarer half: most of a trial is loading the emulator, and claims share what they look at.

import { prng } from "../../src/lib/prng.ts";
import type { Change, ClaimBench, Path } from "./claim_bench.ts";
import { lines } from "./equivalent.ts";
import type { Mutant } from "./operators.ts";
import { sampled } from "./sample.ts";

/** What became of one claim. */
export interface ClaimOutcome {
  readonly id: string;
  /** Mutants tried, and blocks of its path. */
  readonly tried: number;
  readonly blocks: number;
  /** The mutant that changed a row's figure, or else one with which it could not be measured; null for none. */
  readonly mutant: Mutant | null;
  readonly change: Change | null;
  /** The mutant's line, before and after. */
  readonly lines: { readonly line: string; readonly mutant: string } | null;
}

/** A mutant and the block that it is in. */
interface Candidate {
  readonly block: number;
  readonly mutant: Mutant;
}

/** A claim that nothing changed so far. */
interface Open {
  readonly path: Path;
  /** Blocks that others' mutants are tried in. */
  readonly rarer: ReadonlySet<number>;
  readonly left: Candidate[];
  readonly tried: Set<Mutant>;
  /** What made the measurement fail, if anything did. */
  failed: Pick<ClaimOutcome, "mutant" | "change">;
}

/** Claims that one mutant is put to at once. */
const AT_ONCE = 12;
/** Mutants after which a failure to measure is enough. */
const FAILURE_IS_ENOUGH = 6;

/** Blocks of a claim's path, those first that the fewest paths have; equals in an order that the seed gives. */
export function rarestFirst(path: Path, all: Iterable<Path>, seed: number): number[] {
  const counts = new Map<number, number>();
  for (const { blocks } of all) for (const i of blocks) counts.set(i, (counts.get(i) ?? 0) + 1);
  const shuffled = sampled(path.blocks, seed, 0, path.blocks.length);
  return shuffled.sort((a, b) => counts.get(a)! - counts.get(b)!);
}

/** What stands in lists: the first of each, then the second of each; at most `most`. */
export function inTurn<T>(lists: readonly (readonly T[])[], most: number): T[] {
  const found: T[] = [];
  for (let round = 0; found.length < most; round++) {
    const before = found.length;
    for (const list of lists) if (round < list.length && found.length < most) found.push(list[round]);
    if (found.length === before) break;
  }
  return found;
}

/** Whether a row has another figure, rather than none because something failed. */
export function countsAnother({ rows }: Change): boolean {
  return rows.some(({ measured, model }) => measured !== null || model !== null);
}

/** The claims that are still to be changed. */
export class Trial {
  readonly #open: Map<string, Open>;
  readonly #text: (file: string) => string;

  constructor(
    bench: ClaimBench,
    paths: ReadonlyMap<string, Path>,
    { seed, tries }: { readonly seed: number; readonly tries: number },
  ) {
    this.#text = bench.text;
    this.#open = new Map([...paths].map(([id, path]) => {
      const own = seed + Math.floor(prng(Number(id.replace("-", "")))() * 2 ** 20);
      const inBlock = (block: number) => {
        const all = bench.mutantsIn(block).map((mutant) => ({ block, mutant }));
        return sampled(all, own + block, 0, all.length);
      };
      const blocks = rarestFirst(path, paths.values(), own);
      const rarer = new Set(blocks.slice(0, Math.ceil(blocks.length / 2)));
      const candidates = blocks.map(inBlock);
      if (path.fromLists) candidates.push(bench.listMutants.map((mutant) => ({ block: -1, mutant })));
      const anywhere = sampled(candidates, own, 0, candidates.length);
      // Which list is counted nothing tells: all are tried.
      const most = path.fromLists ? Infinity : tries;
      const left = inTurn([inTurn(candidates, most), inTurn(anywhere, most)], most);
      const failed = { mutant: null, change: null };
      return [id, { path, rarer, left, tried: new Set(), failed }];
    }));
  }

  /** Tries a claim's mutants until one changes it; returns it and the others that were settled on the way. */
  async settle(bench: ClaimBench, id: string): Promise<ClaimOutcome[]> {
    const settled: ClaimOutcome[] = [];
    for (let open = this.#open.get(id); open !== undefined; open = this.#open.get(id)) {
      const next = open.left.shift();
      if (next === undefined) settled.push(...this.#close(id, open.failed));
      else if (!open.tried.has(next.mutant)) settled.push(...await this.#try(bench, next, id));
    }
    return settled;
  }

  async #try(bench: ClaimBench, { block, mutant }: Candidate, id: string): Promise<ClaimOutcome[]> {
    const others = [...this.#open].filter(([other, { rarer, tried }]) =>
      other !== id && rarer.has(block) && !tried.has(mutant)
    );
    const ids = [id, ...others.slice(0, AT_ONCE - 1).map(([other]) => other)];
    const ms = Math.max(...ids.map((one) => this.#open.get(one)!.path.ms));
    this.#open.get(id)!.tried.add(mutant);
    const settled: ClaimOutcome[] = [];
    for (const [one, change] of await bench.try(mutant, ids, ms)) settled.push(...this.#judge(one, mutant, change));
    return settled;
  }

  #judge(id: string, mutant: Mutant, change: Change): ClaimOutcome[] {
    const open = this.#open.get(id);
    // Another bench may have settled it meanwhile.
    if (open === undefined) return [];
    open.tried.add(mutant);
    if (countsAnother(change)) return this.#close(id, { mutant, change });
    const noticed = change.rows.length > 0 || change.timedOut || change.failure !== null;
    if (noticed && open.failed.mutant === null) open.failed = { mutant, change };
    const enough = open.failed.mutant !== null && open.tried.size >= FAILURE_IS_ENOUGH;
    return enough ? this.#close(id, open.failed) : [];
  }

  #close(id: string, found: Pick<ClaimOutcome, "mutant" | "change">): ClaimOutcome[] {
    const open = this.#open.get(id);
    if (open === undefined) return [];
    this.#open.delete(id);
    const { mutant } = found;
    const changed = mutant === null ? null : lines(this.#text(mutant.file), mutant);
    return [{ id, tried: open.tried.size, blocks: open.path.blocks.length, lines: changed, ...found }];
  }
}
