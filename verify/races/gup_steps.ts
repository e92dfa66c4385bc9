// SPDX-License-Identifier: GPL-2.0-only
// gup-fast over one entry, cut into the steps between which another CPU can run (mm/gup.c of 5.14 with patch 8 of
// document 001, and the alternatives of its thread); without pgmap it is also the path for HugeTLB and compound pages
// of RAM. Each step calls the same functions as src/mm/gup/gup.ts: variants differ in the choice and the order of the
// steps. Afterwards the caller uses the pages and puts them.

import { tryGrabCompoundHead } from "../../src/mm/gup/refs.ts";
import { getDevPagemap, putDevPagemap } from "../../src/mm/memremap.ts";
import { compoundHead, compoundOrder, isPageHead, pageRefcount, setPageFlags } from "../../src/mm/page.ts";
import { type Leaf, levelPages, lookupAddress } from "../../src/mm/pgtable.ts";
import type { DevPagemap } from "../../src/include/memremap.ts";
import type { Step, Thread } from "./explore.ts";
import { beginSection, endSection, type GupStage, look } from "./stage.ts";

/** One way to write gup-fast for an entry. */
export interface GupRace {
  readonly name: string;
  /** Where it is proposed or found. */
  readonly source: string;
  /** When the pgmap is released: after the second look at the entry, as in the kernel, or at the very end. */
  readonly pgmap: "no" | "until recheck" | "to the end";
  /** Source of the head: compound_head() of the page, or the page the entry points to (no struct page read). */
  readonly head: "compound_head" | "entry";
  /** References: one page after the other, all at once, or one and then the rest. */
  readonly grab: "per-page" | "all" | "one, then the rest" | "one, then the rest if more than one";
  /** PG_referenced is stored before the reference is held. */
  readonly flagFirst: boolean;
  /** With the reference held, checks that this is still the head (try_get_compound_head since 5.14). */
  readonly recheckHead: boolean;
  /** With the reference held, checks that the entry is still the same. */
  readonly recheckEntry: boolean;
}

/** References taken on a head for recorded pages. */
interface Held {
  readonly head: number;
  readonly refs: number;
}

const PAGE: Pick<Step, "reads" | "writes"> = { reads: ["memmap"], writes: ["tlb"] };
const COUNT: Pick<Step, "reads" | "writes"> = { reads: ["memmap"], writes: ["tlb", "count"] };

/** The thread on CPU 0: gup-fast for `w.n` pages, use, put. */
export function* gupThread(w: GupStage, v: GupRace): Thread {
  yield* beginSection(w, "interrupts off");
  const held = yield* gupFastSteps(w, v);
  yield* endSection(w, "interrupts on");
  if (held === null) return;
  w.held = w.n;
  yield { name: "use the pages", ...PAGE };
  if (held.some(({ head }) => head !== w.headNow(head))) {
    w.hazards.add("holds pages whose memmap has gone or changed");
  }
  for (const { head, refs } of held) {
    yield { name: "put_page", reads: ["memmap"], writes: ["tlb", "count", "refs"] };
    w.put(head, refs);
  }
}

/** The part with interrupts off; null if it holds nothing. */
function* gupFastSteps(w: GupStage, v: GupRace): Generator<Step, Held[] | null, void> {
  const { k } = w;
  yield { name: "read the entry", reads: ["entry"] };
  const leaf = lookupAddress(k, w.mm.rootPfn, w.vpn);
  if (leaf === null) return null;
  const [lo, hi] = [k.phys.words[leaf.at], k.phys.words[leaf.at + 1]];
  const { pfn } = leaf;
  w.entryRead(false);
  let pgmap: DevPagemap | null = null;
  if (v.pgmap !== "no") {
    yield { name: "get_dev_pagemap", reads: ["tree"], writes: ["refs"] };
    pgmap = getDevPagemap(k, pfn, null);
    if (pgmap === null) return null;
  }
  const held: Held[] = [];
  let ok = yield* grabSteps(w, v, leaf, held);
  if (v.pgmap === "until recheck") {
    yield { name: "put_dev_pagemap", writes: ["refs"] };
    putDevPagemap(pgmap);
  }
  if (ok && v.recheckEntry) {
    yield { name: "read the entry again", reads: ["entry"] };
    w.entryRead(true);
    ok = k.phys.words[leaf.at] === lo && k.phys.words[leaf.at + 1] === hi;
  }
  if (ok && v.grab.startsWith("one")) ok = yield* grabRest(w, v, pfn, held);
  if (!ok) yield* undo(w, held);
  if (v.pgmap === "to the end") {
    yield { name: "put_dev_pagemap", writes: ["refs"] };
    putDevPagemap(pgmap);
  }
  if (ok) w.returned();
  return ok ? held : null;
}

