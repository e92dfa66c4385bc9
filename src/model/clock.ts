// SPDX-License-Identifier: GPL-2.0-only
// The virtual clock: it advances when the emulated kernel works and at no other time. It reads the work counters, so
// the same run always takes the same model time, on any host. Nothing here looks at the host's clock.

import type { CounterValues } from "../mm/vmstat.ts";
import { COUNTERS } from "../mm/vmstat.ts";
import type { CostTable } from "./cost_tables.ts";
import { INIT_TERMS, TERM_NAMES, type TermName, TERMS } from "./terms.ts";

/** Model time of this much work, in nanoseconds; of some terms only, if they are given. */
export function modelNs(counters: CounterValues, cost: CostTable, terms: readonly TermName[] = TERM_NAMES): number {
  let ns = 0;
  for (const term of terms) {
    for (const counter of TERMS[term]) ns += counters[counter] * cost.ns[term];
  }
  return ns;
}

/** {@linkcode modelNs} in milliseconds. */
export function modelMs(counters: CounterValues, cost: CostTable): number {
  return modelNs(counters, cost) / 1e6;
}

/**
 * Milliseconds of memmap_init_zone_device(), what dmesg prints as "initialised N pages in X ms": the initialisation of
 * the struct pages of a creation, its tables and frames left aside. `counters` are those of one creation.
 */
export function modelInitMs(counters: CounterValues, cost: CostTable): number {
  const inPmem = counters.structPagesWrittenPmem * cost.ns.lineWrittenPmem;
  const ofAltmap = counters.altmapStructPagesWritten * cost.ns.structPage;
  return (modelNs(counters, cost, INIT_TERMS) - ofAltmap + inPmem) / 1e6;
}

/** A clock on one kernel's counters. */
export class VirtualClock {
  readonly #stat: Float64Array;
  readonly #weights: Float64Array;
  #start = 0;

  /** A clock at zero over the counters of a kernel (`kernel.stat`). */
  constructor(stat: Float64Array, cost: CostTable) {
    this.#stat = stat;
    this.#weights = new Float64Array(COUNTERS.length);
    for (const term of TERM_NAMES) {
      for (const counter of TERMS[term]) this.#weights[COUNTERS.indexOf(counter)] += cost.ns[term];
    }
    this.restart();
  }

  /** Nanoseconds of model time since the last restart. */
  get ns(): number {
    return this.#total() - this.#start;
  }

  /** Sets the clock to zero. */
  restart(): void {
    this.#start = this.#total();
  }

  #total(): number {
    let ns = 0;
    for (let i = 0; i < this.#weights.length; i++) ns += this.#stat[i] * this.#weights[i];
    return ns;
  }
}
