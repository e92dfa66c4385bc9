// SPDX-License-Identifier: GPL-2.0-only
// Every suite: the documents in order, then the checks that belong to no document.

import { ALTMAP } from "../claims/altmap.ts";
import { COMMIT_4917F55B } from "../claims/commit_4917f55b.ts";
import { COSTS } from "../claims/costs.ts";
import { ERRATA_SUITE } from "../errata/mod.ts";
import { GUP_STORES } from "../claims/gup_stores.ts";
import { HUGETLB } from "../claims/hugetlb.ts";
import { LINUX } from "../linux/linux.ts";
import { MEMMAP_ON_MEMORY } from "../claims/memmap_on_memory.ts";
import type { Suite } from "../claims/claim.ts";
import { V4_SERIES } from "../claims/v4_series.ts";
import { V7_COVER } from "../claims/v7_cover.ts";
import { DOCUMENT_SUITES } from "../claims/suites.ts";

export const SUITES: readonly Suite[] = [...DOCUMENT_SUITES, ERRATA_SUITE, COSTS, ALTMAP, GUP_STORES, LINUX];

/** The suites in groups that share no measurement, so that each can use its own CPU. */
export const SUITE_GROUPS: readonly (readonly Suite[])[] = [
  [V7_COVER, V4_SERIES, COMMIT_4917F55B, COSTS, GUP_STORES],
  [MEMMAP_ON_MEMORY, HUGETLB, ERRATA_SUITE, ALTMAP, LINUX],
];
