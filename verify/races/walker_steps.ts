// SPDX-License-Identifier: GPL-2.0-only
// Readers of struct pages without a reference, cut into loads and stores. A pfn walker (compaction, page_idle,
// memory_failure) tries to get one: get_page_unless_zero(), include/linux/page_ref.h. A reader asks for a frame's head:
// compound_head() and PageHead() of include/linux/page-flags.h, whose loads may be reordered.
//
// atomic_add_unless() is a load, then a compare-and-swap, which the MMU treats as a write even if it does not swap.

import { FREE_POISON_BYTE, PAGE_COMPOUND_HEAD, PAGE_COMPOUND_HEAD_HI } from "../../src/include/mm_types.ts";
import { PAGE_FLAGS, PAGE_REFCOUNT } from "../../src/include/mm_types.ts";
import { addPageCountUnlessZero, addressToPfn, compoundHead, pageRefcount, readPage } from "../../src/mm/page.ts";
import type { Step, Thread } from "./explore.ts";
import { headIn, type HugeWorld, putReferences } from "./hugetlb_world.ts";
import { beginSection, endSection, look } from "./stage.ts";

/** One way to write get_page_unless_zero(). */
export interface Walker {
  readonly name: string;
  readonly source: string;
  /** The walker reads under RCU, and entries change after a grace period. */
  readonly grace: boolean;
  /** Fake heads are skipped: detected before the count is read, or after. */
  readonly skip: "no" | "before the count" | "after the count";
  readonly tailsReadOnly: boolean;
}

/** The loads of compound_head() from a frame and the one after it. */
export type Load = "compound_head" | "flags" | "next";

const LOAD: Pick<Step, "reads" | "writes"> = { reads: ["words", "map"], writes: ["tlb"] };
const STORE: Pick<Step, "reads" | "writes"> = { reads: ["map"], writes: ["tlb", "words"] };
/** A word of a frame that has not been written since it was allocated. */
const POISON = FREE_POISON_BYTE * 0x01010101 | 0;

/** The thread of a walker on CPU 0: try to get the page, use it, put it. */
export function* walkerThread(w: HugeWorld, v: Walker): Thread {
  if (v.grace) yield* beginSection(w, "rcu_read_lock");
  const got = yield* getPageUnlessZero(w, v);
  if (v.grace) yield* endSection(w, "rcu_read_unlock");
  if (!got) return;
  w.held++;
  yield { name: "put_page", reads: ["map", "key"], writes: ["tlb", "words", "buddy"] };
  putReferences(w, compoundHead(w.k, w.page), 1);
}

function* getPageUnlessZero(w: HugeWorld, v: Walker): Generator<Step, boolean, void> {
  const { k, page } = w;
  if (v.skip === "before the count" && (yield* isFakeHead(w))) return false;
  yield { name: "read the count", ...LOAD };
  look(w, page, "reads");
  if (pageRefcount(k, page) === 0) return false;
  if (v.skip === "after the count" && (yield* isFakeHead(w))) return false;
  yield { name: "cmpxchg the count", ...STORE };
  look(w, page, "counts on");
  if (!addPageCountUnlessZero(k, page, PAGE_REFCOUNT, 1)) return false;
  if (headIn(w.compound, page) !== page) w.hazards.add("counts on the head through a tail");
  return true;
}

/** `page_is_fake_head`. */
function* isFakeHead(w: HugeWorld): Generator<Step, boolean, void> {
  yield { name: "is it a fake head?", reads: ["words", "map", "key"], writes: ["tlb"] };
  look(w, w.page, "reads");
  return w.k.fakeHeads && compoundHead(w.k, w.page) !== w.page &&
    (readPage(w.k, w.page, PAGE_FLAGS) & w.k.layout.head) !== 0;
}

/** The thread of a reader on CPU 0; with `grace`, CPU 1 can wait for it. */
export function* readerThread(w: HugeWorld, order: readonly Load[]): Thread {
  if (w.setting.grace) yield* beginSection(w, "rcu_read_lock");
  yield* loads(w, order);
  if (w.setting.grace) yield* endSection(w, "rcu_read_unlock");
}

/** Performs the loads in this order and returns their meaning. */
function* loads(w: HugeWorld, order: readonly Load[]): Thread {
  const { k, page } = w;
  const seen: Record<Load, number> = { compound_head: 0, flags: 0, next: 0 };
  const hi = { compound_head: 0, next: 0 };
  let key = false;
  for (const [i, load] of order.entries()) {
    yield { name: `load ${load}`, reads: ["words", "map", "key"], writes: ["tlb"] };
    if (i === 0) w.since = [w.compound];
    const pfn = load === "next" ? page + 1 : page;
    const base = readPage(k, pfn, load === "flags" ? PAGE_FLAGS : PAGE_COMPOUND_HEAD);
    seen[load] = base;
    if (load !== "flags") hi[load] = readPage(k, pfn, PAGE_COMPOUND_HEAD_HI);
    if (load === "flags") key = k.fakeHeads;
    if (look(w, pfn, "reads") && base === POISON) w.hazards.add("I11 reads a struct page without content");
  }
  const aligned = (page * k.structPageSize) % k.pageBytes === 0;
  const marked = (seen.flags & w.k.layout.head) !== 0;
  let head = page;
  if ((seen.compound_head & 1) !== 0) head = addressToPfn(k, seen.compound_head - 1, hi.compound_head);
  else if (key && aligned && marked && (seen.next & 1) !== 0) head = addressToPfn(k, seen.next - 1, hi.next);
  judge(w, head, marked && head === page);
}

/** I7: the answer must have been correct at some moment since the reader began. */
function judge(w: HugeWorld, head: number, isHead: boolean): void {
  const right = (compound: HugeWorld["compound"]) =>
    headIn(compound, w.page) === head && isHead === (compound !== null && compound.head === w.page);
  if (w.since.some(right)) return;
  w.hazards.add(
    head !== w.page
      ? "I7 finds a head that never was"
      : isHead
      ? "I7 takes a tail for a head"
      : "I7 takes a tail for a page of its own",
  );
}
