// SPDX-License-Identifier: GPL-2.0-only
// The documents' times. Nothing here can confirm one: it is their machine's. Where the model has costs for the work,
// its value stands beside: counters of the same run on the emulator times the cost table of their machine (src/model).

import { modelInitMs, modelMs, modelNs } from "../../src/model/time.ts";
import { costTable, DEFAULT_COST } from "../../src/model/cost_tables.ts";
import { type Claim, yesNo } from "./claim.ts";
import { yes } from "../measure/measure.ts";
import { BOOTSTRAP_FIGURES, GUP_FIGURES, type GupFigure } from "../series/figures.ts";
import { altmapBootstrap, altmapInstructions } from "../series/second.ts";
import { SeriesWork } from "../series/work.ts";

/** A time of somebody's machine, with the model's value if there is one. */
export function time(id: string, what: string, printed: string, unit: string, model?: () => number): Claim {
  const claim = { id, what, printed, unit, without: "hardware", expected: "hardware-bound" } as const;
  return model === undefined ? claim : { ...claim, model };
}

/** A figure that the document's own figures contradict, whatever machine they are of. */
export function inconsistent(
  id: string,
  what: string,
  printed: string,
  unit: string,
  own: number,
  note: string,
): Claim {
  return { id, what, printed, unit, own, without: "hardware", expected: "inconsistent", note };
}

/** Seed 001's own figures where it gives several for one thing. */
export function inconsistentTimes(): Claim[] {
  const pin = (line: number) => GUP_FIGURES.find((f) => f.line === line && f.kernel === "before")!;
  const perPage = ({ ms, mib }: GupFigure) => ms / mib;
  const ranges = BOOTSTRAP_FIGURES.filter((f) => f.id.startsWith("128G 2M"));
  return [
    inconsistent(
      "001-19",
      "a pin of 16G against one of 128G before, per page",
      "1",
      "x",
      perPage(pin(125)) / perPage(pin(133)),
      "87 ms for 16384 MiB and 493 ms for 129022 MiB (001:125, 133): 20.7 and 14.9 ns a page",
    ),
    inconsistent(
      "001-25/ranges",
      "ranges printed for one bootstrap",
      "1",
      "",
      new Set(ranges.map((f) => `${f.low}-${f.high}`)).size,
      ranges.map((f) => `${f.low}-${f.high} ms (001:${f.line})`).join(", "),
    ),
  ];
}

/** The runs behind the times, 4 GiB of each: work is proportional to pages, and a 1G device needs a few. */
const WORK = new SeriesWork(4096);

/** A gup_test time of seed 001 before or after patch 8, by the line of its cover letter. */
export function gupTime(id: string, what: string, line: number): Claim[] {
  return GUP_FIGURES.filter((figure) => figure.line === line).map((figure) => {
    const when = figure.kernel === "before" ? "before" : "after";
    return time(`${id}/${when}`, `${what}, ${when}`, String(figure.ms), "ms", () => modelled(figure));
  });
}

/** What the thread says an xarray lookup takes (001:4606). */
const LOOKUP_NS = 150;

/** What the thread makes of those times: ratios and shares of times are times. */
export function gupRatios(): Claim[] {
  const figure = (kernel: string) => GUP_FIGURES.find((f) => f.id === "get 16G" && f.kernel === kernel)!;
  const [before, after] = [figure("before"), figure("patch8")];
  const calls = before.mib / 2;
  const lookups = () => modelNs(WORK.gup(before), costTable(DEFAULT_COST), ["pgmapLookup"]) / 1e6;
  return [
    yesNo({
      id: "001-80",
      what: "half or more of 16G get, DRAM, before are pgmap lookups",
      unit: "",
      printed: "1",
      formula: yes(calls * LOOKUP_NS / 1e6 >= before.ms / 2),
      measure: () => yes(lookups() >= modelled(before) / 2),
      expected: "contradicted",
      note: "one lookup for 512 references: 1.2 of its 59 ms; not upheld in the thread either (001:4299)",
    }),
    {
      ...time(
        "001-81",
        "share of the pgmap lookups in 16G get, DRAM, before",
        "negligible",
        "%",
        () => 100 * lookups() / modelled(before),
      ),
      note:
        "at 150 ns (001:4607) its 8192 lookups take 1.2 ms: 2.1 % of the 59 ms before, but 20 % of the 6.1 ms after " +
        "patch 8",
    },
    {
      ...time(
        "001-86",
        "16G get, DRAM, a reference per 4K page against one per 2M",
        "10",
        "x",
        () => modelled(before) / modelled(after),
      ),
      note:
        `${(before.ms / after.ms).toFixed(1)} by its own times, which the model was fitted to; all of the get, not ` +
        "the references alone; 6.4 in instructions of a real 6.1",
    },
  ];
}

function modelled(figure: GupFigure): number {
  return modelMs(WORK.gup(figure), costTable(DEFAULT_COST));
}

/** The bootstrap with the memmap in an altmap, of which no time is printed. */
export function altmapBootstrapTime(id: string): Claim {
  return {
    ...time(
      id,
      "bootstrap on an altmap, compounds over base pages",
      "no significant difference",
      "x",
      () => altmapBootstrap(WORK).optane,
    ),
    note:
      `as many struct pages are written (/work); on a real 6.1 it takes ${
        altmapInstructions().toFixed(2)
      } the instructions, ` +
      "which writing to pmem hides",
  };
}

/** A bootstrap time, by its name in fixtures/series. */
export function bootstrapTime(id: string, what: string, name: string): Claim {
  const figure = BOOTSTRAP_FIGURES.find((f) => f.id === name);
  if (figure === undefined) throw new RangeError(`Cannot find bootstrap time "${name}": expected one of the fixture`);
  const printed = figure.low === null ? `<${figure.high}` : `${figure.low}-${figure.high}`;
  return time(id, what, printed, "ms", () => modelInitMs(WORK.bootstrap(figure), costTable(DEFAULT_COST)));
}
