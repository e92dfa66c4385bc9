// SPDX-License-Identifier: GPL-2.0-only
// A second, independent measure: the instructions that a real 6.1 kernel executes on the same paths. Instructions are
// not time, but a ratio of times that they contradict needs a reason.

import { modelInitMs } from "../../src/model/time.ts";
import { costTable } from "../../src/model/cost_tables.ts";
import { GUP_FIGURES, gupInstructionsOf, INSTRUCTION_FIGURES, type InstructionFigure } from "./figures.ts";
import type { Judged } from "./judge.ts";
import type { SeriesWork } from "./work.ts";

/** One ratio in three measures; null if the document gives none. */
export interface Opinion {
  readonly what: string;
  readonly documented: number | null;
  readonly modelled: number;
  readonly instructions: number;
}

/**
 * Get and pin before/after patch 8, and pin against get. In 6.1, the pages "before" already are tails of a compound.
 */
export function gupOpinions(times: readonly Judged[]): Opinion[] {
  const at = (id: string, kernel: string) => times[GUP_FIGURES.findIndex((f) => f.id === id && f.kernel === kernel)];
  const ratio = (what: string, a: [string, string], b: [string, string], insnA: string, insnB: string): Opinion => ({
    what,
    documented: at(...a).documented / at(...b).documented,
    modelled: at(...a).modelled / at(...b).modelled,
    instructions: gupInstructionsOf(insnA, "get") / gupInstructionsOf(insnB, "get"),
  });
  const [getBefore, pinBefore] = ["dax-2M-mem-before get", "dax-2M-mem-before pin"];
  const [getAfter, pinAfter] = ["dax-2M-mem pinfter get", "dax-2M-mem pinfter pin"];
  return [
    ratio("get 16G, before / patch 8", ["get 16G", "before"], ["get 16G", "patch8"], getBefore, getAfter),
    ratio("pin 16G, before / patch 8", ["pin 16G", "before"], ["pin 16G", "patch8"], pinBefore, pinAfter),
    ratio("before, pin / get 16G", ["pin 16G", "before"], ["get 16G", "before"], pinBefore, getBefore),
    ratio("before, pin / get 128G", ["pin 128G", "before"], ["get 128G", "before"], pinBefore, getBefore),
    ratio("patch 8, pin / get 16G", ["pin 16G", "patch8"], ["get 16G", "patch8"], pinAfter, getAfter),
  ];
}

/** "altmap sees no significant difference in bootstrap" (001:149), on the 4 GiB namespaces created by 6.1. */
export interface AltmapBootstrap {
  /** Compound over base pages. */
  readonly instructionRatio: number;
  /** Ratio of model times with the memmap in Optane, and in memory as fast as DRAM. */
  readonly optaneRatio: number;
  readonly dramRatio: number;
}

/** The 4 GiB rows with an altmap: compound pages, and base pages. */
function altmapFigures(): readonly [InstructionFigure, InstructionFigure] {
  const figure = (align: string) => {
    const found = INSTRUCTION_FIGURES.find((f) => f.size === "4G" && f.align === align && f.map === "dev");
    if (found === undefined) throw new RangeError(`Cannot find the 4G ${align} dev row: expected it in the fixture`);
    return found;
  };
  return [figure("2M"), figure("4K")];
}

/** Instructions for compounds on an altmap, over those for base pages. */
export function altmapInstructions(): number {
  const [compound, base] = altmapFigures();
  return compound.memmapInitMinsn / base.memmapInitMinsn;
}

/** Compares compounds with base pages on an altmap, where all struct pages are written. */
export function altmapBootstrap(work: SeriesWork): AltmapBootstrap {
  const [compound, base] = altmapFigures();
  const model = (name: string) => {
    const cost = costTable(name);
    return modelInitMs(work.instructions(compound), cost) / modelInitMs(work.instructions(base), cost);
  };
  return { instructionRatio: altmapInstructions(), optaneRatio: model("optane"), dramRatio: model("dram") };
}