/** Takes the references that come before the entry is read again. */
function* grabSteps(w: GupStage, v: GupRace, leaf: Leaf, held: Held[]): Generator<Step, boolean, void> {
  const { pfn } = leaf;
  const want = v.grab.startsWith("one") ? 1 : w.n;
  for (let done = 0; done < want;) {
    let head = pfn - w.vpn % levelPages(w.k, leaf.level);
    let refs = want;
    if (v.head === "compound_head") {
      yield { name: "read compound_head", ...PAGE };
      head = readHead(w, pfn + done);
      // Patch 8: base pages under one entry are counted one by one.
      refs = v.grab === "per-page" || !isPageHead(w.k, head) ? 1 : want - done;
    }
    if (v.flagFirst) {
      yield { name: "SetPageReferenced", ...COUNT };
      look(w, head, "stores to");
      setPageFlags(w.k, head, w.k.layout.referenced);
    }
    if (!(yield* grab(w, pfn + done, head, refs, held))) return false;
    if (v.recheckHead) {
      yield { name: "read compound_head again", ...PAGE };
      if (readHead(w, pfn + done) !== head) return false;
    }
    done += refs;
  }
  return true;
}

/** compound_head() as CPU 0 sees it; panics if the result has no struct page. */
function readHead(w: GupStage, pfn: number): number {
  look(w, pfn, "reads");
  const head = compoundHead(w.k, pfn);
  look(w, head, "reads");
  return head;
}

/** try_grab_compound_head(), one atomic step: the count goes up unless it is zero. */
function* grab(w: GupStage, pfn: number, head: number, refs: number, held: Held[]): Generator<Step, boolean, void> {
  yield { name: `try_grab_compound_head ${refs}`, ...COUNT };
  look(w, head, "counts on");
  // page_ref_add_unless() reads before it stores: a read-only tail with a count of zero does not fault.
  if (pageRefcount(w.k, head) <= 0 || !tryGrabCompoundHead(w.k, head, refs, "get")) return false;
  held.push({ head, refs });
  w.counted(pfn, head);
  return true;
}

/** 001:4201, second half: the head is held, so its order may be read. */
function* grabRest(w: GupStage, v: GupRace, pfn: number, held: Held[]): Generator<Step, boolean, void> {
  yield { name: "read the order", ...PAGE };
  const { head } = held[0];
  look(w, head, "reads");
  const inCompound = Math.min(w.n, head + 2 ** compoundOrder(w.k, head) - pfn);
  // To the sketch, base pages are one compound each: it loops once per page.
  for (let next = pfn + inCompound; next < pfn + w.n; next++) {
    yield { name: "read compound_head", ...PAGE };
    if (!(yield* grab(w, next, readHead(w, next), 1, held))) return false;
  }
  const rest = inCompound - 1;
  if (rest === 0) return true;
  if (v.grab === "one, then the rest if more than one" && rest === 1) {
    held[0] = { head, refs: inCompound };
    return true;
  }
  return yield* grab(w, pfn, head, rest, held);
}

/** `undo_dev_pagemap`. */
function* undo(w: GupStage, held: readonly Held[]): Generator<Step, void, void> {
  for (const { head, refs } of held) {
    yield { name: "undo: put_page", reads: ["memmap"], writes: ["tlb", "count", "refs"] };
    w.put(head, refs);
  }
}
