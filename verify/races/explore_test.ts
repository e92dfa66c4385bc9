// SPDX-License-Identifier: GPL-2.0-only
// The explorer on worlds whose answers are known: counts of interleavings, a lost update, a deadlock, and that the
// reduction finds the same ends as running everything.

import { assertEquals } from "@std/assert";
import { dependent, explore, type Step, type Thread } from "./explore.ts";

function* steps(n: number, place: (i: number) => string): Thread {
  for (let i = 0; i < n; i++) yield { name: `${i}`, writes: [place(i)] };
}

Deno.test("explore() runs every interleaving of dependent steps, and one of independent ones", () => {
  const count = (shared: boolean, full: boolean) =>
    explore(
      () => ({ threads: [steps(3, () => "x"), steps(3, (i) => shared ? "x" : `y${i}`)], end: () => 0 }),
      () => {},
      { full },
    ).schedules;
  assertEquals(count(true, true), 20); // 6 over 3
  assertEquals(count(true, false), 20);
  assertEquals(count(false, true), 20);
  assertEquals(count(false, false), 1);
});

/** counter++ as a read and a write. */
function* increment(state: { n: number }): Thread {
  yield { name: "read", reads: ["n"] };
  const { n } = state;
  yield { name: "write", writes: ["n"] };
  state.n = n + 1;
}

Deno.test("explore() finds the lost update, reduced or not", () => {
  for (const full of [false, true]) {
    const ends = new Set<number>();
    const { schedules } = explore(
      () => {
        const state = { n: 0 };
        return { threads: [increment(state), increment(state)], end: () => state.n };
      },
      (n) => ends.add(n),
      { full },
    );
    assertEquals([...ends].sort(), [1, 2]);
    assertEquals(schedules, full ? 6 : 4);
  }
});

/** Takes two locks in an order. */
function* locker(held: Set<string>, first: string, second: string): Thread {
  for (const lock of [first, second]) {
    yield { name: `take ${lock}`, reads: [lock], writes: [lock], enabled: () => !held.has(lock) };
    held.add(lock);
  }
  yield { name: "release", writes: [first, second] };
  held.clear();
}

Deno.test("explore() reports the steps that wait forever", () => {
  const stuck = new Set<string>();
  explore(
    () => {
      const held = new Set<string>();
      return { threads: [locker(held, "a", "b"), locker(held, "b", "a")], end: (waiting) => waiting.join() };
    },
    (waiting) => stuck.add(waiting),
  );
  assertEquals([...stuck].sort(), ["", "take b,take a"]);
});

Deno.test("explore() stops at its bound and reports it", () => {
  const bounded = explore(
    () => ({ threads: [steps(3, () => "x"), steps(3, () => "x")], end: () => 0 }),
    () => {},
    { most: 5 },
  );
  assertEquals([bounded.schedules, bounded.truncated], [5, true]);
});

Deno.test("dependent() tests whether one step writes what the other touches", () => {
  const read: Step = { name: "r", reads: ["x"] };
  const write: Step = { name: "w", writes: ["x"] };
  assertEquals([dependent(read, read), dependent(read, write), dependent(write, write)], [false, true, true]);
  assertEquals(dependent(write, { name: "other", reads: ["y"], writes: ["z"] }), false);
});
