// SPDX-License-Identifier: GPL-2.0-only
// The documents' times from fixtures/series/*.json, and instruction counts of a real 6.1 kernel from
// fixtures/linux-6.1. Data with sources; nothing is computed here.

import bootstrap from "../../fixtures/series/bootstrap.json" with { type: "json" };
import gup from "../../fixtures/series/gup.json" with { type: "json" };
import hugetlb from "../../fixtures/series/hugetlb.json" with { type: "json" };
import instructions from "../../fixtures/linux-6.1/bootstrap_instructions.json" with { type: "json" };
import gupInstructions from "../../fixtures/linux-6.1/gup_test.json" with { type: "json" };

/** The kernel that a gup figure was taken on. */
export type GupKernel = "before" | "patch8" | "core";

/** One time of gup_test. */
export interface GupFigure {
  readonly source: string;
  readonly line: number;
  readonly id: string;
  readonly kernel: GupKernel;
  readonly map: "mem" | "dev";
  readonly mode: "get" | "pin";
  readonly phase: "get" | "put";
  /** gup_test -m. */
  readonly mib: number;
  readonly ms: number;
  readonly train: boolean;
  /** Why no cost per page explains it together with its neighbours. */
  readonly anomaly?: string;
  /** The same for its ratio to the figure after. */
  readonly ratioAnomaly?: string;
}

/** A range of bootstrap times; for an upper bound, `low` is null. */
export interface BootstrapFigure {
  readonly file: string;
  readonly line: number;
  readonly id: string;
  readonly kernel: string;
  readonly align: string;
  readonly low: number | null;
  readonly high: number;
  readonly train: boolean;
}

/** Seconds to allocate and to free the pages of one host's pool. */
export interface PoolSeconds {
  readonly alloc: number;
  readonly free: number;
}

/** One host of the HugeTLB batching series. */
export interface HugetlbHost {
  readonly name: string;
  readonly cpus: number;
  readonly pages: number;
  readonly off: PoolSeconds;
  readonly unbatched: PoolSeconds;
  readonly batched: PoolSeconds;
  readonly documentedRatio: number;
}

/** Thousands of instructions to create one namespace on Linux 6.1. */
export interface InstructionFigure {
  readonly size: string;
  readonly align: string;
  readonly map: string;
  readonly memmapInitMinsn: number;
  readonly memremapMinsn: number;
}

export const GUP_FIGURES = gup.rows as readonly GupFigure[];
export const BOOTSTRAP_FIGURES = bootstrap.rows as readonly BootstrapFigure[];
export const NOT_MODELLED = bootstrap.notModelled;
export const HUGETLB_HOSTS = hugetlb.hosts as readonly HugetlbHost[];
export const HUGETLB_SEED004 = hugetlb.seed004;
export const INSTRUCTION_FIGURES = instructions.rows as readonly InstructionFigure[];

/** Instructions per page on Linux 6.1 in one case of gup_test. */
export function gupInstructionsOf(name: string, phase: "get" | "put"): number {
  const row = gupInstructions.rows.find((r) => r.clock === "instructions" && r.case === name);
  if (row === undefined) throw new RangeError(`Cannot find gup_test case "${name}": expected one of the fixture`);
  return phase === "get" ? row.getPerPage : row.putPerPage;
}
