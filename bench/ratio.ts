// SPDX-License-Identifier: GPL-2.0-only
// `deno task bench:yardstick [ROUNDS] [NAME]`: the contests of yardstick.ts, alternating emulator and C within each
// round, medians in one table. The ratio is that of the medians; the limit is the design's target. No ratio fails the
// run: on a shared machine it says more about the other users. Exit 1 without a C compiler, 2 for bad usage.

import { type Command, CommandError } from "../src/cli/command.ts";
import { adviseHugePages } from "../src/cli/huge_pages.ts";
import { runTask } from "../src/cli/run.ts";
import { box } from "./boxes.ts";
import { loadYardstick, type Yardstick } from "./native.ts";
import { median } from "./statistics.ts";
import { type Contest, CONTESTS, type Side, SIDES, type Step } from "./yardstick.ts";

type Times = Readonly<Record<Side, number[]>>;

function timed(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** Times of each step, without the first two rounds. Milliseconds. */
function play(steps: readonly Step[], rounds: number): readonly Times[] {
  const times = steps.map(() => ({ emulator: [] as number[], native: [] as number[] }));
  for (let round = -2; round < rounds; round++) {
    for (const side of SIDES) {
      for (const [i, step] of steps.entries()) {
        const ms = timed(step[side]);
        if (round >= 0) times[i][side].push(ms);
      }
      for (const step of steps) step.restore?.[side]();
    }
  }
  return times;
}

function row(contest: Contest, { name, limit }: Contest["steps"][number], times: Times): string {
  const [emulator, native] = [median(times.emulator), median(times.native)];
  const best = Math.min(...times.emulator) / Math.min(...times.native);
  const each = (ms: number) => (ms * 1e6 / contest.units).toFixed(2);
  const ratio = emulator / native;
  return [
    `${contest.name}: ${name}`.padEnd(30),
    `${emulator.toFixed(2)} ms`.padStart(10),
    `${native.toFixed(2)} ms`.padStart(10),
    `${each(emulator)} : ${each(native)} ns per ${contest.unit}`.padEnd(34),
    `${ratio.toFixed(2)}x`.padStart(6),
    `${best.toFixed(2)}x`.padStart(6),
    `${limit}x`.padStart(5),
    ratio <= limit ? "met" : "over",
  ].join("  ");
}

/** Rounds and contests from a command line. CommandError unless the rounds are a whole number and the name is known. */
export function contestsOf(
  operands: readonly string[],
): { readonly rounds: number; readonly contests: readonly Contest[] } {
  const [rounds = "15", wanted = "", ...more] = operands;
  if (more.length > 0) throw new CommandError(`unexpected "${more[0]}": expected [ROUNDS] [NAME]`);
  if (!/^[1-9]\d*$/.test(rounds)) throw new CommandError(`rounds "${rounds}": expected a whole number above 0`);
  const contests = CONTESTS.filter(({ name }) => name.includes(wanted));
  if (contests.length === 0) {
    throw new CommandError(
      `no contest has "${wanted}" in its name: expected ${CONTESTS.map((c) => c.name).join("; ")}`,
    );
  }
  return { rounds: Number(rounds), contests };
}

function compete(native: Yardstick, contests: readonly Contest[], rounds: number): void {
  console.log(
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.arch}, ` +
      `${navigator.hardwareConcurrency} CPUs, cc -O2`,
  );
  console.log(
    `${"".padEnd(30)}  ${"emulator".padStart(10)}  ${"C".padStart(10)}  ${"".padEnd(34)}  median    best  limit`,
  );
  for (const contest of contests) {
    const times = play(box(contest.name, contest.name, () => contest.open(native)), rounds);
    for (const [i, step] of contest.steps.entries()) console.log(row(contest, step, times[i]));
  }
}

const COMMAND: Command = {
  name: "bench:yardstick",
  summary: "time the emulator against the same paths in C, in alternating rounds; NAME selects contests",
  operands: "[ROUNDS] [NAME]",
  flags: {},
  run: ({ operands, json }) => {
    if (json) throw new CommandError("bench:yardstick: a table is all there is: expected no --json");
    const { rounds, contests } = contestsOf(operands);
    const native = loadYardstick();
    if (native === null) return { report: null, text: "", code: 1 };
    adviseHugePages();
    compete(native, contests, rounds);
    return { report: null, text: "" };
  },
};

/** The command line; returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runTask(COMMAND, args);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
