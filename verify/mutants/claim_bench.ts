// SPDX-License-Identifier: GPL-2.0-only
// A copy of the project in which claims are judged: once with marks in every block, which tells the path of each claim,
// then with one mutant after the other. Every judgement is a process of its own: its modules are read
// anew, and one in a loop can be ended.

import { CODE } from "../house/sources.ts";
import type { Judged } from "../claims/claim.ts";
import { edited } from "../mutations/mutant.ts";
import { type Block, blockAround, blocksOf, marked } from "./blocks.ts";
import type { Answer } from "./claim_change.ts";
import type { Asked, ClaimAnswer, ClaimJob } from "./claim_worker.ts";
import { whyEquivalent } from "./equivalent.ts";
import { UNCHECKED } from "./marks.ts";
import { type Mutant, mutantsOf, shorterLists } from "./operators.ts";
import { copyProject, isKernelPath } from "./trial.ts";

/** What counts claims that run no kernel: a document's own lists, and the code in it. */
const LISTINGS = /^verify\/claims\/(listings|sketches)\.ts$/;
const LISTS = "fixtures/documents.json";
/** Sizes on command lines are words, not a path. */
const WORDS = "src/lib/units.ts";
/** Seconds of CPU for each claim and for loading, whatever else the host does: what takes more is in a loop. */
const SECONDS = { each: 2, load: 6 };
/** For the path of a claim, with marks. */
const PATH_SECONDS = 120;
/** A mutant that fills memory fails early and leaves the host alone. MiB. */
const HEAP = "--v8-flags=--max-old-space-size=1500";
/** A switch for the checker of the invariants: it stops a run before anybody sees the figure. */
export const CHECKER = {
  file: "src/debug_vm/debug_vm.ts",
  text: "export function checkInvariants(k: Kernel): void {\n",
  replacement: `export function checkInvariants(k: Kernel): void {\n  if (globalThis.${UNCHECKED}) return;\n`,
};

/** The rows of a claim, and numbers of the blocks that ran while they were measured. */
export interface Path {
  readonly rows: readonly Judged[];
  readonly blocks: readonly number[];
  /** It is counted from a document's lists. */
  readonly fromLists: boolean;
  /** Its rows are the same without the checker of the invariants. */
  readonly unchecked: boolean;
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
    this.#write(CHECKER.file, edited(this.#texts.get(CHECKER.file)!, CHECKER));
    const lists = Deno.readTextFileSync(`${this.#dir}/${LISTS}`);
    this.#texts.set(LISTS, lists);
    this.listMutants = shorterLists(LISTS, lists);
    const files = [...this.#texts.keys()].filter((path) => LISTINGS.test(path) || isKernelPath(path) && path !== WORDS);
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
    for (const id of ids) found.set(id, await this.#path(id));
    for (const file of files) this.#write(file, this.#texts.get(file)!);
    return found;
  }

  /** The path of one claim, without the checker if its rows can do without. */
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

  /**
   * What claims say with other texts in place of sources, as far as they can be judged: the first that cannot be ends
   * the trial, and those behind it are left out.
   */
  async try(texts: ReadonlyMap<string, string>, claims: ReadonlyMap<string, Path>): Promise<Map<string, Answer>> {
    const asked = [...claims].map(([id, { unchecked }]) => ({ id, unchecked }));
    for (const [file, text] of texts) this.#write(file, text);
    try {
      return await this.#answers(asked);
    } finally {
      for (const file of texts.keys()) this.#write(file, this.text(file));
    }
  }

  /** What claims say as the copy is now. */
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

  #write(file: string, text: string): void {
    Deno.writeTextFileSync(`${this.#dir}/${file}`, text);
  }

  /** The answers of a fresh process with so many seconds of CPU, and why the next one does not come. */
  async #judge(claims: readonly Asked[], seconds: number): Promise<{ answers: ClaimAnswer[]; failure: string | null }> {
    const run = ["run", "--allow-read", "--no-check", "--no-prompt", "--quiet", HEAP, "verify/mutants/claim_worker.ts"];
    const child = new Deno.Command("sh", {
      args: ["-c", `ulimit -t ${seconds}; exec "$@"`, "sh", Deno.execPath(), ...run],
      cwd: this.#dir,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const job: ClaimJob = { claims, blocks: this.blocks.length };
    const [{ stdout, stderr, signal }] = await Promise.all([
      child.output(),
      new Response(JSON.stringify(job)).body!.pipeTo(child.stdin),
    ]);
    const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line.endsWith("}"));
    const answers = lines.map((line) => JSON.parse(line) as ClaimAnswer);
    if (answers.length === claims.length) return { answers, failure: null };
    if (signal === "SIGXCPU" || signal === "SIGKILL") return { answers, failure: "timeout" };
    const said = new TextDecoder().decode(stderr).split("\n").find((line) => line.includes("rror")) ??
      `ends with ${signal}`;
    return { answers, failure: said };
  }
}
