// SPDX-License-Identifier: GPL-2.0-only
// Every defect of the documents and patches that can be run, each shown both ways. As a script: `deno run -A
// verify/errata/mod.ts` prints the same two rows for each, what is seen without the defect and with it.

import type { Suite } from "../claims/claim.ts";
import { DEVMAP_ERRATA } from "./devmap.ts";
import { type Erratum, erratumClaims } from "./erratum.ts";
import { GUP_ERRATA } from "./gup.ts";
import { HOTPLUG_ERRATA } from "./hotplug.ts";
import { MEMMAP_ERRATA } from "./memmap.ts";

/** All of them. */
export const ERRATA: readonly Erratum[] = [...DEVMAP_ERRATA, ...MEMMAP_ERRATA, ...GUP_ERRATA, ...HOTPLUG_ERRATA];

/** Suite of the errata. */
export const ERRATA_SUITE: Suite = {
  name: "errata",
  title: "Errata: defects of the documents and patches, switched off and on",
  claims: () => ERRATA.flatMap(erratumClaims),
};
