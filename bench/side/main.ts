// SPDX-License-Identifier: GPL-2.0-only
// One side of bench:compare: a process that runs the cases of its checkout, one run at a time, when requested.
// bench:compare copies this directory into the other revision, so that both sides do the same and only `src/`
// differs. One request is one line on stdin, one answer one line of JSON on stdout; the next request waits for it.
//
//     (start)    { clock, names }           the clock used, and the cases
//     open NAME  {}                         builds the case's machine and runs it until the compiler has seen it
//     run        { ms, wallMs }             one run, timed
//     close      {}                         drops the machine

import { type Bench, CASES } from "./cases.ts";
import { benchClock } from "./cpu_time.ts";

/** Runs before the first timed one: first touches of memory, compilation. */
const WARM_UP = 3;

const clock = benchClock();
let bench: Bench | null = null;

function open(name: string): Record<string, never> {
  const found = CASES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case "${name}"`);
  bench = found.build();
  for (let i = 0; i < WARM_UP; i++) timed(bench);
  return {};
}

function timed({ run, restore }: Bench): { ms: number; wallMs: number } {
  const wall = performance.now();
  const start = clock.now();
  run();
  const ms = clock.now() - start;
  const wallMs = performance.now() - wall;
  restore();
  return { ms, wallMs };
}

function answer(request: string): unknown {
  const [verb, ...rest] = request.trim().split(" ");
  if (verb === "open") return open(rest.join(" "));
  if (verb === "run" && bench !== null) return timed(bench);
  if (verb !== "close") throw new Error(`no request "${request.trim()}"`);
  bench = null;
  return {};
}

async function say(what: unknown): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${JSON.stringify(what)}\n`));
}

if (import.meta.main) {
  await say({ clock: clock.name, names: CASES.map(({ name }) => name) });
  const decoder = new TextDecoder();
  for await (const chunk of Deno.stdin.readable) await say(answer(decoder.decode(chunk)));
}
