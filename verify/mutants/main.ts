// SPDX-License-Identifier: GPL-2.0-only
// `deno task mutants [--count 60] [--seed 1] [--skip 0] [--near] [--write] [path]`: samples mutants of the kernel's paths, tries
// them one by one and prints who noticed; with --write puts verify/MUTANTS.md together. Exit 1 when fewer than nine of
// ten are noticed. `--near` asks only the tests beside the file and of its room, which gives a lower bound. `--skip` goes on in the same sample; a path takes only files whose path begins so.

import { parseArgs } from "@std/cli/parse-args";
import { writeFile } from "../../src/cli/write_file.ts";
import { prng } from "../../src/lib/prng.ts";
import { whyEquivalent } from "./equivalent.ts";
import { type Judged, mutantsMarkdown, score, shown } from "./report.ts";
import { Bench, kernelMutants } from "./trial.ts";

const ROOT = new URL("../../", import.meta.url);
const MUTANTS_MD = new URL("../MUTANTS.md", import.meta.url).pathname;

/** The first `count` of a shuffle that depends on the seed only, but for `skip`. */
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

/** A whole number from the command line. */
export function whole(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  console.error(`mutants: --${name} is a whole number, not ${text}`);
  Deno.exit(2);
}

/** Tries mutants as the command line asks; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const flags = parseArgs(args, {
    boolean: ["write", "near"],
    string: ["count", "seed", "skip"],
    default: { count: "60", seed: "1", skip: "0" },
  });
  const seed = whole("seed", flags.seed);
  const read = (file: string) => Deno.readTextFileSync(new URL(file, ROOT));
  const all = kernelMutants(String(flags._[0] ?? ""));
  const mutants = sampled(all, seed, whole("skip", flags.skip), whole("count", flags.count));
  if (mutants.length === 0) {
    console.error("mutants: there are no mutants there");
    return 2;
  }
  const judged: Judged[] = [];
  using bench = new Bench();
  if (await bench.failing()) {
    console.error("mutants: tests fail without a mutant");
    return 1;
  }
  for (const mutant of mutants) {
    const why = whyEquivalent(read(mutant.file), mutant);
    const outcome = why === null ? await bench.try(mutant, flags.near) : { mutant, noticedBy: null, timedOut: false };
    judged.push({ ...outcome, why });
    const who = why !== null ? "equal" : outcome.noticedBy === null ? "MISSED" : outcome.noticedBy;
    console.log(`${who.padEnd(9)}${outcome.timedOut ? "(timeout) " : ""}${shown(read(mutant.file), outcome)}`);
  }
  const { noticed, of, percent } = score(judged);
  console.log(`seed ${seed}: ${noticed} of ${of} noticed, ${percent} %`);
  if (flags.write) await writeFile(MUTANTS_MD, mutantsMarkdown(judged, { seed, of: all.length }, read));
  return noticed >= 0.9 * of ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
