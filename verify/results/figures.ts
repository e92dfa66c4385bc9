// SPDX-License-Identifier: GPL-2.0-only
// The figures for the report's charts, from the same run as the audit: costs per TiB and at other sizes, documented and
// modelled times, and how many captured rows of each Linux kernel are reproduced.

import { namespaceReport, planReport, PRESETS } from "../../mod.ts";
import type { GrowthRow, PerTibRow, ResultFigures, TimeRow } from "../../results/types.ts";
import { linuxMatrix } from "../linux/compare.ts";
import { seriesReport } from "../series/series.ts";
import { SeriesWork } from "../series/work.ts";

const MIB = 2 ** 20;
const TIB = 2 ** 40;
/** Sizes at which growth is counted, by page size; the first is the smallest namespace possible. */
const GROWTH_FROM = { [2 * MIB]: 16 * MIB, [1024 * MIB]: 2048 * MIB } as const;
const GROWTH_STEP = 4;

/**
 * Collects the figures. Configurations above `limitMib` are run at the limit and multiplied; `running` is called with
 * each.
 */
export function collectFigures(limitMib: number, running: (what: string) => void = () => {}): ResultFigures {
  const { times, opinions } = seriesReport(new SeriesWork(limitMib, running));
  return {
    perTib: perTib(running),
    growth: growth(running),
    times: times.map(({ id, place, documented, modelled, role }): TimeRow => {
      return { id, place, documentedMs: documented, modelMs: modelled, role };
    }),
    ratios: opinions.map(({ what, documented, modelled, instructions }) => {
      return { what, documented, model: modelled, linuxInstructions: instructions };
    }),
    conformance: linuxMatrix().map((row) => ({ ...row })),
  };
}

/** DRAM for the memmap of 1 TiB, tables included, by kernel and page size. */
function perTib(running: (what: string) => void): PerTibRow[] {
  const { namespaces } = planReport({ pmem: TIB, map: "mem" }, running);
  return namespaces.filter((row) => row.dramBytes !== null)
    .map(({ kernel, alignBytes: align, dramBytes }) => ({ kernel, alignBytes: align, dramBytes: dramBytes! }));
}

/** The same for sizes up to 1 TiB. */
function growth(running: (what: string) => void): GrowthRow[] {
  return Object.entries(GROWTH_FROM).flatMap(([align, from]) =>
    Object.keys(PRESETS).flatMap((kernel) => {
      const rows: GrowthRow[] = [];
      running(`growth, ${kernel}`);
      for (let size: number = from; size <= TIB; size *= GROWTH_STEP) {
        const { pages } = namespaceReport({ size, align: Number(align), kernel, contents: false });
        rows.push({ kernel, alignBytes: Number(align), sizeBytes: size, dramBytes: pages.dramTotal * 4096 });
      }
      return rows;
    })
  );
}
