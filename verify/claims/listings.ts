// SPDX-License-Identifier: GPL-2.0-only
// Claims about a document's own lists, counted from the lists (fixtures/documents.json): patches against their titles,
// the sum of a diffstat against its lines. "Formula" is the total a document states, "measured" the sum of what it
// lists.

import documents from "../../fixtures/documents.json" with { type: "json" };
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";

/** Documents whose lists are kept. */
export type Listed = keyof typeof documents;

/** A number of patches and the titles listed. */
export function patchCount(id: string, document: Listed, stated: number): Claim {
  return claim(id, stated, () => documents[document].patches.titles.length);
}

/** A line that a reviewer calls too long, and what the thread's overview says of its length. */
export function lengths(lineId: string, threadId: string): Claim[] {
  const { longLine, overview } = documents["001"];
  return [
    // Without the diff's plus sign.
    claim(lineId, 1, () => longLine.text.length - 80),
    claim(threadId, 40, () => overview.dates.length),
  ];
}

/** A diffstat's summary against its lines: files, and lines changed. */
export function diffstat(id: string, document: Listed): Claim[] {
  const { files, filesChanged, insertions, deletions } = documents[document].diffstat;
  return [
    claim(`${id}/files`, filesChanged, () => files.length),
    claim(`${id}/lines`, insertions + deletions, () => files.reduce((sum, [, lines]) => sum + Number(lines), 0)),
  ];
}

/** Latencies of one of seed 004's runs: lower and upper bound of each bucket in nanoseconds, and how many. */
export function histogram(name: keyof typeof documents["004"]["histograms"]): readonly number[][] {
  return documents["004"].histograms[name].buckets;
}

/** Calls in a histogram. */
export function calls(buckets: readonly number[][]): number {
  return buckets.reduce((sum, [, , n]) => sum + n, 0);
}

/** Least and most nanoseconds that all calls of a histogram took together. */
export function bounds(buckets: readonly number[][]): { readonly least: number; readonly most: number } {
  return {
    least: buckets.reduce((sum, [low, , n]) => sum + low * n, 0),
    most: buckets.reduce((sum, [, high, n]) => sum + high * n, 0),
  };
}
