// SPDX-License-Identifier: GPL-2.0-only
// What `mutants` and `verify:mutants` share: flags, and the distribution of work over benches.

import type { Flag, Flags } from "../../src/cli/command.ts";
import { numberFlag } from "../../src/cli/flags.ts";

/** Flags of a run over a sample of `these` that writes `document`. */
export function runFlags(these: string, document: string) {
  return {
    count: { value: "N", help: `${these} to sample`, fallback: "60" },
    seed: { value: "N", help: "seed of the sample", fallback: "1" },
    jobs: { value: "N", help: "copies of the project at once; default: one per CPU" },
    log: { value: "FILE", help: "keep outcomes in this file, and continue from those of the same sources" },
    write: { value: "", help: `write verify/${document}` },
  } satisfies Record<string, Flag>;
}

/** Their values. */
export interface Run {
  readonly count: number;
  readonly seed: number;
  readonly jobs: number;
  readonly log: string | undefined;
}

export function readRun(flags: Flags): Run {
  return {
    count: numberFlag(flags, "count"),
    seed: numberFlag(flags, "seed"),
    jobs: Math.max(1, flags.has("jobs") ? numberFlag(flags, "jobs") : navigator.hardwareConcurrency),
    log: flags.has("log") ? flags.text("log") : undefined,
  };
}

/** Runs `each` over the items on all benches; results keep the order of the items. */
export async function shared<Bench, Item, Result>(
  benches: readonly Bench[],
  items: readonly Item[],
  each: (bench: Bench, item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  await Promise.all(benches.map(async (bench) => {
    for (let i = next++; i < items.length; i = next++) results[i] = await each(bench, items[i]);
  }));
  return results;
}
