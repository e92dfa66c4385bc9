// SPDX-License-Identifier: GPL-2.0-only
// What each term costs on a few machines. `optane` is the machine of the documents: its costs are fitted to their
// figures (calibrated.ts) or quoted from measurements of such hardware. The others only change the memmap's second
// tier, so that two tables differ by memory alone:
//
//   dram     a memmap in "pmem" costs what it costs in DRAM
//   optane   first-generation Optane DIMMs beside DDR4
//   cxl      DRAM behind a CXL link; derived, no document calibrates it
//
// The two costs of reading in order are derived, not fitted. They were chosen (sequential latency for DRAM, random for
// Optane) with knowledge of the unpin figures that they predict; by the same study's single-thread bandwidths they
// would be 8.7 and 22 ns.
//
// A vm suffix is the same memory inside a virtual machine, where an IPI leaves the guest.

import { GUP_FIT, HUGETLB_FIT, INSTRUCTIONS, NS_PER_INSTRUCTION, UNPIN_INSTRUCTIONS } from "./calibrated.ts";
import type { HugetlbCost } from "./hugetlb.ts";
import type { TermName } from "./terms.ts";

/** Costs of one machine. */
export interface CostTable {
  /** Its name, as in `--cost`. */
  readonly name: string;
  /** What machine it is. */
  readonly machine: string;
  /** Nanoseconds per count of each term. */
  readonly ns: Readonly<Record<TermName, number>>;
  /** Costs of pages of a HugeTLB pool, which the documents time on other hosts. */
  readonly hugetlb: HugetlbCost;
}

/** Where a cost comes from. */
export type CostSource = "fit" | "instructions" | "quoted" | "derived" | "not separable";

/**
 * Idle load latency in nanoseconds, Cascade Lake with DDR4-2666 and Optane DIMMs: Yang et al., "An Empirical Guide to
 * the Behavior and Use of Scalable Persistent Memory", FAST '20, figure 2 (github.com/NVSL/OptaneStudy,
 * graphs/02-best_case_latency.csv). Sequential hits an open row; random opens one.
 */
const LATENCY = { dramSequential: 81.4, dramRandom: 101.5, optaneRandom: 305 };

/**
 * Lines a core has in flight when its prefetcher streams: the L2 superqueue of Intel cores (Optimization Reference
 * Manual; 10 to 12 of them for demand loads). A stream costs latency / 16 per line.
 */
const LINES_IN_FLIGHT = 16;

/** A load from L1, 5 cycles at 3.9 GHz (the tables gup walks are eight entries to a line and stay cached). */
const L1_LOAD_NS = 1.3;

/** Stated by the author of the series (001:4607). */
const PGMAP_LOOKUP_NS = 150;

/**
 * Latency of CXL memory relative to local DRAM. Measured cards have 2 to 5 times ("Exploring and Evaluating Real-world
 * CXL", arXiv 2405.14209); a value in the lower half is assumed.
 */
const CXL_LATENCY_FACTOR = 2.5;

/**
 * Costs of the second tier: a changed line's surcharge over DRAM, a line read in order, a line that is not prefetched.
 */
interface Tier {
  readonly lineWrittenPmem: number;
  readonly lineReadPmem: number;
  readonly jumpPmem: number;
}

const DRAM_TIER: Tier = {
  lineWrittenPmem: 0,
  lineReadPmem: LATENCY.dramSequential / LINES_IN_FLIGHT,
  jumpPmem: LATENCY.dramRandom,
};

/** A prefetched Optane line waits for its 256-byte block, so the random latency applies to streams too. */
const OPTANE_TIER: Tier = {
  lineWrittenPmem: GUP_FIT.lineWrittenPmem,
  lineReadPmem: LATENCY.optaneRandom / LINES_IN_FLIGHT,
  jumpPmem: LATENCY.optaneRandom,
};

