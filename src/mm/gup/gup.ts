// SPDX-License-Identifier: GPL-2.0-only
// get_user_pages_fast() and pin_user_pages_fast() over device memory (mm/gup.c with patch 8 of document 001 and the
// alternatives of its thread). The walk reads the user's tables without locks; every huge entry leads to
// gupDeviceHuge(), whose variants differ in how they reach the reference counts (hold.ts):
//
//   per-page        512 x { pgmap step, flag, refcount on the page or its head }
//   compound        1 x { pgmap step, flag, refcount += 512 }                      patch 8
//   compound-range  the same per compound inside the entry                         001:3111
//   no-pgmap        the same, no pgmap reference                                   001:3477
//   grab-one        refcount += 1, look at the head, refcount += 511               001:4201
//
// Returning pages is in put.ts; FOLL_LONGTERM, which refuses devmap entries here, takes slow.ts. Left out: COW
// unsharing, pages that are not devmap.

import type { DevPagemap } from "../../include/memremap.ts";
import { entryPfn } from "../../machine/mmu.ts";
import { grabCompound, grabHead, grabPages } from "./hold.ts";
import { recordSubpages } from "./loops.ts";
import { putPages, unpinPages } from "./put.ts";
import type { GupCall, GupMode } from "../../include/gup.ts";
import { putCompoundHead, setReferenced, tryGrabCompoundHead } from "./refs.ts";
import type { Kernel, Mm } from "../kernel.ts";
import { handleFault, mappedPages } from "../memory.ts";
import { getDevPagemap, putDevPagemap } from "../memremap.ts";
import { clearPageFlags, compoundHead, compoundOrder } from "../page.ts";
import { entryAt, entryFrame, entryNone, levelPages, tableEntries, tableIndex } from "../pgtable.ts";
import { C } from "../vmstat.ts";

const { gupCalls, gupWalkSteps, pagesRecorded } = C;

/**
 * `get_user_pages_fast` / `pin_user_pages_fast`: holds `n` user pages from virtual page `vpn` on and records their pfns
 * from `pages[out]` on, faulting in pages that are not mapped. Returns how many it holds; it stops at the first page
 * that it cannot hold.
 */
export function gupFast(
  k: Kernel,
  mm: Mm,
  vpn: number,
  n: number,
  mode: GupMode,
  pages: Float64Array,
  out: number,
): number {
  const call = k.gup;
  call.mode = mode;
  call.pages = pages;
  call.next = out;
  let done = 0;
  k.tracer?.enter(mode === "pin" ? "pin_user_pages_fast" : "get_user_pages_fast", { vpn, n });
  k.stat[gupCalls]++;
  while (done < n) {
    k.tracer?.enter("lockless_pages_from_mm", { vpn: vpn + done, n: n - done });
    const got = lockless(k, mm, vpn + done, n - done);
    k.tracer?.leave(got);
    done += got;
    if (done === n) break;
    // The slow path faults the page in and retries. A mapped page that cannot be held ends the call.
    if (got === 0 && mappedPages(k, mm, vpn + done) > 0) break;
    if (handleFault(k, mm, vpn + done) !== "nopage") break;
  }
  k.tracer?.leave(done);
  return done;
}

/** `lockless_pages_from_mm`: the fast walk. Stops at the first page it cannot hold; returns how many it holds. */
function lockless(k: Kernel, mm: Mm, vpn: number, n: number): number {
  const call = k.gup;
  call.first = call.next;
  const end = vpn + n;
  const { words } = k.phys;
  const { format } = k.arch;
  for (let at = vpn; at < end;) {
    let table = mm.rootPfn;
    let level = format.topLevel;
    let entry = 0;
    let lo = 0;
    let hi = 0;
    for (;; level--) {
      entry = entryAt(k, table, tableIndex(k, at, level));
      lo = words[entry];
      hi = words[entry + 1];
      if ((lo | hi) === 0 || level === 0 || (lo & format.hugeMask) === format.hugeValue) break;
      table = entryPfn(format, lo, hi);
    }
    k.stat[gupWalkSteps] += at === vpn ? format.topLevel + 1 - level : entriesRead(k, at, level);
    if ((lo | hi) === 0) break;
    if (level === 0) {
      const ptes = Math.min(tableEntries(k) - tableIndex(k, at, 0), end - at);
      k.tracer?.enter("gup_pte_range", { vpn: at, n: ptes });
      const got = gupPteRange(k, entry, ptes);
      k.tracer?.leave(got);
      if (got < ptes) break;
      at += ptes;
      continue;
    }
    // __gup_device_huge_pmd() and _pud(): take references, then check that the entry is unchanged.
    const span = levelPages(k, level);
    const inEntry = at & (span - 1);
    const count = Math.min(span - inEntry, end - at);
    const before = call.next;
    const pfn = entryPfn(format, lo, hi) + inEntry;
    k.tracer?.enter("__gup_device_huge", { pfn, n: count });
    const got = gupDeviceHuge(k, pfn, count);
    k.tracer?.leave(got);
    if (got < count || words[entry] !== lo || words[entry + 1] !== hi) {
      undoDevPagemap(k, before);
      break;
    }
    at += count;
  }
  return call.next - call.first;
}

