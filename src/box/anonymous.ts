// SPDX-License-Identifier: GPL-2.0-only
// Removes what identifies a machine or its owner from its description: file names, the build of its kernel, quotes from
// its files. UUIDs, serial numbers and host names are never read. Names that the kernel assigns (region0, dax0.0) are
// kept.

import type { Box } from "./box.ts";
import type { Place } from "./facts.ts";

/** From the first quote to the last: quoted text may contain quotes. */
const QUOTES = /".*"/s;

/** The same machine under `file1`, `file2` and the plain version of its kernel. */
export function anonymous(box: Box): Box {
  const names = new Map<string, string>();
  const file = (name: string) => {
    if (!names.has(name)) names.set(name, name === "(all)" ? name : `file${names.size + 1}`);
    return names.get(name)!;
  };
  const at = <P extends Place>(place: P): P => ({ ...place, file: file(place.file) });
  return {
    ...box,
    runningKernel: { ...box.runningKernel, release: /^\d+\.\d+/.exec(box.runningKernel.release ?? "")?.[0] ?? null },
    regions: box.regions.map((region) => ({ ...region, namespaces: region.namespaces.map(at) })),
    pools: box.pools.map(at),
    statements: box.statements.map(at),
    contradictions: box.contradictions.map(({ text, places }) => ({ text, places: places.map(at) })),
    notes: box.notes.map((note) => ({ ...at(note), text: note.text.replace(QUOTES, '"..."') })),
  };
}
