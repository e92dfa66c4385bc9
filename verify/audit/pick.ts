// SPDX-License-Identifier: GPL-2.0-only
// Picks claims by id, document, theme, verdict or a word. CommandError for an unknown one.

import { VERDICTS } from "../../results/types.ts";
import { CommandError } from "../../src/cli/command.ts";
import { didYouMean } from "../../src/cli/suggest.ts";

/** Which claims; absent fields match all. */
export interface ClaimFilter {
  readonly id?: string;
  readonly theme?: string;
  readonly document?: string;
  readonly verdict?: string;
  readonly grep?: string;
}

/** What is known of a claim before it is judged. */
interface Pickable {
  readonly id: string;
  readonly theme: string | null;
  readonly text: string;
}

/** Filters by everything but the verdict. */
export function pick<T extends Pickable>(catalogue: readonly T[], filter: ClaimFilter): T[] {
  const { id, theme, document, verdict, grep } = filter;
  known("theme", theme, [...new Set(catalogue.flatMap((claim) => claim.theme ?? []))].sort());
  known("document", document, [...new Set(catalogue.map((claim) => claim.id.slice(0, 3)))].sort());
  known("verdict", verdict, VERDICTS);
  if (id !== undefined && !catalogue.some((claim) => claim.id === id)) {
    const documents = Map.groupBy(catalogue, (claim) => claim.id.slice(0, 3));
    const ranges = [...documents.values()].map((own) => `${own[0].id} to ${own[own.length - 1].id}`);
    throw new CommandError(`claims: unknown claim "${id}": expected ${ranges.join(", ")}`);
  }
  const words = grep?.toLowerCase();
  return catalogue.filter((claim) =>
    (id === undefined || claim.id === id) && (theme === undefined || claim.theme === theme) &&
    (document === undefined || claim.id.startsWith(`${document}-`)) &&
    (words === undefined || claim.text.toLowerCase().includes(words))
  );
}

function known(what: string, given: string | undefined, all: readonly string[]): void {
  if (given === undefined || all.includes(given)) return;
  throw new CommandError(`claims: unknown ${what} "${given}"${didYouMean(given, all)}: expected ${all.join(", ")}`);
}
