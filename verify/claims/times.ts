// SPDX-License-Identifier: GPL-2.0-only
// The documents' times. Nothing here can confirm a time: it depends on the author's machine. If the model has costs for
// the work, a modelled value is given: counters of the same run on the emulator, times that machine's cost table
// (src/model).

import { modelInitMs, modelMs, modelNs } from "../../src/model/time.ts";
import { costTable, DEFAULT_COST } from "../../src/model/cost_tables.ts";
import type { Claim } from "./claim.ts";
import { byItsOwn, claim, modelled } from "./documented.ts";
import type { TermName } from "../../src/model/terms.ts";
import { gupRound, yes } from "../measure/measure.ts";
import { BOOTSTRAP_FIGURES, GUP_FIGURES, type GupFigure } from "../series/figures.ts";
import { altmapBootstrap, altmapInstructions } from "../series/second.ts";
import { SeriesWork } from "../series/work.ts";

/** Document 001's own figures where it gives several for one thing. */
export function inconsistentTimes(): Claim[] {
  const pin = (line: number) => GUP_FIGURES.find((f) => f.line === line && f.kernel === "before")!;
  const perPage = ({ ms, mib }: GupFigure) => ms / mib;
  const ranges = BOOTSTRAP_FIGURES.filter((f) => f.id.startsWith("128G 2M"));
  return [
    byItsOwn("001-19", perPage(pin(125)) / perPage(pin(133))),
    {
      ...byItsOwn("001-25/ranges", new Set(ranges.map((f) => `${f.low}-${f.high}`)).size),
      note: ranges.map((f) => `${f.low}-${f.high} ms (001:${f.line})`).join(", "),
    },
  ];
}

/** The runs behind the times, 4 GiB each: work is proportional to pages, and a 1G device needs a few of them. */
const WORK = new SeriesWork(4096);

/** A gup_test time of document 001 before and after patch 8, named by the line of its cover letter. */
export function gupTime(id: string, line: number): Claim[] {
  return GUP_FIGURES.filter((figure) => figure.line === line).map((figure) =>
    modelled(`${id}/${figure.kernel === "before" ? "before" : "after"}`, () => modelOf(figure))
  );
}

/** The time of an xarray lookup according to the thread (001:4606). */
const LOOKUP_NS = 150;

/** The thread's conclusions from those times: ratios and shares of times depend on the machine too. */
export function gupRatios(): Claim[] {
  const figure = (kernel: string) => GUP_FIGURES.find((f) => f.id === "get 16G" && f.kernel === kernel)!;
  const [before, after] = [figure("before"), figure("patch8")];
  const calls = before.mib / 2;
  const lookups = () => modelNs(WORK.gup(before), costTable(DEFAULT_COST), ["pgmapLookup"]) / 1e6;
  return [
    claim("001-80", yes(calls * LOOKUP_NS / 1e6 >= before.ms / 2), () => yes(lookups() >= modelOf(before) / 2)),
    modelled("001-81", () => 100 * lookups() / modelOf(before)),
    {
      ...modelled("001-86", () => modelOf(before) / modelOf(after)),
      note:
        `${(before.ms / after.ms).toFixed(1)} by its own times, which the model was fitted to; all of the get, not ` +
        "the references alone; 6.4 in instructions of a real 6.1",
    },
  ];
}

/** The pgmap lookup of a 4-page pin over its atomic adds. */
export function lookupOfFew(id: string): Claim {
  return modelled(id, () => {
    const { getCounters } = gupRound("v4", { size: 2 ** 26, align: 2 ** 21, mode: "pin", batch: 4 });
    const ns = (term: TermName) => modelNs(getCounters, costTable(DEFAULT_COST), [term]);
    return ns("pgmapLookup") / ns("atomicAdd");
  });
}

/** A pin of 16G with the memmap in an altmap, before patch 8 over after. */
export function altmapPins(id: string): Claim {
  const of = (kernel: string) => GUP_FIGURES.find((f) => f.id === "pin altmap 16G" && f.kernel === kernel)!;
  return modelled(id, () => modelOf(of("before")) / modelOf(of("patch8")));
}

function modelOf(figure: GupFigure): number {
  return modelMs(WORK.gup(figure), costTable(DEFAULT_COST));
}

/** The bootstrap with the memmap in an altmap, for which no time is printed. */
export function altmapBootstrapTime(id: string): Claim {
  return {
    ...modelled(id, () => altmapBootstrap(WORK).optaneRatio),
    note:
      `as many struct pages are written (/work); on a real 6.1 it takes ${
        altmapInstructions().toFixed(2)
      } the instructions, ` +
      "which writing to pmem hides",
  };
}

/** A bootstrap time, by its name in fixtures/series. */
export function bootstrapTime(id: string, name: string): Claim {
  const figure = BOOTSTRAP_FIGURES.find((f) => f.id === name);
  if (figure === undefined) throw new RangeError(`Cannot find bootstrap time "${name}": expected one of the fixture`);
  return modelled(id, () => modelInitMs(WORK.bootstrap(figure), costTable(DEFAULT_COST)));
}
