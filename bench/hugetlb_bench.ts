// SPDX-License-Identifier: GPL-2.0-only
// The two measurements of seed 004: 10240 huge pages of 2M written to nr_hugepages and taken back, without and with
// their vmemmap freed, in the ways kernels did it. The pool is on one box per row and comes and goes in every round;
// only the side that is named is timed. The work of one round goes to stderr, since times without it say little;
// per-page latencies are in `lab hugetlb`. Times are the emulator's own.

import { SZ_2M } from "../src/include/sizes.ts";
import { panic } from "../src/lib/bug.ts";
import { flushFreeHpageWork } from "../src/mm/hugetlb/make_and_free.ts";
import { setNrHugepages } from "../src/mm/hugetlb/hugetlb.ts";
import type { Kernel } from "../src/mm/kernel.ts";
import { countersSince, readCounters } from "../src/mm/vmstat.ts";
import { costTable, DEFAULT_COST } from "../src/model/cost_tables.ts";
import { hugetlbMs } from "../src/model/hugetlb.ts";
import { bootHugetlbBox, hugetlbConfig, type HugetlbOptions } from "../src/scenario/hugetlb_box.ts";

const COUNT = 10240;

const ROWS: readonly (readonly [name: string, options: Partial<HugetlbOptions>])[] = [
  ["off", { optimize: false }],
  ["keep 2, base pages (the series)", { kernel: "5.14", vmemmapMap: "base" }],
  ["keep 2, leaves split (5.14)", { kernel: "5.14" }],
  ["keep 1, leaves split (6.1)", { kernel: "6.1" }],
  ["keep 1, flushes batched (6.7)", { kernel: "6.1", flush: "batch" }],
];

const boxes = new Map<string, Kernel>();

/** One box for each row and side, booted when it is first used. */
function boxOf(key: string, options: Partial<HugetlbOptions>): Kernel {
  const known = boxes.get(key);
  if (known !== undefined) return known;
  boxes.clear();
  const k = bootHugetlbBox(hugetlbConfig({ size: SZ_2M, count: COUNT, ...options }));
  boxes.set(key, k);
  report(key, k);
  return k;
}

/** Runs the first round, in which leaves are split, and prints what a later one does. */
function report(key: string, k: Kernel): void {
  round(k, () => {}, () => {});
  const before = readCounters(k.stat);
  round(k, () => {}, () => {});
  const counters = countersSince(before, readCounters(k.stat));
  const work = Object.entries(counters).filter(([, n]) => n > 0);
  console.error(`${key}, one round: ${work.map(([name, n]) => `${name} ${n}`).join(", ")}`);
  const shared = key.endsWith(": off") ? 0 : COUNT;
  const done = { allocated: COUNT, freed: COUNT, optimized: shared, restored: shared, tlbIpis: counters.tlbIpis };
  const ms = hugetlbMs(done, costTable(DEFAULT_COST).hugetlb);
  console.error(
    `model time  ${key}, a round of both sides: ${ms.toFixed(1)} ms on the ${DEFAULT_COST} machine, one CPU`,
  );
}

function round(k: Kernel, beforeFree: () => void, afterFree: () => void): void {
  const h = k.hugetlb.hstates[0];
  if (setNrHugepages(k, h, COUNT) !== COUNT) panic("hugetlb_bench: the pages do not fit");
  beforeFree();
  setNrHugepages(k, h, 0);
  flushFreeHpageWork(k);
  afterFree();
  if (h.nrHugePages !== 0) panic(`hugetlb_bench: ${h.nrHugePages} pages did not go`);
}

for (const [name, options] of ROWS) {
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
