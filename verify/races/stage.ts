// SPDX-License-Identifier: GPL-2.0-only
// What every world of the races has: a kernel with two CPUs, of which CPU 0 reads without locks and CPU 1 changes what
// it reads; TLB flushes that reach CPU 0 when a step says so; stretches CPU 0 can be waited for in; hazards, noted when
// they happen; and the end of a run, where the invariant checker looks at what is left.

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
  /** Number of the stretch CPU 0 has interrupts off in, or reads under RCU; 0 outside of any. */
  section: number;
  sections: number;
  /** TLB flushes that CPU 0 has not carried out. */
  readonly flushes: [number, number][];
  readonly hazards: Set<string>;
  /** Whether a frame the tables do not name (any more) for this vmemmap page still holds what it held. */
  readonly keeps: (frame: number, vpage: number) => boolean;
  /** The threads are done and what they leave goes: how many references are there that nobody will return. */
  readonly finish: () => number;
}

/** A stage that gup-fast plays on: a process, the page it begins at, and what it is told. */
export interface GupStage extends Stage {
  readonly mm: Mm;
  /** Page gup begins at, and how many it wants. */
  readonly vpn: number;
  readonly n: number;
  /** Pages gup returned; whether it counted on a page of a life after the one its entry was from. */
  held: number;
  speculated: boolean;
  /** gup has read its entry, for the second time if `again`. */
  readonly entryRead: (again: boolean) => void;
  /** gup has counted on `head` for page `pfn`. */
  readonly counted: (pfn: number, head: number) => void;
  /** gup returns these pages, as the last thing with interrupts off. */
  readonly returned: () => void;
  /** The head this page has now, whatever a CPU remembers; -1 when it has no memmap. */
  readonly headNow: (pfn: number) => number;
  /** `put_page`, `refs` times, on a head. */
  readonly put: (head: number, refs: number) => void;
}

/** From now on flushes of CPU 0's TLB wait for takeFlushes(). */
export function holdFlushes(k: Kernel, flushes: [number, number][]): void {
  k.machine.cpus[0].mmu.flushRange = (vpage, count) => void flushes.push([vpage, count]);
}

/** CPU 0 carries out the flushes it was sent. */
export function takeFlushes(w: Stage): void {
  const { mmu } = w.k.machine.cpus[0];
  for (const [vpage, count] of w.flushes.splice(0)) Mmu.prototype.flushRange.call(mmu, vpage, count);
}

/** Runs what follows on one of the CPUs. */
export function onCpu(w: Stage, id: 0 | 1): void {
  w.k.cpu = w.k.machine.cpus[id];
}

/** CPU 0 begins a stretch that CPU 1 can wait for (interrupts off, rcu_read_lock). */
export function* beginSection(w: Stage, name: string): Generator<Step, void, void> {
  yield { name, writes: ["section"] };
  w.section = ++w.sections;
}

/** And ends it. */
export function* endSection(w: Stage, name: string): Generator<Step, void, void> {
  yield { name, writes: ["section"] };
  w.section = 0;
}

/** Waits until CPU 0 has left its stretch, if it was in one when this was asked. */
export function* waitForSection(w: Stage, name: string): Generator<Step, void, void> {
  yield { name: `${name}: sent`, reads: ["section"] };
  const asked = w.section;
  if (asked === 0) return;
  yield { name, reads: ["section"], enabled: () => w.section !== asked };
}

/**
 * Notes what is wrong with touching this struct page now, as the current CPU sees it; panics when it faults. False:
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

/** Frame of a vmemmap page in the kernel table, past every TLB; -1 when none. */
export function memmapFrame(k: Kernel, vpage: number): number {
  return lookupAddress(k, k.rootPfn, vmemmapVpn(k, vpage))?.pfn ?? -1;
}

/** The end of a run: hazards noted on the way, and what is left behind. */
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

/** What a step of setting up made; an Error when it could not, which must not pass for something a race did. */
export function created<T>(result: T | number): T {
  return typeof result === "number" ? setUpFailed(`errno ${result}`) : result;
}

/** The same of a frame. */
export function allocated(pfn: number): number {
  return pfn < 0 ? setUpFailed(`errno ${pfn}`) : pfn;
}

/** No panic: what is wrong with the set-up must not pass for something a race did. */
export function setUpFailed(why: string): never {
  throw new Error(`Cannot set the race up: ${why}`);
}
