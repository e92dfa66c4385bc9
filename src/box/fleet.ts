// SPDX-License-Identifier: GPL-2.0-only
// Many machines: one row for each, totals by lever, and a key that is the same for equal machines, so that each kind
// of machine is brought up once.

import type { Box } from "./box.ts";
import { type BoxLever, byWorth, type Gains, NO_GAIN, sumOfGains } from "./lever.ts";
import type { BoxReport } from "./report.ts";

/** What one kind of lever gains on one machine, or on all. Bytes. */
export interface LeverGain extends Gains {
  readonly kind: BoxLever["kind"];
}

/** What is equal for equal machines. Bytes. */
export interface FleetFigures {
  /** The kernel it names. */
  readonly release: string | null;
  /** DRAM, pmem and huge pages it has. */
  readonly memoryBytes: number;
  readonly pmemBytes: number;
  readonly hugePageBytes: number;
  /** Struct pages and their tables in DRAM, in pmem, in hot-added memory. */
  readonly dramBytes: number;
  readonly inPmemBytes: number;
  readonly onMemoryBytes: number;
  /** Tables of the direct map of namespaces and added memory, in DRAM, beside `dramBytes`. */
  readonly directMapBytes: number;
  /** Number of figures that the emulator disagrees with, and of contradictions. */
  readonly disagreements: number;
  /** The best lever, in words; null if there is none. */
  readonly best: string | null;
  /** What each kind of lever gains. */
  readonly gains: readonly LeverGain[];
}

/** One machine: its figures, or why it has none. */
export interface FleetRow {
  readonly name: string;
  readonly why: string | null;
  readonly figures: FleetFigures | null;
}

/** Figures that are added up. */
const NO_SUMS = { memoryBytes: 0, pmemBytes: 0, dramBytes: 0, inPmemBytes: 0, onMemoryBytes: 0, directMapBytes: 0 };

/** Sums over machines. */
export interface FleetTotal extends Pick<FleetFigures, keyof typeof NO_SUMS> {
  readonly machines: number;
  readonly damaged: number;
  /** By kind of lever: how many machines gain, and how much. */
  readonly levers: readonly (LeverGain & { readonly machines: number })[];
}

/** Equal for machines whose reports are equal except for names of files and lines. */
export function shapeKey(box: Box): string {
  const { runningKernel, dram, regions, ram, pools, statements, contradictions } = box;
  const shape = [runningKernel, dram, regions, ram, pools, statements, contradictions.length];
  return JSON.stringify(shape, (key, value) => key === "file" || key === "line" ? undefined : value);
}

/** The figures of a machine's report. */
export function figuresOf({ box, total, costs, checks, levers }: BoxReport): FleetFigures {
  const sum = (bytes: readonly number[]) => bytes.reduce((a, b) => a + b, 0);
  const best = levers.find((lever) => lever.why === null && !lever.changesUse);
  return {
    release: box.runningKernel.release,
    memoryBytes: sum(costs.filter((cost) => cost.kind === "memory").map((cost) => cost.sizeBytes)),
    pmemBytes: sum(box.regions.map((region) => region.sizeBytes)),
    hugePageBytes: sum(box.pools.map((pool) => pool.sizeBytes * pool.count)),
    dramBytes: total.dramBytes + total.tableBytes,
    inPmemBytes: total.pmemBytes,
    onMemoryBytes: total.onMemoryBytes,
    directMapBytes: total.directMapBytes,
    disagreements: checks.filter((check) => !check.agrees).length + box.contradictions.length,
    best: best === undefined ? null : `${best.what} (${best.of})`,
    gains: gainsOf(levers),
  };
}

/** The best lever of each kind for every part, leaving out impossible ones and those that change a program's use. */
function gainsOf(levers: readonly BoxLever[]): LeverGain[] {
  const best = new Map<string, BoxLever>();
  // Best first, so the first of a kind and part is the best.
  for (const lever of levers.filter((l) => l.why === null && !l.changesUse)) {
    const key = `${lever.kind} ${lever.of}`;
    if (!best.has(key)) best.set(key, lever);
  }
  return sumByKind([...best.values()]);
}

function sumByKind(gains: readonly LeverGain[]): LeverGain[] {
  const sums = new Map<LeverGain["kind"], LeverGain>();
  for (const gain of gains) {
    sums.set(gain.kind, { kind: gain.kind, ...sumOfGains(sums.get(gain.kind) ?? NO_GAIN, gain) });
  }
  return [...sums.values()];
}

/** Adds up rows one by one. */
export class FleetSums {
  #machines = 0;
  #damaged = 0;
  readonly #sums = { ...NO_SUMS };
  readonly #levers = new Map<LeverGain["kind"], LeverGain & { readonly machines: number }>();

  /** Adds a machine. */
  add({ figures }: FleetRow): void {
    this.#machines++;
    if (figures === null) {
      this.#damaged++;
      return;
    }
    for (const key of Object.keys(NO_SUMS) as (keyof typeof NO_SUMS)[]) this.#sums[key] += figures[key];
    for (const gain of figures.gains) {
      const { kind } = gain;
      const have = this.#levers.get(kind);
      const machines = (have?.machines ?? 0) + 1;
      this.#levers.set(kind, { kind, machines, ...sumOfGains(have ?? NO_GAIN, gain) });
    }
  }

  /** The sums so far, best levers first. */
  total(): FleetTotal {
    const levers = [...this.#levers.values()].sort(byWorth);
    return { machines: this.#machines, damaged: this.#damaged, ...this.#sums, levers };
  }
}
