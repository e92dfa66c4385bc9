// SPDX-License-Identifier: GPL-2.0-only
// Failure sweeps: an operation runs with its first allocation failing, then its second, and so on. Each time it either
// reports the failure and leaves everything unchanged, or succeeds without the allocation and is undone. The next try,
// with memory available, must succeed: that is part of the proof.

import { errnoName } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import { checkInvariants } from "../../src/debug_vm/debug_vm.ts";
import type { Kernel } from "../../src/mm/kernel.ts";
import { type Books, takeBooks } from "./books.ts";

export interface Sweep {
  /**
   * Returns 0 for success, as far as memory allowed, or a negative errno for a failure, which must leave nothing
   * behind.
   */
  readonly run: (k: Kernel) => number;
  readonly undo: (k: Kernel) => void;
  /** The errno of a failure. */
  readonly errno: number;
  /** What must be equal before and after; default takeBooks(), which is everything. */
  readonly books?: (k: Kernel) => Books;
}

export interface Swept {
  /** Allocations of the operation when none fails. */
  readonly allocations: number;
  /** Runs that failed, and runs that succeeded without the allocation. */
  readonly failed: number;
  readonly gotAlong: number;
}

/**
 * Fails each allocation in turn, alone or (persistent) with all after it. Panics when anything is left behind. All runs
 * share one machine, so each follows a failed one; the last runs without failures.
 */
export function sweepEach(k: Kernel, sweep: Sweep, persistent = false, stride = 1): Swept {
  const before = booksOf(k, sweep);
  return sweepTries((nth) => {
    const tried = attempt(k, sweep, `allocation ${nth} failed`, () => k.fault.arm(nth, persistent));
    expectSame(before, booksOf(k, sweep), `allocation ${nth} failed with errno ${tried.errno}`);
    return tried;
  }, stride);
}

/** The same with a new machine per try, for operations that leave a machine better prepared for the next try. */
export function sweepFresh(make: () => readonly [Kernel, Sweep], persistent = false, stride = 1): Swept {
  return sweepTries((nth) => {
    const [k, sweep] = make();
    return attemptTwice(k, sweep, `allocation ${nth} failed`, () => k.fault.arm(nth, persistent));
  }, stride);
}

/** Fails every allocation of one order while the operation runs; returns whether it failed. */
export function sweepOrder(k: Kernel, sweep: Sweep, order: number): boolean {
  const what = `every allocation of order ${order} failed`;
  return attemptTwice(k, sweep, what, () => k.fault.failOrder(order)).errno < 0;
}

interface Tried {
  readonly errno: number;
  readonly seen: number;
}

function sweepTries(tryNth: (nth: number) => Tried, stride: number): Swept {
  let [failed, gotAlong] = [0, 0];
  for (let nth = 1;; nth += stride) {
    const { errno, seen } = tryNth(nth);
    if (seen < nth) return { allocations: nth - 1, failed, gotAlong };
    if (errno < 0) failed++;
    else gotAlong++;
  }
}

/** Runs with failures, then without, which must succeed. */
function attemptTwice(k: Kernel, sweep: Sweep, what: string, arm: () => void): Tried {
  const before = booksOf(k, sweep);
  const tried = attempt(k, sweep, what, arm);
  expectSame(before, booksOf(k, sweep), `${what} with errno ${tried.errno}`);
  const again = attempt(k, sweep, `${what} before`, () => {});
  if (again.errno < 0) panic(`sweep: ${what}: the next try says -${errnoName(again.errno)}`);
  expectSame(before, booksOf(k, sweep), `${what}, then was done`);
  return tried;
}

/** One run: the right errno, or success and undo; the invariants hold throughout. */
function attempt(k: Kernel, sweep: Sweep, what: string, arm: () => void): Tried {
  arm();
  const errno = sweep.run(k);
  const { seen } = k.fault;
  k.fault.disarm();
  if (errno < 0 && errno !== sweep.errno) {
    panic(`sweep: ${what}: got -${errnoName(errno)}, expected -${errnoName(sweep.errno)}`);
  }
  checkInvariants(k);
  if (errno < 0) return { errno, seen };
  sweep.undo(k);
  checkInvariants(k);
  return { errno, seen };
}

function booksOf(k: Kernel, sweep: Sweep): Books {
  return (sweep.books ?? takeBooks)(k);
}

function expectSame(before: Books, after: Books, what: string): void {
  for (const [key, was] of Object.entries(before)) {
    if (after[key] !== was) panic(`sweep: ${what}: ${key} were ${was}, are ${after[key]}`);
  }
}
