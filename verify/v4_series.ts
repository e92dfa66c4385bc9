// SPDX-License-Identifier: GPL-2.0-only
// Seed 001, "Introduce compound devmaps for device-dax", v4: its cover letter, 14 patches and thread. Preset v4 runs them;
// patch 14 (shared PTE tables) never reached mainline. The claims lie in four files by subject.

import { diffstat, patchCount } from "./listings.ts";
import { READ_001 } from "./read.ts";
import { SECTION_CLAIMS } from "./v4_sections.ts";
import { time } from "./v7_cover.ts";
import { main, type Suite } from "./report.ts";
import { gupClaims } from "./v4_gup.ts";
import { INIT_CLAIMS } from "./v4_init.ts";
import { REFERENCE_CLAIMS } from "./v4_refs.ts";
import { savingsClaims } from "./v4_savings.ts";

/** Suite of seed 001. */
export const V4_SERIES: Suite = {
  name: "v4_series",
  title: "Seed 001: the v4 series and its thread",
  claims: (
    scale,
  ) => [
    ...savingsClaims(scale),
    ...INIT_CLAIMS,
    ...REFERENCE_CLAIMS,
    ...gupClaims(),
    ...SECTION_CLAIMS,
    ...TIMES,
    ...LISTS,
    ...READ_001,
  ],
};

const LISTS = [patchCount("001-29", "001", 14), ...diffstat("001-30", "001")];

const TIMES = [
  time("001-11", "16G get, DRAM, before and after", "59, 6.1", "ms"),
  time("001-12", "16G pin, DRAM, before and after", "87, 6.2", "ms"),
  time("001-13", "16G get, altmap, before and after", "494, 9", "ms"),
  time("001-14", "16G pin, altmap, before and after", "494, 10", "ms"),
  time("001-15", "128G get, DRAM, before and after", "492, 49", "ms"),
  time("001-16", "128G pin, DRAM, before and after", "493, 50", "ms"),
  time("001-17", "128G get, altmap, before and after", "3910, 70", "ms"),
  time("001-18", "128G pin, altmap, before and after", "3970, 74", "ms"),
  time("001-25", "bootstrap, 2M pages", "80-110", "ms"),
  time("001-28", "bootstrap, RFC to v1", "190 -> 80-120", "ms"),
  time("001-80", "get_dev_pagemap is the largest cost of gup-fast", "", ""),
  time("001-81", "get_dev_pagemap is negligible", "", ""),
  time("001-85", "pgmaps on a system with more than 1 TiB, about", "12", ""),
  time("001-86", "a reference per 4K page costs", "10", "x"),
  time("001-89", "an xarray lookup takes", "150", "ns"),
];

if (import.meta.main) Deno.exit(main([V4_SERIES], Deno.args));
