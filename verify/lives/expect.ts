// SPDX-License-Identifier: GPL-2.0-only
// What the tables of operations share: what an operation is, and what a life may expect of the kernel's answers.

import { ENOMEM, errnoName } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import type { Life } from "./life.ts";

/** Performs one operation with three numbers; false when it cannot be done now. */
export type Operation = (life: Life, a: number, b: number, c: number) => boolean;

/** Whether an allocation was made to fail in this operation. */
export function failing(life: Life): boolean {
  return life.k.fault.armed;
}

/**
 * -ENOMEM where memory may be out: an allocation was made to fail, or a neighbour's leaf is in the way of this one's
 * entries.
 */
export function oom(life: Life): number[] {
  return failing(life) || !wholeLeaves(life) ? [-ENOMEM] : [];
}

/**
 * Whether a section's memmap fills whole PMD leaves. If not, neighbours share one, and a namespace whose leaf lies in
 * another's altmap cannot be taken down in any order (nor can it in Linux): such neighbours are not made here.
 */
export function wholeLeaves(life: Life): boolean {
  return life.k.structPageSize === 64;
}

/** Panics unless an answer is among those the model allows. */
export function expectErrno(what: string, errno: number, allowed: readonly number[]): void {
  if (allowed.includes(errno)) return;
  const name = (n: number) => n === 0 ? "0" : `-${errnoName(n)}`;
  panic(`${what}: ${name(errno)}, expected ${allowed.map(name).join(" or ") || "no failure"}`);
}

/** One of a list, by any number; undefined from an empty one. */
export function pick<T>(list: readonly T[], i: number): T | undefined {
  return list.length === 0 ? undefined : list[i % list.length];
}
