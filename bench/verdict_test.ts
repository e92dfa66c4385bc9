// SPDX-License-Identifier: GPL-2.0-only
// The verdict on series whose truth is known: noise of idle and loaded hosts, processes that are slow as a whole, and
// rounds that other load disturbs.

import { assert, assertEquals } from "@std/assert";
import { prng } from "../src/lib/prng.ts";
import { compareCase, type Comparison, EXIT_CODES, overall, type PairedTimes, percent } from "./verdict.ts";

const CASES = 10;
const MOST_ROUNDS = 20;

type Noise = (random: () => number) => number;
const gauss: Noise = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const NOISES: Readonly<Record<string, Noise>> = {
  "1 %": (random) => 0.01 * gauss(random),
  "10 %": (random) => 0.1 * gauss(random),
  "a process in four slower by a fifth": (random) => 0.01 * gauss(random) + (random() < 0.25 ? 0.2 : 0),
  "every second process slower by a tenth": (random) => 0.005 * gauss(random) + (random() < 0.5 ? 0.1 : 0),
  "a round in ten disturbed": (random) => 0.02 * gauss(random) + (random() < 0.1 ? 0.5 * random() : 0),
};

/** A whole comparison, as rounds.ts makes it: settled cases get no more rounds. Case 0 takes `factor` as long. */
function comparison(seed: number, factor: number, noise: Noise, cases = CASES): readonly Comparison[] {
  const random = prng(seed);
  const times = Array.from({ length: cases }, (): PairedTimes => ({ before: [], after: [] }));
  const rows: Comparison[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    for (const [i, { before, after }] of times.entries()) {
      if (rows[i] !== undefined && rows[i].verdict !== "open") continue;
      before.push(10 * Math.exp(noise(random)));
      after.push(10 * (i === 0 ? factor : 1) * Math.exp(noise(random)));
      rows[i] = compareCase(`${i}`, times[i], 1.05, cases);
    }
  }
  return rows;
}

for (const [name, noise] of Object.entries(NOISES)) {
  Deno.test(`overall() calls equal series slower in none of 30 comparisons: noise of ${name}`, () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { verdict, line } = overall(comparison(seed, 1, noise), 1.05);
      assert(verdict !== "slower", `seed ${seed}: ${line}`);
    }
  });

  Deno.test(`overall() calls a series that takes 2.3 times as long slower in all of 30: noise of ${name}`, () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { verdict, line } = overall(comparison(seed, 2.31, noise), 1.05);
      assertEquals(verdict, "slower", `seed ${seed}: ${line}`);
      assert(line.includes("(0 +"), line);
    }
  });
}

for (const name of ["a round in ten disturbed", "every second process slower by a tenth"]) {
  Deno.test(`overall() reports fewer than 5 of 1000 equal revisions as slower, and finds 30 % in over 990: ${name}`, () => {
    const noise = NOISES[name];
    let accused = 0;
    let found = 0;
    for (let seed = 1; seed <= 1000; seed++) {
      if (overall(comparison(seed, 1, noise, 4), 1.05).verdict === "slower") accused++;
      const [slow] = comparison(seed, 1.3, noise, 4);
      if (slow.verdict === "slower") found++;
    }
    assert(accused < 5, `${accused} accused`);
    assert(found > 990, `${found} found`);
  });
}

Deno.test("overall() says how many rounds are missing, and names what is slower first", () => {
  const noisy = compareCase("noisy", { before: [10, 10, 10], after: [9, 14, 10] }, 1.05, 2);
  const slow = compareCase("slow", { before: [1, 1, 1, 1, 1], after: [2, 2.1, 2, 2.1, 2] }, 1.05, 2);
  const same = compareCase("same", { before: [1, 1, 1], after: [1, 1, 1] }, 1.05, 2);
  const more = `need about ${noisy.missing} more rounds`;
  assert(noisy.missing > 10);
  assertEquals(overall([noisy, same], 1.05).line, `inconclusive: 1 ${more}, of 2`);
  assertEquals(overall([noisy, slow], 1.05).line, `slower: 1 of 2 (slow +104 %, 97 to 111 %); 1 ${more}`);
  assertEquals(overall([same], 1.05), { verdict: "no slower", line: "no slower: 1 of 1 within 5.0 %" });
  assertEquals(new Set(Object.values(EXIT_CODES)), new Set([0, 1, 3]));
});

Deno.test("compareCase() needs three rounds to settle, five to report a large slowdown and nine a small one", () => {
  const verdict = (n: number, ratio: number) =>
    compareCase("x", { before: Array(n).fill(10), after: Array(n).fill(10 * ratio) }, 1.05, 1).verdict;
  assertEquals([2, 3].map((n) => verdict(n, 1)), ["open", "no slower"]);
  assertEquals([4, 5].map((n) => verdict(n, 2)), ["open", "slower"]);
  assertEquals([3, 5].map((n) => verdict(n, 0.5)), ["no slower", "faster"]);
  assertEquals([8, 9].map((n) => verdict(n, 1.2)), ["open", "slower"]);
  assertEquals(verdict(5, 1.04), "no slower");
});

Deno.test("percent() has a digit where one matters, and no minus zero", () => {
  assertEquals([2.31, 1.0512, 0.8, 0.99999].map(percent), ["+131 %", "+5.1 %", "-20 %", "0.0 %"]);
});
