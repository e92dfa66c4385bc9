// SPDX-License-Identifier: GPL-2.0-only
// Judges one claim again in the page, with the suites of `deno task verify`, without reading files.

import { COMMIT_4917F55B } from "../verify/claims/commit_4917f55b.ts";
import { HUGETLB } from "../verify/claims/hugetlb.ts";
import { judge, type Judged } from "../verify/claims/claim.ts";
import { MEMMAP_ON_MEMORY } from "../verify/claims/memmap_on_memory.ts";
import { scaleOf } from "../verify/measure/measure.ts";
import { V4_SERIES } from "../verify/claims/v4_series.ts";
import { V7_COVER } from "../verify/claims/v7_cover.ts";

const SUITES = [V7_COVER, V4_SERIES, COMMIT_4917F55B, MEMMAP_ON_MEMORY, HUGETLB];

/** Every row of the claim with this id, measured now; costs per TiB are counted on 16 GiB. RangeError if unknown. */
export function judgeClaim({ id }: { readonly id: string }): Judged[] {
  const rows = SUITES.flatMap(({ claims }) => claims(scaleOf(true))).filter((row) => row.id.split("/")[0] === id);
  if (rows.length === 0) throw new RangeError(`Unknown claim "${id}"`);
  return rows.map(judge);
}
