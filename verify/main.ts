// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify [--quick] [--json]`: every suite, one after another. Exit 0 when every verdict is the expected one, 1
// otherwise, 2 for a wrong command line. --quick counts the costs per TiB on 16 GiB; --json prints one JSON document.

import { COMMIT_4917F55B } from "./commit_4917f55b.ts";
import { COSTS } from "./costs.ts";
import { GUP_STORES } from "./gup_stores.ts";
import { HUGETLB } from "./hugetlb.ts";
import { LINUX } from "./linux.ts";
import { MEMMAP_ON_MEMORY } from "./memmap_on_memory.ts";
import { main, type Suite } from "./report.ts";
import { V4_SERIES } from "./v4_series.ts";
import { V7_COVER } from "./v7_cover.ts";

/** Every suite. */
export const SUITES: readonly Suite[] = [
  V7_COVER,
  V4_SERIES,
  COMMIT_4917F55B,
  MEMMAP_ON_MEMORY,
  HUGETLB,
  COSTS,
  GUP_STORES,
  LINUX,
];

if (import.meta.main) Deno.exit(main(SUITES, Deno.args));
