// SPDX-License-Identifier: GPL-2.0-only
// Claims about a document's own lists (fixtures/documents.json): the number of patches against their titles, the sum of
// a diffstat against its lines. "Formula" is the total that a document states, "measured" the sum of what it lists.

import documents from "../../fixtures/documents.json" with { type: "json" };
import type { Claim } from "./claim.ts";
import { claim } from "./documented.ts";

/** Documents with lists in the fixture. */
export type Listed = keyof typeof documents;

/** The stated number of patches against the titles listed. */
export function patchCount(id: string, document: Listed, stated: number): Claim {
  return claim(id, stated, () => documents[document].patches.titles.length);
}

/** A line that a reviewer calls too long, and the number of messages in the thread. */
export function lengths(lineId: string, threadId: string): Claim[] {
  const { longLine, overview } = documents["001"];
  return [
    // The text is without the diff's plus sign.
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

/**
 * The diffstats of document 001's patches, against their hunks and against the cover letter's, which is for all
 * patches.
 */
export function patchDiffstats(id: string): Claim[] {
  const { patchDiffstats: patches, diffstat: cover } = documents["001"];
  const sum = (side: "insertions" | "deletions") => patches.reduce((n, patch) => n + patch[side], 0);
  const linesOf = ({ files }: typeof patches[number]) => files.reduce((n, [, lines]) => n + Number(lines), 0);
  const wrong = () =>
    patches.filter((patch) => {
      const { insertions, deletions, hunks: [plus, minus] } = patch;
      return plus !== insertions || minus !== deletions || linesOf(patch) !== insertions + deletions;
    });
  return [
    claim(id, 0, () => wrong().length),
    claim(`${id}/net`, cover.insertions - cover.deletions, () => sum("insertions") - sum("deletions")),
    claim(`${id}/again`, sum("insertions") - cover.insertions, () => sum("deletions") - cover.deletions),
  ];
}

/** Whether each patch of document 001 starts from the blob that the previous one left of a file. */
export function patchChain(id: string): Claim {
  return claim(id, 0, () => {
    const left = new Map<string, string>();
    let gaps = 0;
    for (const [file, before, after] of documents["001"].patchDiffstats.flatMap(({ blobs }) => blobs)) {
      if (left.has(file) && left.get(file) !== before) gaps++;
      left.set(file, after);
    }
    return gaps;
  });
}

/** The review tags that document 001's change log says were collected, against those in the patches. */
export function reviews(id: string): Claim {
  const { named, tagged } = documents["001"].reviews;
  const differ = (a: readonly number[], b: readonly number[]) => a.filter((patch) => !b.includes(patch)).length;
  return claim(id, 0, () =>
    (Object.keys(named) as (keyof typeof named)[])
      .reduce((n, who) => n + differ(named[who], tagged[who]) + differ(tagged[who], named[who]), 0));
}

/** Reference marks of document 003: those without a link, and the uses of [1]. */
export function references(id: string): Claim[] {
  const { marks, links } = documents["003"].references;
  return [
    claim(id, 1, () => new Set(marks.map((m) => m.mark).filter((n) => !links.some(({ mark }) => mark === n))).size),
    claim(`${id}/twice`, 2, () => new Set(marks.filter(({ mark }) => mark === 1).map((m) => m.of)).size),
  ];
}

/** Latencies of one of document 004's runs: lower and upper bound of each bucket in nanoseconds, and its count. */
export function histogram(name: keyof typeof documents["004"]["histograms"]): readonly number[][] {
  return documents["004"].histograms[name].buckets;
}

/** Calls in a histogram. */
export function calls(buckets: readonly number[][]): number {
  return buckets.reduce((sum, [, , n]) => sum + n, 0);
}

/** Least and most nanoseconds that all calls of a histogram can have taken together. */
export function bounds(buckets: readonly number[][]): { readonly least: number; readonly most: number } {
  return {
    least: buckets.reduce((sum, [low, , n]) => sum + low * n, 0),
    most: buckets.reduce((sum, [, high, n]) => sum + high * n, 0),
  };
}
