// SPDX-License-Identifier: GPL-2.0-only
// Document 001, "Introduce compound devmaps for device-dax", v4: its cover letter, 14 patches and thread, run by preset
// v4. Patch 14 (shared PTE tables) never reached mainline. Files v4_*.ts split the claims by subject.

import type { Suite } from "./claim.ts";
import { claim, withReadings } from "./documented.ts";
import { diffstat, lengths, patchChain, patchCount, patchDiffstats, reviews } from "./listings.ts";
import { SKETCHES } from "./sketches.ts";
import { SECTION_CLAIMS } from "./v4_sections.ts";
import {
  altmapBootstrapTime,
  altmapPins,
  bootstrapTime,
  gupRatios,
  gupTime,
  inconsistentTimes,
  lookupOfFew,
} from "./times.ts";
import { devmapClaims } from "./v4_devmap.ts";
import { gupClaims } from "./v4_gup.ts";
import { INIT_CLAIMS } from "./v4_init.ts";
import { REFERENCE_CLAIMS } from "./v4_refs.ts";
import { savingsClaims } from "./v4_savings.ts";
import { threadClaims } from "./v4_thread.ts";
import { STATEMENTS } from "./v4_statements.ts";

export const V4_SERIES: Suite = {
  name: "v4_series",
  title: "Document 001: the v4 series and its thread",
  claims: (scale) => [
    ...withReadings("001", [
      ...savingsClaims(scale),
      ...INIT_CLAIMS,
      ...REFERENCE_CLAIMS,
      ...gupClaims(),
      ...SECTION_CLAIMS,
      ...devmapClaims(),
      ...threadClaims(),
      ...TIMES,
      ...LISTS,
    ]),
    ...STATEMENTS,
    ...SKETCHES,
  ],
};

const LISTS = [
  patchCount("001-29", "001", 14),
  ...diffstat("001-30", "001"),
  ...lengths("001-76", "001-92"),
  reviews("001-100"),
  patchChain("001-101/chain"),
  ...patchDiffstats("001-102"),
];

const TIMES = [
  ...gupTime("001-11", 124),
  ...gupTime("001-12", 125),
  ...gupTime("001-13", 126),
  ...gupTime("001-14", 127),
  ...gupTime("001-15", 132),
  ...gupTime("001-16", 133),
  ...gupTime("001-17", 134),
  ...gupTime("001-18", 135),
  ...gupRatios(),
  ...inconsistentTimes(),
  altmapBootstrapTime("001-24"),
  bootstrapTime("001-25", "128G 2M"),
  bootstrapTime("001-25/patch", "128G 2M, patch 7"),
  claim("001-28/before"),
  bootstrapTime("001-28/after", "128G 2M, change log"),
  claim("001-85"),
  claim("001-89"),
  lookupOfFew("001-112"),
  altmapPins("001-124"),
];
