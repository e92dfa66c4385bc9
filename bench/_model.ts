// SPDX-License-Identifier: GPL-2.0-only
// Model time beside host time. `deno bench` prints only what it timed itself, so the model's line goes to stderr, once
// per benchmark, and stdout stays valid for `--json`. In a bench, outside its timed part:
//
//     const seen = modelled(kernel, () => get(mode, target, pages));   // or round the timed work with readCounters()
//     printModel("get 16G before", seen);
//
// The work is the same in every round, so one round is enough.

import type { CounterValues } from "../mod.ts";
import { modelMs } from "../src/model/time.ts";
import { costTable, DEFAULT_COST } from "../src/model/cost_tables.ts";
import type { Kernel } from "../src/mm/kernel.ts";
import { countersSince, readCounters } from "../src/mm/vmstat.ts";

const printed = new Set<string>();

/** Runs a function and returns the work it did. */
export function modelled(kernel: Kernel, run: () => unknown): CounterValues {
  const before = readCounters(kernel.stat);
  run();
  return countersSince(before, readCounters(kernel.stat));
}

/** Prints the model time of this work on a machine of the cost tables, on the first call for `name`. */
export function printModel(name: string, counters: CounterValues, cost: string = DEFAULT_COST): void {
  if (printed.has(name)) return;
  printed.add(name);
  writeError(`model time  ${name}: ${modelMs(counters, costTable(cost)).toFixed(2)} ms on the ${cost} machine`);
}

/** Writes a line to stderr directly: `deno bench` puts `console` output into its table on stdout. */
export function writeError(line: string): void {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
}
