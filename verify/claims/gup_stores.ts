// SPDX-License-Identifier: GPL-2.0-only
// Atomic adds per 2 MiB page, for every way of taking references that document 001 and its thread discuss, on a devmap
// of base pages (5.14) and of compound pages (v4). The cover letter's "one increment" is the get side of FOLL_GET; pins
// count twice, and put_page() still takes one per base page.

import { type CounterValues, type GupMode, type GupVariant, type KernelConfig, PRESETS } from "../../mod.ts";
import { check, type Claim, type Suite } from "./claim.ts";
import { type GupStores, gupStores, SIZE_2M } from "../formulas/vmemmap.ts";
import { gupRound } from "../measure/measure.ts";

const VARIANTS: readonly GupVariant[] = ["per-page", "compound", "compound-range", "no-pgmap", "grab-one"];
const MODES: readonly GupMode[] = ["get", "pin"];
const DEVMAPS = [["5.14", "base"], ["v4", "compound"]] as const;

export const GUP_STORES: Suite = {
  name: "gup_stores",
  title: "Atomic adds per 2 MiB, by gup variant",
  claims: () =>
    DEVMAPS.flatMap(([preset, pages]) =>
      VARIANTS.flatMap((gup) => MODES.flatMap((mode) => stores(preset, pages, gup, mode)))
    ),
};

const HELD = 32 * SIZE_2M;

function stores(preset: string, pages: "base" | "compound", gup: GupVariant, mode: GupMode): Claim[] {
  const kernel: KernelConfig = { ...PRESETS[preset], name: `${preset}, ${gup}`, gup };
  const expected = gupStores(gup, mode === "pin", pages === "compound", 512);
  const per2M = (n: number) => n * SIZE_2M / HELD;
  const row = (what: keyof GupStores, count: (get: CounterValues, put: CounterValues) => number) =>
    check(`${gup} ${mode} ${pages}`, WHAT[what], expected[what], () => {
      const { getCounters, putCounters } = gupRound(kernel, { size: HELD, align: SIZE_2M, mode });
      return per2M(count(getCounters, putCounters));
    });
  return [
    row("get", (get) => get.refcountStoresDram),
    row("pins", (get) => get.pincountStoresDram),
    row("put", (_, put) => put.refcountStoresDram),
    row("lookups", (get) => get.pgmapLookups),
  ];
}

const WHAT: Readonly<Record<keyof GupStores, string>> = {
  get: "adds on reference counts to get",
  pins: "adds on pin counts to get",
  put: "adds on reference counts to put",
  lookups: "pgmap lookups to get",
};
