// A stand-in for jsr:@std/testing/bdd on node:test, to which @std/testing itself sends its users.
// One thing differs there and is put right here: on Deno, node:test drops errors that teardown hooks throw.
/**
 * Tests written as `describe` and `it`.
 *
 * @module
 */

import * as node from "node:test";

/** The body of a test or a hook. */
export type Body = () => void | Promise<void>;

/** Registers something under a name, alone (`only`) or not at all (`ignore`, `skip`). */
export interface Register<F> {
  /** Registers it. */
  (name: string, fn: F): void;
  /** Registers it and leaves out everything not marked so. */
  only(name: string, fn: F): void;
  /** Registers it as ignored. */
  ignore(name: string, fn: F): void;
  /** Another name of `ignore`. */
  skip(name: string, fn: F): void;
}

/** A group of tests; hooks registered in `fn` hold for this group. */
export const describe: Register<() => void> = Object.assign(
  (name: string, fn: () => void) => void node.describe(name, fn),
  {
    only: (name: string, fn: () => void) => void node.describe.only(name, fn),
    ignore: (name: string, fn: () => void) => void node.describe.skip(name, fn),
    skip: (name: string, fn: () => void) => void node.describe.skip(name, fn),
  },
);

/** One test. */
export const it: Register<Body> = Object.assign(
  (name: string, fn: Body) => void node.it(name, () => fn()),
  {
    only: (name: string, fn: Body) => void node.it.only(name, () => fn()),
    ignore: (name: string, fn: Body) => void node.it.skip(name, () => fn()),
    skip: (name: string, fn: Body) => void node.it.skip(name, () => fn()),
  },
);

/** Another name of {@linkcode it}. */
export const test: Register<Body> = it;

/** What teardown hooks threw; node:test drops some of it, so it is thrown again where Deno does report it. */
const thrown: unknown[] = [];
Deno.test.afterAll(() => {
  if (thrown.length > 0) throw thrown[0];
});

/** `fn`, whose error is kept for the end. */
function kept(fn: Body): () => Promise<void> {
  return async () => {
    try {
      await fn();
    } catch (error) {
      thrown.push(error);
    }
  };
}

/** Runs once, before the first test of the group. */
export function beforeAll(fn: Body): void {
  node.before(() => fn());
}

/** Runs once, after the last test of the group. What it throws fails the file. */
export function afterAll(fn: Body): void {
  node.after(kept(fn));
}

/** Runs before each test of the group. */
export function beforeEach(fn: Body): void {
  node.beforeEach(() => fn());
}

/** Runs after each test of the group. What it throws fails the file, once all its tests have run. */
export function afterEach(fn: Body): void {
  node.afterEach(kept(fn));
}

/** Another name of {@linkcode beforeAll}. */
export const before: typeof beforeAll = beforeAll;
/** Another name of {@linkcode afterAll}. */
export const after: typeof afterAll = afterAll;
