// SPDX-License-Identifier: GPL-2.0-only
// `deno task soak [--minutes N | --operations N] [--seed S] [--setting ARCH/KERNEL/BYTES]`: random lives on every setting
// in turn until the time is over, or so many operations were done. Prints the seed of the run, and on a failure the
// shortest sequence found, the seed and the setting that repeat it; exit 1. Ctrl-C prints the tally so far.

import { type Command, CommandError, type CommandResult } from "../../src/cli/command.ts";
import { runTask } from "../../src/cli/run.ts";
import fc from "fast-check";
import { type Events, lifeProperty, nameOf, SETTINGS, type Tally } from "./commands.ts";
import type { LifeSetting } from "./life.ts";

/** Operations of one life at most, and lives between two looks at the clock. */
const MOST = 200;
const LIVES = 50;

const COMMAND: Command = {
  name: "soak",
  summary: "random lives on every setting in turn, every invariant checked after each operation",
  flags: {
    minutes: { value: "N", help: "stop after so long; default 1 unless --operations is given" },
    operations: { value: "N", help: "stop after so many operations" },
    seed: { value: "N", help: "seed of the first lives; default any" },
    setting: { value: "NAME", help: `only this one: ${SETTINGS.map(nameOf).join(" ")}` },
  },
  run: async (flags) => {
    const number = (name: string, otherwise: number) => flags.has(name) ? Number(flags.text(name)) : otherwise;
    const minutes = number("minutes", flags.has("operations") ? Infinity : 1);
    const operations = number("operations", Infinity);
    const seed = number("seed", Math.floor(Math.random() * 2 ** 31));
    const settings = SETTINGS.filter((s) => !flags.has("setting") || flags.text("setting") === nameOf(s));
    if (!(minutes > 0) || !(operations > 0) || !Number.isSafeInteger(seed) || settings.length === 0) {
      throw new CommandError(
        `expected --minutes and --operations above 0, a whole --seed, --setting ${SETTINGS.map(nameOf).join(" ")}`,
      );
    }
    return await soak(minutes, operations, seed, settings, flags.json);
  },
};

/** Runs lives until the time is over or the operations are done. */
async function soak(
  minutes: number,
  operations: number,
  first: number,
  settings: readonly LifeSetting[],
  json: boolean,
): Promise<CommandResult> {
  let seed = first;
  if (!json) console.log(`seed ${seed}`);
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
  const left = () => seconds() < minutes * 60 ? operations - tally.operations : 0;
  for (; left() > 0; seed++) {
    for (const setting of settings) {
      if (left() <= 0) break;
      const numRuns = Math.min(LIVES, Math.ceil(left() / MOST));
      const result = fc.check(lifeProperty(setting, MOST, tally), { numRuns, seed });
      if (result.failed) return { report: { seed: first, ...tally }, text: "", code: report(result, setting, seed) };
    }
    // Lets the signal in.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { report: { seed: first, ...tally }, text: summary() };
}

function report(result: fc.RunDetails<[Events]>, setting: LifeSetting, seed: number): number {
  const { errorInstance, counterexample } = result;
  console.error(`soak: ${errorInstance instanceof Error ? errorInstance.stack : errorInstance}`);
  console.error(`after: ${counterexample === null ? "?" : counterexample[0]}`);
  console.error(`repeat with: --seed ${seed} --setting ${nameOf(setting)}`);
  return 1;
}

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));