/**
 * Entries that the kernel reads to continue at `at`. This walk restarts at the top, the kernel's at the table that
 * begins here.
 */
function entriesRead(k: Kernel, at: number, level: number): number {
  let top = level;
  while (top < k.arch.format.topLevel && tableIndex(k, at, top) === 0) top++;
  return top + 1 - level;
}

/** `gup_pte_range`: `n` entries of one PTE table from word `entry` on, with one pgmap reference for all of them. */
function gupPteRange(k: Kernel, entry: number, n: number): number {
  const call = k.gup;
  const first = call.next;
  const { words } = k.phys;
  let pgmap: DevPagemap | null = null;
  for (let at = entry; at < entry + 2 * n; at += 2) {
    const lo = words[at];
    const hi = words[at + 1];
    if (entryNone(k, at)) break;
    const pfn = entryFrame(k, at);
    pgmap = getDevPagemap(k, pfn, pgmap);
    if (pgmap === null) {
      undoDevPagemap(k, first);
      break;
    }
    const head = compoundHead(k, pfn);
    if (!tryGrabCompoundHead(k, head, 1, call.mode)) break;
    if (words[at] !== lo || words[at + 1] !== hi) {
      putCompoundHead(k, head, 1, call.mode);
      break;
    }
    setReferenced(k, head);
    call.pages[call.next++] = pfn;
  }
  putDevPagemap(pgmap);
  const done = call.next - first;
  k.stat[pagesRecorded] += done;
  k.stat[gupWalkSteps] += Math.max(0, done - 1);
  return done;
}

/** `__gup_device_huge` in the configured variant: holds and records pages pfn .. pfn + n - 1; returns how many. */
function gupDeviceHuge(k: Kernel, pfn: number, n: number): number {
  const call = k.gup;
  const variant = k.config.gup;
  if (variant === "no-pgmap") {
    const head = compoundHead(k, pfn);
    if (compoundOrder(k, head) > 0) return grabHead(k, head, pfn, n);
  }
  // The sketch in 001:3112 uses pfn + *nr and page + *nr, but *nr counts from the first page of the walk.
  const astray = variant === "compound-range" && k.config.errata.rangeFromCall ? call.next - call.first : 0;
  let pgmap: DevPagemap | null = null;
  let done = 0;
  while (done < n) {
    const at = pfn + done;
    pgmap = getDevPagemap(k, at + astray, pgmap);
    if (pgmap === null) return done;
    const got = variant === "per-page" ? grabPages(k, at, n - done) : grabCompound(k, at, n - done);
    if (astray > 0) recordAnew(call, at + astray, got);
    done += got;
    if (got === 0) break;
  }
  putDevPagemap(pgmap);
  return done;
}

/** Replaces the last `n` recorded frames. */
function recordAnew(call: GupCall, pfn: number, n: number): void {
  call.next -= n;
  recordSubpages(call, pfn, n);
  call.next += n;
}

/** `undo_dev_pagemap`: returns the pages recorded from `from` on, whose entry changed or could not be held. */
function undoDevPagemap(k: Kernel, from: number): void {
  const { gup: call } = k;
  const { pages } = call;
  const n = call.next - from;
  k.tracer?.enter("undo_dev_pagemap", { n });
  for (let i = 0; i < n; i++) clearPageFlags(k, compoundHead(k, pages[from + i]), k.layout.referenced);
  if (call.mode === "pin") unpinPages(k, pages, from, n);
  else putPages(k, pages, from, n);
  call.next = from;
  k.tracer?.leave();
}
