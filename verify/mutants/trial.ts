// SPDX-License-Identifier: GPL-2.0-only
// Who notices a mutant. Tests run in a copy of the project, the nearest first: those beside the file, of its room, of
// whole machines (the documents' errata, random lives, comparisons with Linux: they notice most for their time), of the other kernel paths,
// then of all else in src. The sweeps of verify take longer than all of these and are not asked. The first failure ends
// the trial.

import { CODE } from "../house/sources.ts";
import { type Mutant, mutantsOf, mutated } from "./operators.ts";

const ROOT = new URL("../../", import.meta.url);
/** What no test needs of the project. */
const LEFT_OUT = new Set([".git", "node_modules", "coverage"]);
/** What tests import or read. */
const READ_BY_TESTS = ["src", "verify", "fixtures"];
/** Rooms of tests of whole machines. Those of the mutations would miss the text they replace, and fail for that. */
const MACHINES = ["errata", "lives", "linux"];
/** Rooms whose code is a path of the kernel, with what it stands on. */
const KERNEL = /^src\/(arch|boot\.ts|drivers|lib|machine|mm(?!\/trace\.ts)|smp\.ts)/;
const SEED = "verify/mutants/fixed_seed.ts";
/** The stages, nearest first. */
export const STAGES = ["beside", "room", "machines", "kernel", "src"] as const;
/** Those that take seconds. */
const NEAR: readonly string[] = ["beside", "room"];
/** Seconds of CPU, whatever else the host does: a stage that takes more is in a loop, unless it does without the mutant. */
const STAGE_SECONDS = { near: 25, far: 100 };
/** A mutant that fills memory fails early and leaves the host alone. MiB. */
const HEAP = "--v8-flags=--max-old-space-size=1500";

/** A stage's name. */
export type Stage = (typeof STAGES)[number];

/** How a trial ended. */
export interface Outcome {
  readonly mutant: Mutant;
  /** The stage whose tests failed, and the file of the first that did; null when none did. */
  readonly noticedBy: Stage | null;
  readonly test: string | null;
  readonly timedOut: boolean;
}

/** What a run of tests came to; `last` is the file that ran last, which is the one that failed. */
interface Run {
  readonly failed: boolean;
  readonly timedOut: boolean;
  readonly last: string | null;
}

/** Whether a source is a path of the kernel. */
export function isKernelPath(path: string): boolean {
  return KERNEL.test(path);
}

/** Every mutant of the kernel's paths, in the order of the files. */
export function kernelMutants(under = ""): Mutant[] {
  return CODE
    .filter(({ path }) => isKernelPath(path) && path.startsWith(under))
    .flatMap(({ path, text }) => mutantsOf(path, text));
}

/** A copy of the project that mutants are put into, one after the other. */
export class Bench {
  readonly #dir = Deno.makeTempDirSync({ prefix: "mutants-" });
  /** Tests of src, and of whole machines. */
  readonly #tests: readonly string[];
  readonly #machines: readonly string[];

