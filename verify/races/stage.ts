// SPDX-License-Identifier: GPL-2.0-only
// The common part of all worlds: a kernel with two CPUs, of which CPU 0 reads without locks and CPU 1 changes what it
// reads; TLB flushes that reach CPU 0 in a step of their own; sections of CPU 0 that can be waited for; hazards,
// recorded when they happen; and the end of a run, where the invariant checker examines the remains.

import { PAGE_FLAGS, PAGE_POISON_WORD } from "../../src/include/mm_types.ts";
import { KernelPanic, panic } from "../../src/lib/bug.ts";
import { Mmu } from "../../src/machine/mmu.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Kernel, Mm } from "../../src/mm/kernel.ts";
import { readPage, vmemmapPage } from "../../src/mm/page.ts";
import { lookupAddress, vmemmapVpn } from "../../src/mm/pgtable.ts";
import type { Step } from "./explore.ts";

/** A world between steps. */
export interface Stage {
  readonly k: Kernel;
  /** Number of the section CPU 0 is in (interrupts off, or RCU); 0 outside of any. */
  section: number;
  sections: number;
  /** TLB flushes that CPU 0 has not carried out. */
  readonly flushes: [number, number][];
  readonly hazards: Set<string>;
  /** Whether a frame that the tables no longer map for this vmemmap page still has its old contents. */
  readonly keeps: (frame: number, vpage: number) => boolean;
  /** The threads are done: cleans up after them and returns the number of leaked references. */
  readonly finish: () => number;
}

/** A stage for gup-fast: a process, the first page, and callbacks. */
export interface GupStage extends Stage {
  readonly mm: Mm;
  /** First page for gup, and the number of pages wanted. */
  readonly vpn: number;
  readonly n: number;
  /** Pages that gup returned; whether it counted on a page of a later life than its entry's. */
  held: number;
  speculated: boolean;
  /** gup has read its entry; `again` is set the second time. */
  readonly entryRead: (again: boolean) => void;
  /** gup has counted on `head` for page `pfn`. */
  readonly counted: (pfn: number, head: number) => void;
  /** gup returns these pages, as its last action with interrupts off. */
  readonly returned: () => void;
  /** The page's current head, regardless of cached translations; -1 without memmap. */
  readonly headNow: (pfn: number) => number;
  /** `put_page`, `refs` times, on a head. */
  readonly put: (head: number, refs: number) => void;
}

/** From now on flushes of CPU 0's TLB wait for takeFlushes(). */
export function holdFlushes(k: Kernel, flushes: [number, number][]): void {
  k.machine.cpus[0].mmu.flushRange = (vpage, count) => void flushes.push([vpage, count]);
}

/** CPU 0 carries out its pending flushes. */
export function takeFlushes(w: Stage): void {
  const { mmu } = w.k.machine.cpus[0];
  for (const [vpage, count] of w.flushes.splice(0)) Mmu.prototype.flushRange.call(mmu, vpage, count);
}

/** The kernel runs on this CPU from now on. */
export function onCpu(w: Stage, id: number): void {
  w.k.cpu = w.k.machine.cpus[id];
}

/** CPU 0 enters a section that CPU 1 can wait for (interrupts off, rcu_read_lock). */
export function* beginSection(w: Stage, name: string): Generator<Step, void, void> {
  yield { name, writes: ["section"] };
  w.section = ++w.sections;
}

/** CPU 0 leaves the section. */
export function* endSection(w: Stage, name: string): Generator<Step, void, void> {
  yield { name, writes: ["section"] };
  w.section = 0;
}

/** Waits until CPU 0 has left the section it was in at the call, if any. */
export function* waitForSection(w: Stage, name: string): Generator<Step, void, void> {
  yield { name: `${name}: sent`, reads: ["section"] };
  const asked = w.section;
  if (asked === 0) return;
  yield { name, reads: ["section"], enabled: () => w.section !== asked };
}

/**
 * Records what is wrong with accessing this struct page now, as the current CPU sees it; panics if it faults. False:
 * gone.
 */
export function look(w: Stage, pfn: number, verb: string): boolean {
  const { k } = w;
  const inMemory = Number.isInteger(pfn) && pfn >= 0 && pfn < k.machine.topology.maxPfn;
  if (!inMemory) panic(`look: ${verb} a struct page at a garbage address`);
  const vpage = vmemmapPage(k, pfn);
  const seen = k.cpu.mmu.frame(vpage);
  if (seen < 0) panic(`look: ${verb} a struct page that is not mapped`);
  if (seen !== memmapFrame(k, vpage) && !w.keeps(seen, vpage)) {
    w.hazards.add(`${verb} freed memmap through a stale translation`);
    return false;
  }
  if (readPage(k, pfn, PAGE_FLAGS) === PAGE_POISON_WORD) w.hazards.add(`${verb} a struct page nobody initialised`);
  return true;
}

/** Frame of a vmemmap page in the kernel table, bypassing every TLB; -1 if unmapped. */
export function memmapFrame(k: Kernel, vpage: number): number {
  return lookupAddress(k, k.rootPfn, vmemmapVpn(k, vpage))?.pfn ?? -1;
}

/** The end of a run: hazards recorded on the way, and leaks. */
export function raceEnd(w: Stage, waiting: readonly string[], thrown: unknown): readonly string[] {
  if (thrown !== undefined) {
    if (!(thrown instanceof KernelPanic)) throw thrown;
    return [...w.hazards, `oops: ${thrown.message.replace(/^\w+: /, "").replace(/\d+/g, "N")}`];
  }
  if (waiting.length > 0) return [...w.hazards, `${waiting.join(", ")}: waits for ever`];
  const { k } = w;
  onCpu(w, 1);
  const extra = w.finish();
  if (extra !== 0) return [...w.hazards, extra > 0 ? "leaks a reference" : "takes a reference too many away"];
  k.gupRefs = 0;
  try {
    checkInvariants(k);
  } catch (error) {
    if (!(error instanceof KernelPanic)) throw error;
    return [...w.hazards, error.message.replace(/\d+/g, (n, at) => at > 0 && error.message[at - 1] === "I" ? n : "N")];
  }
  return [...w.hazards];
}

/** The result of a set-up step; an Error if it failed, which must not pass for the effect of a race. */
export function created<T>(result: T | number): T {
  return typeof result === "number" ? setUpFailed(`errno ${result}`) : result;
}

/** The same for a frame. */
export function allocated(pfn: number): number {
  return pfn < 0 ? setUpFailed(`errno ${pfn}`) : pfn;
}

/** An Error rather than a panic: a fault of the set-up must not pass for the effect of a race. */
export function setUpFailed(why: string): never {
  throw new Error(`Cannot set the race up: ${why}`);
}
