// SPDX-License-Identifier: GPL-2.0-only
// Failure sweeps: an operation is run with its first allocation failing, then its second, and so on until none is left to
// fail. Each time it either says so and everything is as before, or got along without the allocation and is undone again.
// All on one machine: that the next try still works is part of the proof.

import { errnoName } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/mm/debug_vm.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { type Books, takeBooks } from "./books.ts";

/** An operation that allocates. */
export interface Sweep {
  /** Runs it; 0 for done, a negative errno for a failure that must have left nothing behind. */
  readonly run: (k: Kernel) => number;
  /** Undoes what a run that was done left. */
  readonly undo: (k: Kernel) => void;
  /** The errno of a failure. */
  readonly errno: number;
}

/** What a sweep saw. */
export interface Swept {
  /** Allocations of the undisturbed operation. */
  readonly allocations: number;
  /** Runs that failed, and those that got along without the allocation. */
  readonly failed: number;
  readonly gotAlong: number;
}

/** Fails each allocation in turn, alone or (persistent) with all after it. Panics when anything is left behind. */
export function sweepEach(k: Kernel, sweep: Sweep, persistent = false, stride = 1): Swept {
  const before = takeBooks(k);
  let [failed, gotAlong] = [0, 0];
  for (let nth = 1;; nth += stride) {
    k.fault.arm(nth, persistent);
    const errno = sweep.run(k);
    const reached = k.fault.seen >= nth;
    k.fault.disarm();
    settle(k, sweep, errno, before, `allocation ${nth}`);
    if (!reached) return { allocations: nth - 1, failed, gotAlong };
    if (errno < 0) failed++;
    else gotAlong++;
  }
}

/** Fails every allocation of one order for as long as the operation runs; whether it failed. */
export function sweepOrder(k: Kernel, sweep: Sweep, order: number): boolean {
  const before = takeBooks(k);
  k.fault.failOrder(order);
  const errno = sweep.run(k);
  k.fault.disarm();
  settle(k, sweep, errno, before, `every allocation of order ${order}`);
  return errno < 0;
}

/** After a run: the right errno and nothing changed, or done, and nothing changed once undone. */
function settle(k: Kernel, sweep: Sweep, errno: number, before: Books, what: string): void {
  if (errno < 0 && errno !== sweep.errno) {
    panic(`sweep: ${what} failed: got -${errnoName(errno)}, expected -${errnoName(sweep.errno)}`);
  }
  checkInvariants(k);
  if (errno >= 0) {
    sweep.undo(k);
    checkInvariants(k);
  }
  const difference = firstDifference(before, takeBooks(k));
  if (difference !== null) panic(`sweep: ${what} failed${errno < 0 ? "" : " and got along"}: ${difference}`);
}

function firstDifference(before: Books, after: Books): string | null {
  for (const key of Object.keys(before) as (keyof Books)[]) {
    const [was, is] = [JSON.stringify(before[key]), JSON.stringify(after[key])];
    if (was !== is) return `${key} were ${was}, are ${is}`;
  }
  return null;
}
