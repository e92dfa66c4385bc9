// SPDX-License-Identifier: GPL-2.0-only
// Reads /proc/vmstat, whose nr_memmap_pages and nr_memmap_boot_pages (since 6.11) say how much memmap there is. Also
// recognises the output of page-types, which says nothing about it, and skips it.

import { type Facts, place, type Source } from "./facts.ts";

const LINE = /^[a-z][a-z0-9_]+ \d+\s*$/;
/** Beginnings that identify a single line, as grep leaves it. */
const KNOWN = /^(nr|numa|pg|thp|compact|workingset|unevictable|allocstall|zone_reclaim|swp|htlb|direct_map)_?/;
const PAGE_TYPES = /^\s*(flags\s+page-count\s+MB|total\s+\d+\s+\d+\s*$|0x[0-9a-f]{16}\s+\d+\s+\d+ )/;

/** A run of lines of either format. */
export function readVmstat(source: Source, at: number, facts: Facts): number {
  const { lines } = source;
  let next = at;
  while (next < lines.length && PAGE_TYPES.test(lines[next])) next++;
  if (next > at || !KNOWN.test(lines[at])) return next;
  let value: number | null = null;
  let line = at;
  for (; next < lines.length && LINE.test(lines[next]); next++) {
    const [name, pages] = lines[next].trim().split(" ");
    if (name !== "nr_memmap_pages" && name !== "nr_memmap_boot_pages") continue;
    value = (value ?? 0) + Number(pages);
    line = next;
  }
  if (value !== null) facts.memmapPages.push({ ...place(source, line), value });
  return next;
}
