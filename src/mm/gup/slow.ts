// SPDX-License-Identifier: GPL-2.0-only
// get_user_pages() and pin_user_pages() over device memory, the slow path (mm/gup.c: __get_user_pages,
// follow_page_mask, follow_devmap_pmd): under the mmap lock, a walk, a pgmap step and a reference for every base page,
// whatever the series does for the fast path. FOLL_LONGTERM takes this path because the fast walk refuses devmap
// entries for it.
//
//   fast   pin_user_pages_fast()          tables without locks, several pages an entry     gup.ts
//   slow   get/pin_user_pages()           one page a step; follow_devmap_*() sets no page_mask
//
// Left out: the mmap lock, migration out of ZONE_MOVABLE (no device memory is in it), fsdax, which FOLL_LONGTERM refuses
// with -EOPNOTSUPP, pages that are not devmap.

import type { GupMode } from "../../include/gup.ts";
import type { DevPagemap } from "../../include/memremap.ts";
import { entryPfn } from "../../machine/mmu.ts";
import type { Kernel, Mm } from "../kernel.ts";
import { handleFault } from "../memory.ts";
import { getDevPagemap, putDevPagemap } from "../memremap.ts";
import { compoundHead } from "../page.ts";
import { entryAt, levelPages, tableIndex } from "../pgtable.ts";
import { C } from "../vmstat.ts";
import { tryGrabCompoundHead } from "./refs.ts";

const { gupCalls, gupWalkSteps, pagesRecorded } = C;

/**
 * `__get_user_pages`: holds `n` user pages from virtual page `vpn` on, one by one, and records their pfns from
 * `pages[out]` on, faulting in pages that are not mapped. Returns how many it holds; it stops at the first page that it
 * cannot hold.
 */
export function getUserPages(
  k: Kernel,
  mm: Mm,
  vpn: number,
  n: number,
  mode: GupMode,
  pages: Float64Array,
  out: number,
): number {
  k.tracer?.enter(mode === "pin" ? "pin_user_pages" : "get_user_pages", { vpn, n });
  k.stat[gupCalls]++;
  let pgmap: DevPagemap | null = null;
  let done = 0;
  for (; done < n; done++) {
    let pfn = followPage(k, mm, vpn + done);
    if (pfn < 0 && handleFault(k, mm, vpn + done) === "nopage") pfn = followPage(k, mm, vpn + done);
    if (pfn < 0) break;
    pgmap = getDevPagemap(k, pfn, pgmap);
    if (pgmap === null || !tryGrabCompoundHead(k, compoundHead(k, pfn), 1, mode)) break;
    pages[out + done] = pfn;
  }
  putDevPagemap(pgmap);
  k.stat[pagesRecorded] += done;
  k.tracer?.leave(done);
  return done;
}

/**
 * `follow_page_mask`: the frame that a user page is mapped to, walking from the top of the table; -1 if there is none.
 */
function followPage(k: Kernel, mm: Mm, vpn: number): number {
  const { words } = k.phys;
  const { format } = k.arch;
  let table = mm.rootPfn;
  for (let level = format.topLevel;; level--) {
    const entry = entryAt(k, table, tableIndex(k, vpn, level));
    const lo = words[entry];
    const hi = words[entry + 1];
    k.stat[gupWalkSteps]++;
    if ((lo | hi) === 0) return -1;
    const pfn = entryPfn(format, lo, hi);
    if (level === 0) return pfn;
    if ((lo & format.hugeMask) === format.hugeValue) return pfn + (vpn & (levelPages(k, level) - 1));
    table = pfn;
  }
}
