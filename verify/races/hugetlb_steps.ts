// SPDX-License-Identifier: GPL-2.0-only
// The life of a huge page, cut into the steps between which another CPU can run (mm/hugetlb.c, mm/hugetlb_vmemmap.c of
// 6.1 with the grace periods of 6.10): made of free frames, its vmemmap shared, used; returned, its vmemmap restored,
// taken apart. Each step calls the functions of src/mm; a defect is another order of the same steps. Copying a shared
// page takes three of them, and the entry may be written before, between or after. Left out: the copied head page of
// 6.2.
//
// Places: `words` struct pages, `map` the vmemmap's entries (for gup both, and `key`, are `memmap`; counts, `count`),
// `tlb` of CPU 0, `key` the static key, `buddy` free frames.

import { USE_HUGETLB } from "../../src/include/frame_use.ts";
import type { Hstate } from "../../src/include/hugetlb.ts";
import { FREE_POISON_BYTE } from "../../src/include/mm_types.ts";
import { findZone, freeContigPages, takeContigPages } from "../../src/mm/page_alloc.ts";
import { allocHugePage } from "../../src/mm/hugetlb/hugetlb.ts";
import { addToPool, removeHugePage } from "../../src/mm/hugetlb/make_and_free.ts";
import { destroyHugePage, prepHugePage } from "../../src/mm/hugetlb/huge_page.ts";
import {
  allocVmemmapPages,
  copyShared,
  countOptimized,
  flushTails,
  freeUnmapped,
  pteOf,
  resetStructPages,
  restoreTails,
  shareTails,
  unmarkOptimized,
} from "../../src/mm/hugetlb/hugetlb_vmemmap.ts";
import { pageNid, vmemmapPage } from "../../src/mm/page.ts";
import { entryFrame, setEntry } from "../../src/mm/pgtable.ts";
import type { Step, Thread } from "./explore.ts";
import { becomes, disown, type HugeWorld, own, ownBasePage } from "./hugetlb_world.ts";
import { allocated, setUpFailed, takeFlushes, waitForSection } from "./stage.ts";

/** Steps that write struct pages through unchanging entries, and steps that write entries. */
export const WORDS: Pick<Step, "reads" | "writes"> = { reads: ["map"], writes: ["words", "memmap", "count", "buddy"] };
const MAP: Pick<Step, "writes"> = { writes: ["map", "memmap"] };

export type Steps<T> = Generator<Step, T, void>;

/** The thread on CPU 1: a base page is replaced by a huge page, or the other way round. */
export function* hugeThread(w: HugeWorld): Thread {
  if (w.setting.begins === "huge") {
    if (!(yield* returnHuge(w))) return;
    yield* dissolve(w);
    yield { name: "take a base page", ...WORDS };
    ownBasePage(w, w.page);
    return;
  }
  yield { name: "put the base page", ...WORDS };
  if (!disown(w, w.page)) return;
  if (yield* makeHuge(w, w.h, w.head)) yield* useHuge(w, w.h);
}

/** alloc_fresh_huge_page() and prep_new_huge_page(); false when the frames are not free. */
export function* makeHuge(w: HugeWorld, h: Hstate, head: number): Steps<boolean> {
  const { k } = w;
  yield { name: "take the frames", writes: ["buddy"] };
  if (!takeContigPages(k, head, h.order, USE_HUGETLB)) return false;
  const zone = findZone(k, head) ?? setUpFailed("no zone");
  yield { name: "prepare the huge page", ...WORDS };
  prepHugePage(k, h, head, zone.index, zone.nid);
  becomes(w, { head, pages: h.pages });
  yield { name: "static key on", writes: ["key", "memmap"] };
  countOptimized(k, 1);
  if (w.setting.grace) yield* waitForSection(w, "synchronize_rcu");
  yield { name: "share the tails", ...MAP };
  shareTails(k, h, head);
  yield* flushAndFree(w, h, head);
  addToPool(h, head, pageNid(k, head));
  return true;
}

