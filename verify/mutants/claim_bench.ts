// SPDX-License-Identifier: GPL-2.0-only
// A copy of the project in which claims are judged: once with marks in every block, which tells the path of each claim,
// then with one mutant after the other. Every judgement is a worker's, whose modules are read anew.

import { CODE } from "../house/sources.ts";
import type { Judged } from "../claims/claim.ts";
import { type Block, blockAround, blocksOf, marked } from "./blocks.ts";
import type { ClaimAnswer, ClaimJob } from "./claim_worker.ts";
import { whyEquivalent } from "./equivalent.ts";
import { type Mutant, mutantsOf, mutated, shorterLists } from "./operators.ts";
import { copyProject, isKernelPath } from "./trial.ts";

/** What counts claims that run no kernel: a document's own lists. */
const LISTINGS = "verify/claims/listings.ts";
const LISTS = "fixtures/documents.json";
/** Sizes on command lines are words, not a path. */
const WORDS = "src/lib/units.ts";
/** A judgement takes this much longer than without a mutant, or it is in a loop. */
const PATIENCE = { times: 3, ms: 3000 };

/** The rows of a claim, and numbers of the blocks that ran while they were measured. */
export interface Path {
  readonly rows: readonly Judged[];
  readonly blocks: readonly number[];
  /** It is counted from a document's lists. */
  readonly fromLists: boolean;
  readonly ms: number;
}

/** What became of a claim's rows with a mutant: those that are not as expected any more, or that it went on for ever. */
export interface Change {
  readonly rows: readonly Judged[];
  readonly timedOut: boolean;
  readonly failure: string | null;
}

/** The copy. */
export class ClaimBench {
  readonly #dir = Deno.makeTempDirSync({ prefix: "claims-" });
  readonly #texts = new Map(CODE.map(({ path, text }) => [path, text]));
  readonly #mutants: Mutant[][] = [];
  /** Mutants of the documents' lists. */
  readonly listMutants: readonly Mutant[];
  /** Blocks by number, of the kernel's paths and of what stands beside them. */
  readonly blocks: readonly Block[];

  constructor() {
    copyProject(this.#dir);
    const lists = Deno.readTextFileSync(`${this.#dir}/${LISTS}`);
    this.#texts.set(LISTS, lists);
    this.listMutants = shorterLists(LISTS, lists);
    const files = [...this.#texts.keys()].filter((path) => path === LISTINGS || isKernelPath(path) && path !== WORDS);
    this.blocks = files.flatMap((file) => blocksOf(file, this.#texts.get(file)!));
  }

  /** Takes the copy away. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.#dir, { recursive: true });
  }

  /** Judges claims one by one with marks in every block. Those without a path run nothing that could be mutated. */
  async paths(ids: readonly string[]): Promise<Map<string, Path>> {
    const files = [...new Set(this.blocks.map(({ file }) => file))];
    for (const file of files) {
      this.#write(file, marked(file, this.#texts.get(file)!, this.blocks.findIndex((block) => block.file === file)));
    }
    const found = new Map<string, Path>();
    for (const id of ids) {
      const start = performance.now();
      const answer = await this.#judge([id], Infinity);
      if (typeof answer === "string") throw new Error(`Cannot judge ${id} without a mutant: ${answer}`);
      const ran = [...answer.ran.keys()].filter((i) => answer.ran[i] === 1);
      const kernel = ran.filter((i) => isKernelPath(this.blocks[i].file));
      const fromLists = kernel.length === 0;
      found.set(id, { rows: answer.rows, blocks: fromLists ? ran : kernel, fromLists, ms: performance.now() - start });
    }
    for (const file of files) this.#write(file, this.#texts.get(file)!);
    return found;
  }

  /** The text of a source, as the copy has it. */
  readonly text = (file: string): string => this.#texts.get(file)!;

  /** Mutants whose innermost block is this one, but for those that change nothing. */
  mutantsIn(number: number): readonly Mutant[] {
    const { file } = this.blocks[number];
    const first = this.blocks.findIndex((block) => block.file === file);
    if (this.#mutants[first] === undefined) {
      const own = this.blocks.filter((block) => block.file === file);
      const text = this.#texts.get(file)!;
      own.forEach((_, i) => this.#mutants[first + i] = []);
      for (const mutant of mutantsOf(file, text)) {
        const i = blockAround(own, mutant.at);
        if (i >= 0 && whyEquivalent(text, mutant) === null) this.#mutants[first + i].push(mutant);
      }
    }
    return this.#mutants[number];
  }

  /** Rows of claims that are not as expected with a mutant. They take `ms` without it. */
  async try(mutant: Mutant, ids: readonly string[], ms: number): Promise<Change> {
    const { file } = mutant;
    const text = this.#texts.get(file)!;
    this.#write(file, mutated(text, mutant));
    try {
      const answer = await this.#judge(ids, PATIENCE.times * ms + PATIENCE.ms);
      if (answer === "timeout") return { rows: [], timedOut: true, failure: null };
      if (typeof answer === "string") return { rows: [], timedOut: false, failure: answer };
      return { rows: answer.rows.filter((row) => !row.ok), timedOut: false, failure: null };
    } finally {
      this.#write(file, text);
    }
  }

  #write(file: string, text: string): void {
    Deno.writeTextFileSync(`${this.#dir}/${file}`, text);
  }

  /** The answer of a fresh worker, or why there is none. */
  #judge(ids: readonly string[], patience: number): Promise<ClaimAnswer | string> {
    const url = new URL(`file://${this.#dir}/verify/mutants/claim_worker.ts`);
    const worker = new Worker(url, { type: "module" });
    const { promise, resolve } = Promise.withResolvers<ClaimAnswer | string>();
    const timer = Number.isFinite(patience) ? setTimeout(() => resolve("timeout"), patience) : undefined;
    worker.onmessage = ({ data }: MessageEvent<ClaimAnswer>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve(event.message.split("\n")[0]);
    };
    worker.postMessage({ ids, blocks: this.blocks.length } satisfies ClaimJob);
    return promise.finally(() => {
      clearTimeout(timer);
      worker.terminate();
    });
  }
}