/** A changed line crosses the link twice, read and written back, so it pays the added latency twice. */
const CXL_TIER: Tier = {
  lineWrittenPmem: 2 * (CXL_LATENCY_FACTOR - 1) * LATENCY.dramRandom / LINES_IN_FLIGHT,
  lineReadPmem: CXL_LATENCY_FACTOR * LATENCY.dramSequential / LINES_IN_FLIGHT,
  jumpPmem: CXL_LATENCY_FACTOR * LATENCY.dramRandom,
};

function table(name: string, machine: string, tier: Tier, hugetlb: HugetlbCost): CostTable {
  const instructions = (n: number) => n * NS_PER_INSTRUCTION;
  return {
    name,
    machine,
    ns: {
      // Every documented run makes one call per 512 pages, so costs per call and per page cannot be separated.
      gupCall: 0,
      walkStep: L1_LOAD_NS,
      pgmapLookup: PGMAP_LOOKUP_NS,
      recordPage: GUP_FIT.recordPage,
      atomicAdd: GUP_FIT.atomicAdd,
      nodeStat: GUP_FIT.nodeStat,
      lineWritten: GUP_FIT.lineWritten,
      lineReadDram: LATENCY.dramSequential / LINES_IN_FLIGHT,
      lineCached: instructions(UNPIN_INSTRUCTIONS),
      jumpDram: LATENCY.dramRandom,
      ...tier,
      structPage: instructions(INSTRUCTIONS.structPage),
      compoundTail: instructions(INSTRUCTIONS.compoundTail),
      compoundHead: instructions(INSTRUCTIONS.compoundHead),
      pageblock: instructions(INSTRUCTIONS.pageblock),
      tableEntry: instructions(INSTRUCTIONS.tableEntry),
      frameAlloc: instructions(INSTRUCTIONS.frameAlloc),
      // In every document there are as many flushes as units of the work around them, so only the interrupts can be
      // separated.
      tlbFlush: 0,
      tlbIpi: hugetlb.ipi,
    },
    hugetlb,
  };
}

/** Where each cost of the `optane` table comes from. */
export const COST_SOURCES: Readonly<Record<TermName, CostSource>> = {
  gupCall: "not separable",
  walkStep: "quoted",
  pgmapLookup: "quoted",
  recordPage: "fit",
  atomicAdd: "fit",
  nodeStat: "fit",
  lineWritten: "fit",
  lineWrittenPmem: "fit",
  lineReadDram: "derived",
  lineReadPmem: "derived",
  lineCached: "instructions",
  jumpDram: "quoted",
  jumpPmem: "quoted",
  structPage: "instructions",
  compoundTail: "instructions",
  compoundHead: "instructions",
  pageblock: "instructions",
  tableEntry: "instructions",
  frameAlloc: "instructions",
  tlbFlush: "not separable",
  tlbIpi: "fit",
};

/** The tables `--cost` knows. */
export const COSTS: Readonly<Record<string, CostTable>> = Object.fromEntries(
  [
    table("dram", "the documents' machine with all memmap in DRAM", DRAM_TIER, HUGETLB_FIT.bareMetal),
    table("optane", "the documents' machine: Optane DIMMs beside DDR4", OPTANE_TIER, HUGETLB_FIT.bareMetal),
    table("cxl", "the same processor, pmem replaced by CXL memory", CXL_TIER, HUGETLB_FIT.bareMetal),
    table("dram-vm", "dram, inside a virtual machine", DRAM_TIER, HUGETLB_FIT.vm),
    table("optane-vm", "optane, inside a virtual machine", OPTANE_TIER, HUGETLB_FIT.vm),
    table("cxl-vm", "cxl, inside a virtual machine", CXL_TIER, HUGETLB_FIT.vm),
  ].map((t) => [t.name, t]),
);

/** The table used by default. */
export const DEFAULT_COST = "optane";

/** A table by name. RangeError for an unknown name. */
export function costTable(name: string): CostTable {
  if (!Object.hasOwn(COSTS, name)) {
    throw new RangeError(`Unknown cost table "${name}": expected ${Object.keys(COSTS).join(", ")}`);
  }
  return COSTS[name];
}