/** One flush, and freeing of the unmapped frames, in the order of the setting. */
function* flushAndFree(w: HugeWorld, h: Hstate, head: number): Steps<void> {
  const { flush } = w.setting;
  if (flush === "flush, free") yield* flushSteps(w, h, head);
  yield { name: "free the frames", ...WORDS };
  freeUnmapped(w.k);
  if (flush === "free, flush") yield* flushSteps(w, h, head);
}

function* flushSteps(w: HugeWorld, h: Hstate, head: number): Steps<void> {
  yield { name: "TLB flush arrives", writes: ["tlb"] };
  flushTails(w.k, h, head);
  takeFlushes(w);
}

/** alloc_huge_page(): a user takes the page out of the pool. */
export function* useHuge(w: HugeWorld, h: Hstate): Steps<void> {
  yield { name: "a user takes the huge page", ...WORDS };
  own(w, allocated(allocHugePage(w.k, h, 0)));
}

/** free_huge_page(), unless somebody else holds the page, and remove_hugetlb_page(); false if somebody does. */
export function* returnHuge(w: HugeWorld): Steps<boolean> {
  yield { name: "the user returns the huge page", ...WORDS };
  if (!disown(w, w.head)) return false;
  const nid = pageNid(w.k, w.head);
  if (w.h.freeLists[nid].pop() !== w.head) setUpFailed("another page was in the pool");
  removeHugePage(w.h, nid, false);
  return true;
}

/** update_and_free_page(): restore, destroy, free. */
export function* dissolve(w: HugeWorld): Steps<void> {
  const { k, h, head } = w;
  if (w.setting.grace) yield* waitForSection(w, "synchronize_rcu");
  yield* restore(w);
  yield { name: "whole again, static key off", reads: ["map"], writes: ["words", "memmap", "count", "key"] };
  unmarkOptimized(k, head);
  yield { name: "destroy the compound page", ...WORDS };
  destroyHugePage(k, h, head);
  becomes(w, null);
  yield { name: "free its frames", ...WORDS };
  freeContigPages(k, head, h.order, USE_HUGETLB);
}

/** Restores CPU 0's vmemmap page step by step, after all the others in one step. */
function* restore(w: HugeWorld): Steps<void> {
  const { k, h, head, setting } = w;
  const vpage = vmemmapPage(k, head) + setting.keep;
  yield { name: "allocate and restore the other pages", writes: ["buddy"] };
  const frames = allocVmemmapPages(k, h.freeVmemmapPages, pageNid(k, head)) ?? setUpFailed("no memory");
  for (const frame of frames) poison(w, frame);
  restoreTails(k, vpage + 1, frames.subarray(1));
  const shared = entryFrame(k, pteOf(k, vpage) - 2);
  const one = k.structPageSize / 4;
  const copy: [name: string, run: () => void][] = [
    ["copy the first struct page", () => copyShared(k, frames[0], shared, 0, one)],
    ["copy the rest", () => copyShared(k, frames[0], shared, one, k.phys.pageWords)],
    ["reset_struct_pages", () => resetStructPages(k, frames[0])],
  ];
  const entryAfter = { "content, entry": 3, "entry in between": 1, "entry, content": 0 }[setting.restore];
  for (let i = 0; i <= copy.length; i++) {
    if (i === entryAfter) {
      yield { name: "restore the entry", ...MAP };
      setEntry(k, pteOf(k, vpage), 0, frames[0], k.arch.format.kernelPage);
    }
    if (i === copy.length) break;
    yield { name: copy[i][0], ...WORDS };
    copy[i][1]();
  }
  if (setting.flush !== "no flush") yield* flushSteps(w, h, head);
}

/** Contents of a frame from the allocator with page_poisoning=1: nothing valid to read. */
function poison(w: HugeWorld, frame: number): void {
  const { phys } = w.k;
  const at = 4 * phys.touch(frame, 0);
  phys.bytes.fill(FREE_POISON_BYTE, at, at + phys.pageBytes);
}
