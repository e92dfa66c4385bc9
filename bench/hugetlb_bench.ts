// SPDX-License-Identifier: GPL-2.0-only
// The two measurements of document 004: 10240 huge pages of 2M allocated and freed through nr_hugepages, without and
// with their vmemmap freed, as in different kernels. Each row has one machine, whose pool is allocated and freed in
// every round; only the named side is timed. The work of one round goes to stderr, since times alone say little;
// per-page latencies are in `lab hugetlb`. Times are the emulator's own.

import type { Kernel } from "../src/mm/kernel.ts";
import { countersSince, readCounters } from "../src/mm/vmstat.ts";
import { costTable, DEFAULT_COST } from "../src/model/cost_tables.ts";
import { hugetlbMs } from "../src/model/hugetlb.ts";
import { writeError } from "./_model.ts";
import { givePoolBack, makePool, poolMachine, POOLS } from "./side/hugetlb.ts";

const COUNT = 10240;
/** CPUs that a flush interrupts in the model's line: a single CPU would have none to interrupt. */
const MODEL_CPUS = 64;

const boxes = new Map<string, Kernel>();

/** One machine for each row and side, booted on first use. */
function boxOf(key: string, options: typeof POOLS[number][1]): Kernel {
  const known = boxes.get(key);
  if (known !== undefined) return known;
  boxes.clear();
  const k = poolMachine(COUNT, options);
  boxes.set(key, k);
  report(key, k);
  return k;
}

/** Runs the first round, which splits leaves, for the model's line, and prints the work of a later one. */
function report(key: string, k: Kernel): void {
  const one = () => {
    const before = readCounters(k.stat);
    round(k, () => {}, () => {});
    return countersSince(before, readCounters(k.stat));
  };
  const { tlbFlushes } = one();
  const counters = one();
  const work = Object.entries(counters).filter(([, n]) => n > 0);
  writeError(`${key}, one round: ${work.map(([name, n]) => `${name} ${n}`).join(", ")}`);
  const vmemmap = k.hugetlb.optimize ? COUNT * k.hugetlb.hstates[0].freeVmemmapPages : 0;
  const done = { allocated: COUNT, freed: COUNT, vmemmapFreed: vmemmap, vmemmapRestored: vmemmap };
  // Every flush interrupts all other CPUs, however many the box was booted with.
  const ms = (cpus: number) =>
    hugetlbMs({ ...done, tlbIpis: tlbFlushes * (cpus - 1) }, costTable(DEFAULT_COST).hugetlb).toFixed(1);
  writeError(
    `model time  ${key}, the first round of both sides: ${ms(1)} ms on the ${DEFAULT_COST} machine with one CPU, ` +
      `${ms(MODEL_CPUS)} ms with ${MODEL_CPUS}`,
  );
}

function round(k: Kernel, beforeFree: () => void, afterFree: () => void): void {
  makePool(k, COUNT);
  beforeFree();
  givePoolBack(k);
  afterFree();
}

for (const [name, options] of POOLS) {
  const baseline = name === "off";
  Deno.bench({
    name,
    group: `allocate ${COUNT} pages of 2M`,
    baseline,
    n: 10,
    warmup: 3,
    fn: (b) => {
      const k = boxOf(`allocate: ${name}`, options);
      b.start();
      round(k, () => b.end(), () => {});
    },
  });
  Deno.bench({
    name,
    group: `free ${COUNT} pages of 2M`,
    baseline,
    n: 10,
    warmup: 3,
    fn: (b) => {
      const k = boxOf(`free: ${name}`, options);
      round(k, () => b.start(), () => b.end());
    },
  });
}
