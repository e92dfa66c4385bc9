// SPDX-License-Identifier: GPL-2.0-only
// Model time: how long the counted work would take on the modelled machine. The same run always takes the same model
// time, on any host; nothing here looks at the host's clock.

import type { CounterValues } from "../mm/vmstat.ts";
import type { CostTable } from "./cost_tables.ts";
import { INIT_TERMS, TERM_NAMES, type TermName, TERMS } from "./terms.ts";

/** Model time of counted work, in nanoseconds; of the given terms only, if any are given. */
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
 * Milliseconds of memmap_init_zone_device(), which dmesg prints as "initialised N pages in X ms": the initialisation of
 * struct pages, without tables and frames. `counters` are those of one creation.
 */
export function modelInitMs(counters: CounterValues, cost: CostTable): number {
  const inPmem = counters.structPagesWrittenPmem * cost.ns.lineWrittenPmem;
  const ofAltmap = counters.altmapStructPagesWritten * cost.ns.structPage;
  return (modelNs(counters, cost, INIT_TERMS) - ofAltmap + inPmem) / 1e6;
}
