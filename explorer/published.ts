// SPDX-License-Identifier: GPL-2.0-only
// The published run inside the page: the documents' claims with their verdicts. Packed by build.ts.

import type { Provenance, ResultClaim } from "../results/types.ts";

/** The run, the documents, every claim. */
export interface Published {
  readonly run: Provenance;
  readonly documents: readonly { readonly id: string; readonly title: string }[];
  readonly claims: readonly ResultClaim[];
}
