// SPDX-License-Identifier: GPL-2.0-only
// The failure budget of the allocator (lib/fault-inject.c, fail_page_alloc): fail the k-th allocation from now on,
// every allocation from the k-th on, or all of one order (persistent pressure). Off unless armed.
// Left out: probabilities, intervals, filters by task and stack.

/** Decides which frame allocations fail. */
export class FaultBudget {
  #countdown = 0;
  #persistent = false;
  #order = -1;
  /** Allocations seen since the last {@linkcode arm}. */
  seen = 0;

  /** Fails the `nth` allocation from now (1 is the next); with `persistent`, every one after it too. */
  arm(nth: number, persistent = false): void {
    this.#countdown = nth;
    this.#persistent = persistent;
    this.seen = 0;
  }

  /** Fails every allocation of this order until disarmed. */
  failOrder(order: number): void {
    this.#order = order;
  }

  /** Lets everything succeed again. */
  disarm(): void {
    this.#countdown = 0;
    this.#persistent = false;
    this.#order = -1;
    this.seen = 0;
  }

  /** Whether an allocation will fail, or has failed since arm(). */
  get armed(): boolean {
    return this.#countdown > 0 || this.#order >= 0;
  }

  /** How many of the next `n` single-frame allocations succeed before one fails. The caller updates `seen`. */
  passes(n: number): number {
    if (this.#order === 0) return 0;
    if (this.#countdown === 0) return n;
    const before = this.#countdown - this.seen - 1;
    if (before < 0) return this.#persistent ? 0 : n;
    return Math.min(n, before);
  }

  /** Whether this allocation fails. The allocator calls it once per allocation. */
  fails(order: number): boolean {
    this.seen++;
    if (order === this.#order) return true;
    if (this.#countdown === 0) return false;
    return this.#persistent ? this.seen >= this.#countdown : this.seen === this.#countdown;
  }
}
