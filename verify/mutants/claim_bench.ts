// SPDX-License-Identifier: GPL-2.0-only
// A copy of the project in which claims are judged, first with marks in every block, which give each claim's path, then
// with one mutant at a time.

import { CODE } from "../house/sources.ts";
import type { Judged } from "../claims/claim.ts";
import { edited } from "../mutations/mutant.ts";
import { type Block, blockAround, blocksOf, marked } from "./blocks.ts";
import type { Answer } from "./claim_change.ts";
import type { Asked, ClaimAnswer, ClaimJob } from "./claim_worker.ts";
import { ProjectCopy } from "./copy.ts";
import { whyEquivalent } from "./equivalent.ts";
import { parseLog } from "./log.ts";
import { UNCHECKED } from "./marks.ts";
import { type Mutant, mutantsOf, shorterLists } from "./operators.ts";
import { isKernelPath } from "./trial.ts";

/** Code behind claims that run no kernel: they count a document's lists, or read the code in it. */
const LISTINGS = /^verify\/claims\/(listings|sketches)\.ts$/;
const LISTS = "fixtures/documents.json";
/** Parses sizes on command lines; no claim is about it. */
const WORDS = "src/lib/units.ts";
/** CPU seconds per claim and for loading, which do not depend on the load of the host. Exceeding them means a loop. */
const SECONDS = { each: 2, load: 6 };
/** Limit for finding the path of a claim, with marks. */
const PATH_SECONDS = 120;
/** Turns the invariant checker off: it would stop a run before the figure is known. */
export const CHECKER = {
  file: "src/debug_vm/debug_vm.ts",
  text: "export function checkInvariants(k: Kernel): void {\n",
  replacement: `export function checkInvariants(k: Kernel): void {\n  if (globalThis.${UNCHECKED}) return;\n`,
};

/** Rows of a claim, and the blocks that ran while they were measured. */
export interface Path {
  readonly rows: readonly Judged[];
  readonly blocks: readonly number[];
  /** The claim counts a document's lists. */
  readonly fromLists: boolean;
  /** The rows are the same without the invariant checker. */
  readonly unchecked: boolean;
}

export class ClaimBench extends ProjectCopy {
  readonly #texts = new Map(CODE.map(({ path, text }) => [path, text]));
  readonly #mutants: Mutant[][] = [];
  /** Mutants of the documents' lists. */
  readonly listMutants: readonly Mutant[];
  /** Blocks of the kernel's paths and of LISTINGS; the index is the block's number. */
  readonly blocks: readonly Block[];

  constructor() {
    super();
    this.write(CHECKER.file, edited(this.#texts.get(CHECKER.file)!, CHECKER));
    const lists = this.read(LISTS);
    this.#texts.set(LISTS, lists);
    this.listMutants = shorterLists(LISTS, lists);
    const files = [...this.#texts.keys()].filter((path) => LISTINGS.test(path) || isKernelPath(path) && path !== WORDS);
    this.blocks = files.flatMap((file) => blocksOf(file, this.#texts.get(file)!));
  }

  /** Judges claims one by one, with marks in every block. */
  async paths(ids: readonly string[]): Promise<Map<string, Path>> {
    const files = [...new Set(this.blocks.map(({ file }) => file))];
    for (const file of files) {
      this.write(file, marked(file, this.#texts.get(file)!, this.blocks.findIndex((block) => block.file === file)));
    }
    const found = new Map<string, Path>();
    for (const id of ids) found.set(id, await this.#path(id));
    for (const file of files) this.write(file, this.#texts.get(file)!);
    return found;
  }

  /** The path of one claim, without the checker if that leaves its rows as expected. */
  async #path(id: string, unchecked = true): Promise<Path> {
    const { answers: [answer], failure } = await this.#judge([{ id, unchecked }], PATH_SECONDS);
    if (answer === undefined) throw new Error(`Cannot judge ${id} without a mutant: ${failure}`);
    const { rows } = answer;
    if (unchecked && rows.some((row) => !row.ok)) return this.#path(id, false);
    const { ran } = answer;
    const kernel = ran.filter((i) => isKernelPath(this.blocks[i].file));
    const fromLists = kernel.length === 0;
    return { rows, blocks: fromLists ? ran : kernel, fromLists, unchecked };
  }

  readonly text = (file: string): string => this.#texts.get(file)!;

  /** Mutants whose innermost block is this one, without equivalent ones. */
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

  /**
   * What claims say with these texts in place of the sources. The first claim that cannot be judged ends the trial;
   * those after it are missing from the result.
   */
  async try(texts: ReadonlyMap<string, string>, claims: ReadonlyMap<string, Path>): Promise<Map<string, Answer>> {
    const asked = [...claims].map(([id, { unchecked }]) => ({ id, unchecked }));
    for (const [file, text] of texts) this.write(file, text);
    try {
      return await this.#answers(asked);
    } finally {
      for (const file of texts.keys()) this.write(file, this.text(file));
    }
  }

  async #answers(asked: readonly Asked[]): Promise<Map<string, Answer>> {
    const { answers, failure } = await this.#judge(asked, SECONDS.each * asked.length + SECONDS.load);
    const found = new Map<string, Answer>();
    for (const { id, rows } of answers) found.set(id, { rows, timedOut: false, failure: null });
    const stuck = asked[answers.length];
    if (stuck !== undefined) {
      const timedOut = failure === "timeout";
      found.set(stuck.id, { rows: [], timedOut, failure: timedOut ? null : failure });
    }
    return found;
  }

  /** Answers of a new process within a limit of CPU seconds, and the reason if some are missing. */
  async #judge(claims: readonly Asked[], seconds: number): Promise<{ answers: ClaimAnswer[]; failure: string | null }> {
    const job: ClaimJob = { claims, blocks: this.blocks.length };
    const worker = ["--allow-read", "verify/mutants/claim_worker.ts"];
    const ended = await this.run("run", worker, seconds, JSON.stringify(job));
    const answers = parseLog<ClaimAnswer>(ended.stdout);
    if (answers.length === claims.length) return { answers, failure: null };
    if (ended.timedOut) return { answers, failure: "timeout" };
    const said = ended.stderr.split("\n").find((line) => line.includes("rror"));
    return { answers, failure: said ?? `ends with ${ended.signal}` };
  }
}
