// SPDX-License-Identifier: GPL-2.0-only
// Which cache lines of the memmap gup and put touch, by tier and access pattern: the input of the model of time
// (src/model). A struct page of 64 bytes is one line. What Linux leaves to the hardware is counted here per stretch:
//
//   base pages       [p0][p1][p2]...     every line changed, in order
//   tails            [t1][t2][t3]...     every line read, in order; an alias of the stretch before is cached already
//   head of another  ..........[H]       one jump, one line changed; its pin count lies in a line nearby
//
// Left out: the caches themselves. A head counts as cached while it is the last one touched.

import { STRETCH_STRUCT_SIZE } from "../../include/mm_types.ts";
import type { Kernel } from "../kernel.ts";
import { inPmem } from "../page.ts";
import { C } from "../vmstat.ts";

const {
  memmapJumpsDram,
  memmapJumpsPmem,
  memmapLinesCached,
  memmapLinesReadDram,
  memmapLinesReadPmem,
  memmapLinesWrittenDram,
  memmapLinesWrittenPmem,
} = C;

/** Counts updates of `n` base pages, one struct page each, with memmap in pmem or not. */
export function touchBasePages(k: Kernel, pmem: boolean, n: number): void {
  k.stat[pmem ? memmapLinesWrittenPmem : memmapLinesWrittenDram] += n;
}

/** Counts reads of `n` tails from `pfn` on, at word `at` of memory, for their head. */
export function touchTails(k: Kernel, pfn: number, at: number, n: number): void {
  const { cpu } = k;
  if (at >= cpu.nearTails && at < cpu.nearTailsEnd) {
    k.stat[memmapLinesCached] += n;
    return;
  }
  k.stat[inPmem(k, pfn) ? memmapLinesReadPmem : memmapLinesReadDram] += n;
  cpu.nearTails = at;
  cpu.nearTailsEnd = at + n * (STRETCH_STRUCT_SIZE / 4);
}

/** Counts an update of a head's reference count, and of its pin count if `pinned`. */
export function touchHead(k: Kernel, head: number, pinned: boolean): void {
  const { cpu } = k;
  if (cpu.nearHead === head) return;
  cpu.nearHead = head;
  const pmem = inPmem(k, head);
  k.stat[pmem ? memmapJumpsPmem : memmapJumpsDram]++;
  k.stat[pmem ? memmapLinesWrittenPmem : memmapLinesWrittenDram] += pinned ? 2 : 1;
}
