// SPDX-License-Identifier: GPL-2.0-only
// Machines for benches. Bench files register everything when they are loaded and run it in groups, so a machine is
// built when the first bench of its set runs and dropped when a bench of the next set runs: they would not all fit into
// memory.

const SETS = new Map<string, Map<string, unknown>>();

/** The machine of this name in this set, built on first use. Using another set drops this set's machines. */
export function box<T>(set: string, name: string, build: () => T): T {
  if (!SETS.has(set)) {
    SETS.clear();
    SETS.set(set, new Map());
  }
  const boxes = SETS.get(set)!;
  if (!boxes.has(name)) boxes.set(name, build());
  return boxes.get(name) as T;
}

/** Whether the host has this much memory to spare; a bench that needs more is ignored. */
export function hostHas(bytes: number): boolean {
  return Deno.systemMemoryInfo().available > bytes;
}

let pages = new Float64Array(0);

/** An array for `n` recorded pages, shared by all benches that ask for this length. */
export function recordedPages(n: number): Float64Array<ArrayBuffer> {
  if (pages.length !== n) pages = new Float64Array(n);
  return pages;
}
