// SPDX-License-Identifier: GPL-2.0-only
// Which tests notice a mutant. Tests run in a copy of the project, nearest first: beside the file, in its directory, of
// complete machines (the documents' errata, random lives, comparisons with Linux, which notice most per second), of the
// other kernel paths, then of the rest of src. The first failure ends the trial. The sweeps of verify take longer than
// all of these and are left out.

import { CODE } from "../house/sources.ts";
import { ProjectCopy } from "./copy.ts";
import { digest } from "./log.ts";
import { type Mutant, mutantsOf, mutated } from "./operators.ts";

/** What tests import or read. */
const READ_BY_TESTS = ["src", "verify", "fixtures"];
/**
 * Directories of tests of complete machines. Those of mutations are left out: a mutant may remove the text they
 * replace.
 */
const MACHINES = ["errata", "lives", "linux"];
/** Kernel paths, and the modules they build on. */
const KERNEL = /^src\/(arch|boot\.ts|drivers|lib|machine|mm(?!\/trace\.ts)|smp\.ts)/;
const SEED = "verify/mutants/fixed_seed.ts";
/** The stages, nearest first. */
export const STAGES = ["beside", "room", "machines", "kernel", "src"] as const;
/** Stages that take seconds. */
const NEAR: readonly string[] = ["beside", "room"];
/**
 * CPU seconds, which do not depend on the load of the host. A stage that exceeds them is in a loop, unless it does so
 * without the mutant.
 */
const STAGE_SECONDS = { near: 25, far: 100 };

export type Stage = (typeof STAGES)[number];

export interface Outcome {
  readonly mutant: Mutant;
  /** The stage that failed and its first failing test file; null if none did. */
  readonly noticedBy: Stage | null;
  readonly test: string | null;
  readonly timedOut: boolean;
}

/** Result of a test run; `last` is the last file that ran, so the one that failed. */
interface Run {
  readonly failed: boolean;
  readonly timedOut: boolean;
  readonly last: string | null;
}

export function isKernelPath(path: string): boolean {
  return KERNEL.test(path);
}

/** Every mutant of the kernel's paths, in file order. */
export function kernelMutants(under = ""): Mutant[] {
  return CODE
    .filter(({ path }) => isKernelPath(path) && path.startsWith(under))
    .flatMap(({ path, text }) => mutantsOf(path, text));
}

/** A copy of the project in which tests run against mutants. */
export class Bench extends ProjectCopy {
  /** Tests of src, and of complete machines. */
  readonly #tests = this.#testsUnder("src");
  readonly #machines = MACHINES.flatMap((room) => this.#testsUnder(`verify/${room}`));

  #testsUnder(room: string): string[] {
    return this.files(room).filter((path) => path.endsWith("_test.ts"));
  }

  /** The test stages of a file. */
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

  /** A hash of the sources, tests and fixtures of the copy: all that can affect an outcome. */
  async hash(): Promise<string> {
    // Documents, MUTANTS.md among them, are generated.
    const files = READ_BY_TESTS.flatMap((room) => this.files(room)).filter((path) => !path.endsWith(".md"));
    return await digest(files.map((path) => [path, this.read(path)]));
  }

  /** Runs the stages up to `last` until one fails. The test file or stage named by `first` runs before them. */
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

  /** Runs tests with the mutant in place. If they time out without it too, that proves nothing. */
  async #with(mutant: Mutant, name: Stage, tests: readonly string[]): Promise<Run> {
    const text = this.read(mutant.file);
    const seconds = NEAR.includes(name) ? STAGE_SECONDS.near : STAGE_SECONDS.far;
    this.write(mutant.file, mutated(text, mutant));
    const run = await this.#run(tests, seconds).finally(() => this.write(mutant.file, text));
    if (!run.timedOut) return run;
    return { ...run, failed: !(await this.#run(tests, seconds / 2)).failed };
  }

  /** Whether tests fail without a mutant: then outcomes would prove nothing. */
  async failing(): Promise<boolean> {
    return (await this.#run([...this.#tests, ...this.#machines], 4 * STAGE_SECONDS.far)).failed;
  }

  async #run(tests: readonly string[], seconds: number): Promise<Run> {
    const args = ["-A", "--fail-fast", "--preload", SEED, ...tests];
    const { success, timedOut, stdout } = await this.run("test", args, seconds);
    const ran = [...stdout.matchAll(/^running \d+ tests? from \.\/(.*)$/gm)];
    return { failed: !success, timedOut, last: ran.at(-1)?.[1] ?? null };
  }
}