  constructor() {
    copyProject(this.#dir);
    this.#tests = this.#testsUnder("src");
    this.#machines = MACHINES.flatMap((room) => this.#testsUnder(`verify/${room}`));
  }

  /** Takes the copy away. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.#dir, { recursive: true });
  }

  #testsUnder(room: string): string[] {
    return list(`${this.#dir}/${room}`).filter((path) => path.endsWith("_test.ts"))
      .map((path) => path.slice(this.#dir.length + 1)).sort();
  }

  /** The tests in the order in which they are asked about a file. */
  stages(file: string): { name: Stage; tests: string[] }[] {
    const beside = file.replace(/\.ts$/, "_test.ts");
    const room = file.slice(0, file.lastIndexOf("/") + 1);
    const near = (test: string) => test.startsWith(room) && !test.slice(room.length).includes("/");
    const nearTests = room === "src/" ? [] : this.#tests.filter((test) => near(test) && test !== beside);
    const rest = this.#tests.filter((test) => test !== beside && !nearTests.includes(test));
    const isKernel = (test: string) => KERNEL.test(test) || test.startsWith("src/debug_vm/");
    const tests: Record<Stage, string[]> = {
      beside: this.#tests.filter((test) => test === beside),
      room: nearTests,
      machines: [...this.#machines],
      kernel: rest.filter(isKernel),
      src: rest.filter((test) => !isKernel(test)),
    };
    return STAGES.map((name) => ({ name, tests: tests[name] })).filter(({ tests }) => tests.length > 0);
  }

  /** What the tests could tell: a hash of all sources, tests and fixtures of the copy. */
  async hash(): Promise<string> {
    const all = READ_BY_TESTS.flatMap((room) => list(`${this.#dir}/${room}`)).sort();
    // Documents, MUTANTS.md among them, are what is written of the rest.
    const files = all.filter((path) => !path.endsWith(".md"));
    const text = files.map((path) => `${path.slice(this.#dir.length)}\n${Deno.readTextFileSync(path)}`).join("\0");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return new Uint8Array(digest).toHex();
  }

  /** Runs the stages up to `last` until one fails; before them the file of tests, or the stage, that `first` names. */
  async try(mutant: Mutant, last: Stage = "src", first: string | null = null): Promise<Outcome> {
    const stages = this.stages(mutant.file);
    const asked = stages.filter(({ name }) => STAGES.indexOf(name) <= STAGES.indexOf(last));
    const before = stages.flatMap(({ name, tests }) =>
      name === first
        ? [{ name, tests }]
        : tests.filter((test) => test === first).map((test) => ({ name, tests: [test] }))
    );
    for (const { name, tests } of [...before, ...asked]) {
      const { failed, timedOut, last: test } = await this.#with(mutant, name, tests);
      if (failed) return { mutant, noticedBy: name, test, timedOut };
    }
    return { mutant, noticedBy: null, test: null, timedOut: false };
  }

  /** Runs tests with the mutant in place. Those that take as long without it have not failed: they prove nothing. */
  async #with(mutant: Mutant, name: Stage, tests: readonly string[]): Promise<Run> {
    const path = `${this.#dir}/${mutant.file}`;
    const text = Deno.readTextFileSync(path);
    const seconds = NEAR.includes(name) ? STAGE_SECONDS.near : STAGE_SECONDS.far;
    Deno.writeTextFileSync(path, mutated(text, mutant));
    const run = await this.#run(tests, seconds).finally(() => Deno.writeTextFileSync(path, text));
    if (!run.timedOut) return run;
    return { ...run, failed: !(await this.#run(tests, seconds / 2)).failed };
  }

  /** The tests that fail without a mutant: a suite that fails anyway proves nothing. */
  async failing(): Promise<boolean> {
    return (await this.#run([...this.#tests, ...this.#machines], 4 * STAGE_SECONDS.far)).failed;
  }

  async #run(tests: readonly string[], seconds: number): Promise<Run> {
    const options = ["-A", "--no-check", "--no-prompt", "--quiet", "--fail-fast", "--preload", SEED, HEAP];
    const test = ["test", ...options, ...tests];
    const { success, signal, stdout } = await new Deno.Command("sh", {
      args: ["-c", `ulimit -t ${seconds}; exec "$@"`, "sh", Deno.execPath(), ...test],
      cwd: this.#dir,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "null",
      stdin: "null",
    }).output();
    const ran = [...new TextDecoder().decode(stdout).matchAll(/^running \d+ tests? from \.\/(.*)$/gm)];
    return { failed: !success, timedOut: signal === "SIGXCPU" || signal === "SIGKILL", last: ran.at(-1)?.[1] ?? null };
  }
}

/** Copies the project, as far as tests and programs need it, into a folder that is there. */
export function copyProject(dir: string): void {
  for (const { name } of Deno.readDirSync(ROOT)) {
    if (!LEFT_OUT.has(name)) copy(new URL(name, ROOT).pathname, `${dir}/${name}`);
  }
}

function copy(from: string, to: string): void {
  const { isDirectory } = Deno.statSync(from);
  if (!isDirectory) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copy(`${from}/${name}`, `${to}/${name}`);
}

function list(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap(({ name, isDirectory }) =>
    isDirectory ? list(`${dir}/${name}`) : [`${dir}/${name}`]
  );
}
