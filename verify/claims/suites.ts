// SPDX-License-Identifier: GPL-2.0-only
// The suites of the documents, in order. A separate file, so that nothing but claims is loaded.

import type { Suite } from "./claim.ts";
import { COMMIT_4917F55B } from "./commit_4917f55b.ts";
import { HUGETLB } from "./hugetlb.ts";
import { MEMMAP_ON_MEMORY } from "./memmap_on_memory.ts";
import { V4_SERIES } from "./v4_series.ts";
import { V7_COVER } from "./v7_cover.ts";

export const DOCUMENT_SUITES: readonly Suite[] = [
  V7_COVER,
  V4_SERIES,
  COMMIT_4917F55B,
  MEMMAP_ON_MEMORY,
  HUGETLB,
];
