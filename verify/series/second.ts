// SPDX-License-Identifier: GPL-2.0-only
// A second, independent opinion: how many instructions a real 6.1 kernel executes on the same paths. Instructions are
// not time, but a ratio of times that instructions contradict needs a reason, and one that they explain needs none.

import { modelInitMs } from "../../src/model/time.ts";
import { costTable } from "../../src/model/cost_tables.ts";
import { GUP_FIGURES, gupInstructionsOf, INSTRUCTION_FIGURES, type InstructionFigure } from "./figures.ts";
import type { Judged } from "./judge.ts";
import type { SeriesWork } from "./work.ts";

/** One ratio in three measures; null where the document gives none. */
export interface Opinion {
  readonly what: string;
  readonly documented: number | null;
  readonly modelled: number;
  readonly instructions: number;
}

/** Get and pin before/after patch 8, and pin against get. In 6.1 the pages before are tails of a compound already. */
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

/** "altmap sees no significant difference in bootstrap" (001:149), on the 4 GiB namespaces that 6.1 created. */
export interface AltmapBootstrap {
  /** Compound over base pages. */
  readonly instructionRatio: number;
  /** Model time with the memmap in Optane, and the same work were that memory as fast as DRAM. */
  readonly optaneRatio: number;
  readonly dramRatio: number;
}

/** The 4 GiB rows with an altmap: of compounds, and of base pages. */
function altmapFigures(): readonly [InstructionFigure, InstructionFigure] {
  const figure = (align: string) => {
    const found = INSTRUCTION_FIGURES.find((f) => f.size === "4G" && f.align === align && f.map === "dev");
    if (found === undefined) throw new RangeError(`Cannot find the 4G ${align} dev row: expected it in the fixture`);
    return found;
  };
  return [figure("2M"), figure("4K")];
}

/** How many times the instructions compounds on an altmap took there. */
export function altmapInstructions(): number {
  const [compound, base] = altmapFigures();
  return compound.memmapInitMinsn / base.memmapInitMinsn;
}

/** Struct pages of a compound on an altmap against base pages on one, all of them written. */
export function altmapBootstrap(work: SeriesWork): AltmapBootstrap {
  const [compound, base] = altmapFigures();
  const model = (name: string) => {
    const cost = costTable(name);
    return modelInitMs(work.instructions(compound), cost) / modelInitMs(work.instructions(base), cost);
  };
  return { instructionRatio: altmapInstructions(), optaneRatio: model("optane"), dramRatio: model("dram") };
}
