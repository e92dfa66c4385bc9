// SPDX-License-Identifier: GPL-2.0-only
// `deno task soak [--minutes N | --operations N] [--seed S] [--setting ARCH/KERNEL/BYTES]`: random lives on every setting
// in turn until the time is over, or so many operations were done. Prints the seed of the run, and on a failure the
// shortest sequence found, the seed and the setting that repeat it; exit 1. Ctrl-C prints the tally so far.

import { type Command, CommandError, type CommandResult, type Flags } from "../../src/cli/command.ts";
import { choiceFlag, numberFlag } from "../../src/cli/flags.ts";
import { runTask } from "../../src/cli/run.ts";
import fc from "fast-check";
import { type Events, lifeProperty, nameOf, SETTINGS, type Tally } from "./commands.ts";
import type { LifeSetting } from "./life.ts";

/** Most operations per life, and lives between checks of the clock. */
const MOST = 200;
const LIVES = 50;

/** The command of the task. */
export const soakCommand: Command = {
  name: "soak",
  summary: "run random operations on every setting, and check all invariants after each",
  flags: {
    minutes: { value: "N", help: "stop after this many minutes; default: 1, or no limit with --operations" },
    operations: { value: "N", help: "stop after the life that reaches this many operations" },
    seed: { value: "N", help: "seed of the first lives; default: a random one" },
    setting: {
      value: "NAME",
      help: "architecture/kernel/struct page bytes, such as toy/6.1/64; default: all in turn",
    },
  },
  run: async (flags) => {
    const minutes = amount(flags, "minutes") ?? (flags.has("operations") ? Infinity : 1);
    const operations = amount(flags, "operations") ?? Infinity;
    const seed = flags.has("seed") ? numberFlag(flags, "seed") : Math.floor(Math.random() * 2 ** 31);
    if (!Number.isSafeInteger(seed)) throw new CommandError(`--seed: expected at most ${Number.MAX_SAFE_INTEGER}`);
    const name = flags.has("setting") ? choiceFlag(flags, "setting", SETTINGS.map(nameOf)) : null;
    const settings = SETTINGS.filter((setting) => name === null || nameOf(setting) === name);
    return await soak(minutes, operations, seed, settings, flags.json);
  },
};

/** A number above 0, possibly a fraction; null if not given. */
function amount(flags: Flags, name: string): number | null {
  if (!flags.has(name)) return null;
  const text = flags.text(name);
  const given = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (given > 0 && (name === "minutes" || Number.isInteger(given))) return given;
  throw new CommandError(
    `--${name}: expected a ${name === "minutes" ? "number" : "whole number"} above 0, got "${text}"`,
  );
}

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
  const told = () => ({
    seed: first,
    lives: tally.lives,
    operations: tally.operations,
    failedOperations: tally.failures,
  });
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
      if (result.failed) return { report: told(), text: "", code: report(result, setting, seed) };
    }
    // Lets the signal handler run.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { report: told(), text: summary() };
}

function report(result: fc.RunDetails<[Events]>, setting: LifeSetting, seed: number): number {
  const { errorInstance, counterexample } = result;
  console.error(`soak: ${errorInstance instanceof Error ? errorInstance.stack : errorInstance}`);
  console.error(`after: ${counterexample === null ? "?" : counterexample[0]}`);
  console.error(`repeat with: --seed ${seed} --setting ${nameOf(setting)}`);
  return 1;
}

if (import.meta.main) Deno.exit(await runTask(soakCommand, Deno.args));
