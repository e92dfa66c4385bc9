// SPDX-License-Identifier: GPL-2.0-only
// Pages of tails that all compounds of one order in one zone map (mm/sparse-vmemmap.c of 7.1, zone->vmemmap_tails), made
// once and kept. They are possible since a tail leads to its head by arithmetic: all tails of an order are the same.

import { USE_SHARED_TAILS } from "../../include/frame_use.ts";
import { TAIL_MAPPING_HI, TAIL_MAPPING_LO, WORD } from "../../include/mm_types.ts";
import type { Kernel } from "../kernel.ts";
import { allocPages } from "../page_alloc.ts";
import { compoundInfoHi, compoundInfoLo } from "../page.ts";
import { traced } from "../trace.ts";

/** The page that compounds of this order share in the zone that the flags name (`links`); -1 if there is none yet. */
export function findTail(k: Kernel, order: number, links: number): number {
  return k.hugetlb.sharedTails.find((t) => t.order === order && t.links === links)?.frame ?? -1;
}

/**
 * `vmemmap_get_tail`: the same, allocated on demand; -1 without memory. During boot it is filled later, when its own
 * memmap is there.
 */
export const vmemmapGetTail = traced(
  "vmemmap_get_tail(order, links)",
  (k: Kernel, order: number, links: number, nid: number): number => {
    const known = findTail(k, order, links);
    if (known >= 0) return known;
    const frame = k.memblock === null ? allocPages(k, 0, nid, USE_SHARED_TAILS) : k.memblock.alloc(1, 1, nid);
    if (frame < 0) return -1;
    if (k.memblock !== null) k.uses[USE_SHARED_TAILS]++;
    else if (k.contents) fillTails(k, frame, order, links);
    k.hugetlb.sharedTails.push({ order, links, frame });
    return frame;
  },
);

/** `init_compound_tail` for every struct page of a frame. */
export function fillTails(k: Kernel, frame: number, order: number, links: number): void {
  const { words, pageWords } = k.phys;
  const base = k.phys.touch(frame, 0);
  words.fill(0, base, base + pageWords);
  for (let at = base; at < base + pageWords; at += k.structPageSize / 4) {
    words[at + WORD.FLAGS_HI] = links;
    words[at + WORD.COMPOUND_HEAD] = compoundInfoLo(k, 0, order);
    words[at + WORD.COMPOUND_HEAD_HI] = compoundInfoHi(k, 0);
    words[at + WORD.MAPPING] = TAIL_MAPPING_LO;
    words[at + WORD.MAPPING_HI] = TAIL_MAPPING_HI;
    words[at + WORD.MAPCOUNT] = -1;
  }
}
