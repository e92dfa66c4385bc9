// SPDX-License-Identifier: GPL-2.0-only
// Repeats the fits behind src/model/calibrated.ts: gup costs from the 16 GiB figures, instruction counts from a real
// 6.1 kernel, nanoseconds per instruction from one bootstrap figure, the IPI cost from the HugeTLB frees.

import { termCounts, type TermName } from "../../src/model/terms.ts";
import { type CostTable, costTable, DEFAULT_COST } from "../../src/model/cost_tables.ts";
import {
  GUP_FIT,
  HUGETLB_FIT,
  INSTRUCTIONS,
  NS_PER_INSTRUCTION,
  UNPIN_INSTRUCTIONS,
} from "../../src/model/calibrated.ts";
import type { HugetlbCost } from "../../src/model/hugetlb.ts";
import { type Equation, type Fit, fitCosts } from "./least_squares.ts";
import { BOOTSTRAP_FIGURES, GUP_FIGURES, gupInstructionsOf, HUGETLB_HOSTS, INSTRUCTION_FIGURES } from "./figures.ts";
import { hostCost } from "./hugetlb.ts";
import type { SeriesWork } from "./work.ts";

const GUP_TERMS = Object.keys(GUP_FIT) as (keyof typeof GUP_FIT)[];
const INSTRUCTION_TERMS = Object.keys(INSTRUCTIONS) as (keyof typeof INSTRUCTIONS)[];

export interface Spread {
  readonly low: number;
  readonly high: number;
}

/** One constant of calibrated.ts: the shipped value, and the result of the fit now. */
export interface Constant {
  readonly name: string;
  readonly unit: string;
  readonly shipped: number;
  readonly refit: number;
  /** Its values when any one training figure is left out; null if it was not fitted by least squares. */
  readonly leaveOneOutRange: Spread | null;
}

export interface SeriesFit {
  readonly gup: Fit;
  readonly instructions: Fit;
  readonly constants: readonly Constant[];
  /** The optane cost table with the gup costs of each fit that leaves one figure out. */
  readonly leaveOneOut: readonly { readonly without: string; readonly cost: CostTable }[];
}

export function seriesFit(work: SeriesWork): SeriesFit {
  const equations = gupEquations(work);
  const gup = fitCosts(equations);
  const without = equations.map((_, i) => fitCosts(equations.toSpliced(i, 1)).costs);
  const spread = (term: number) => {
    const values = without.map((costs) => costs[term]);
    return { low: Math.min(...values), high: Math.max(...values) };
  };
  const instructions = fitCosts(instructionEquations(work));
  const perInstruction = nsPerInstruction(work, instructions.costs);
  const constants = [
    ...GUP_TERMS.map((t, i) => constant(t, "ns", GUP_FIT[t], gup.costs[i], spread(i))),
    ...INSTRUCTION_TERMS.map((t, i) => constant(t, "instructions", INSTRUCTIONS[t], instructions.costs[i])),
    constant("unpin", "instructions", UNPIN_INSTRUCTIONS, gupInstructionsOf("dax-2M-mem pinfter pin", "put")),
    constant("instruction", "ns", NS_PER_INSTRUCTION, perInstruction),
    ...hugetlbConstants("bare metal", HUGETLB_FIT.bareMetal, hostCost(HUGETLB_HOSTS[0])),
    ...hugetlbConstants("vm", HUGETLB_FIT.vm, hostCost(HUGETLB_HOSTS[1])),
  ];
  const trained = GUP_FIGURES.filter((f) => f.train);
  const leaveOneOut = without.map((costs, left) => {
    const fitted = Object.fromEntries(GUP_TERMS.map((t, i) => [t, costs[i]]));
    const cost = costTable(DEFAULT_COST);
    const { id, kernel } = trained[left];
    return { without: `${id}, ${kernel}`, cost: { ...cost, ns: { ...cost.ns, ...fitted } } };
  });
  return { gup, instructions, constants, leaveOneOut };
}

function constant(name: string, unit: string, shipped: number, refit: number, range: Spread | null = null): Constant {
  return { name, unit, shipped, refit, leaveOneOutRange: range };
}

function hugetlbConstants(host: string, shipped: HugetlbCost, refit: HugetlbCost): Constant[] {
  const names = Object.keys(shipped) as (keyof HugetlbCost)[];
  return names.map((name) => constant(`HugeTLB ${name}, ${host}`, "ns", shipped[name], refit[name]));
}

function gupEquations(work: SeriesWork): Equation[] {
  const { ns } = costTable(DEFAULT_COST);
  return GUP_FIGURES.filter((f) => f.train).map((figure) => {
    const counts = termCounts(work.gup(figure));
    const fitted = (term: string) => (GUP_TERMS as readonly string[]).includes(term);
    let known = 0;
    for (const term of Object.keys(counts) as TermName[]) if (!fitted(term)) known += counts[term] * ns[term];
    return { counts: GUP_TERMS.map((t) => counts[t]), known, value: figure.ms * 1e6 };
  });
}

/** One equation for memmap_init_zone_device(), and one for memremap_pages(), with a constant for its sleeping time. */
function instructionEquations(work: SeriesWork): Equation[] {
  return INSTRUCTION_FIGURES.flatMap((figure) => {
    const counters = work.instructions(figure);
    const all = termCounts(counters);
    const init = {
      ...all,
      structPage: all.structPage - counters.altmapStructPagesWritten,
      tableEntry: 0,
      frameAlloc: 0,
    };
    const row = (counts: Record<TermName, number>, sleeps: number, value: number) => {
      return { counts: [...INSTRUCTION_TERMS.map((t) => counts[t]), sleeps], known: 0, value: value * 1000 };
    };
    return [row(init, 0, figure.memmapInitMinsn), row(all, 1, figure.memremapMinsn)];
  });
}

function nsPerInstruction(work: SeriesWork, instructions: readonly number[]): number {
  const [figure, ...more] = BOOTSTRAP_FIGURES.filter((f) => f.train);
  if (more.length > 0 || figure.low === null) throw new RangeError("Cannot calibrate: expected one trained range");
  const counts = termCounts(work.bootstrap(figure));
  const executed = INSTRUCTION_TERMS.slice(0, 4).reduce((sum, t, i) => sum + counts[t] * instructions[i], 0);
  return (figure.low + figure.high) / 2 * 1e6 / executed;
}
