// SPDX-License-Identifier: GPL-2.0-only
// `deno task soak [--minutes N | --operations N] [--seed S] [--setting ARCH/KERNEL/BYTES]`: random lives on every setting
// in turn until the time is over, or so many operations were done. Prints the seed of the run, and on a failure the
// shortest sequence found, the seed and the setting that repeat it; exit 1. Ctrl-C prints the tally so far.

import { parseArgs } from "@std/cli/parse-args";
import fc from "fast-check";
import { type Events, lifeProperty, nameOf, SETTINGS, type Tally } from "./commands.ts";
import type { LifeSetting } from "./life.ts";

/** Operations of one life at most, and lives between two looks at the clock. */
const MOST = 200;
const LIVES = 50;

/** Runs the soak; returns the exit code. */
async function main(args: string[]): Promise<number> {
  const flags = parseArgs(args, { string: ["minutes", "operations", "seed", "setting"] });
  const minutes = Number(flags.minutes ?? (flags.operations === undefined ? 1 : Infinity));
  const operations = Number(flags.operations ?? Infinity);
  let seed = Number(flags.seed ?? Math.floor(Math.random() * 2 ** 31));
  const settings = SETTINGS.filter((s) => flags.setting === undefined || flags.setting === nameOf(s));
  if (!(minutes > 0) || !(operations > 0) || !Number.isInteger(seed) || settings.length === 0) {
    console.error(
      `soak: expected --minutes and --operations above 0, a whole --seed, --setting ${SETTINGS.map(nameOf).join(" ")}`,
    );
    return 2;
  }
  console.log(`seed ${seed}`);
  const tally: Tally = { lives: 0, operations: 0, failures: 0 };
  const t0 = performance.now();
  const seconds = () => (performance.now() - t0) / 1000;
  const summary = () =>
    `${tally.lives} lives, ${tally.operations} operations (${tally.failures} with a failed allocation) in ` +
    `${seconds().toFixed(1)} s, ${
      Math.round(tally.operations / seconds())
    } operations per second, invariants after each`;
  Deno.addSignalListener("SIGINT", () => {
    console.log(summary());
    Deno.exit(130);
  });
  for (; seconds() < minutes * 60 && tally.operations < operations; seed++) {
    for (const setting of settings) {
      const result = fc.check(lifeProperty(setting, MOST, tally), { numRuns: LIVES, seed });
      if (result.failed) return report(result, setting, seed);
    }
    // Lets the signal in.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  console.log(summary());
  return 0;
}

function report(result: fc.RunDetails<[Events]>, setting: LifeSetting, seed: number): number {
  const { errorInstance, counterexample } = result;
  console.error(`soak: ${errorInstance instanceof Error ? errorInstance.stack : errorInstance}`);
  console.error(`after: ${counterexample === null ? "?" : counterexample[0]}`);
  console.error(`repeat with: --seed ${seed} --setting ${nameOf(setting)}`);
  return 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
