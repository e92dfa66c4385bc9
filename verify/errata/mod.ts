// SPDX-License-Identifier: GPL-2.0-only
// Every defect of the documents and patches that can be run, each shown on and off. `deno run -A verify/errata/mod.ts`
// prints two rows for each: without the defect, and with it.

import type { Suite } from "../claims/claim.ts";
import { DEVMAP_ERRATA } from "./devmap.ts";
import { errata, type Erratum, erratumClaims } from "./erratum.ts";
import { GUP_ERRATA } from "./gup.ts";
import { HOTPLUG_ERRATA } from "./hotplug.ts";
import { MEMMAP_ERRATA } from "./memmap.ts";

export const ERRATA: readonly Erratum[] = errata([
  ...DEVMAP_ERRATA,
  ...MEMMAP_ERRATA,
  ...GUP_ERRATA,
  ...HOTPLUG_ERRATA,
]);

export const ERRATA_SUITE: Suite = {
  name: "errata",
  title: "Errata: defects of the documents and patches, switched off and on",
  claims: () => ERRATA.flatMap(erratumClaims),
};
