// SPDX-License-Identifier: GPL-2.0-only
// The common part of the tables of operations: the type of an operation, and which answers of the kernel are allowed.

import { ENOMEM, errnoName } from "../../src/include/errno.ts";
import { panic } from "../../src/lib/bug.ts";
import type { Life } from "./life.ts";

/** Performs one operation with three numbers; false when it cannot be done now. */
export type Operation = (life: Life, a: number, b: number, c: number) => boolean;

/** Whether an allocation was made to fail during this operation. */
export function failing(life: Life): boolean {
  return life.k.fault.armed;
}

/**
 * -ENOMEM if memory may run out: an allocation was made to fail, or a neighbour's leaf is in the way of the new
 * entries.
 */
export function oom(life: Life): number[] {
  return failing(life) || !wholeLeaves(life) ? [-ENOMEM] : [];
}

/**
 * Whether a section's memmap fills whole PMD leaves. If not, neighbours share one, and a namespace whose leaf lies in
 * another's altmap cannot be taken down in any order (nor can it in Linux), so such neighbours are not created here.
 */
export function wholeLeaves(life: Life): boolean {
  return life.k.structPageSize === 64;
}

/** Panics unless the answer is among those the model allows. */
export function expectErrno(what: string, errno: number, allowed: readonly number[]): void {
  if (allowed.includes(errno)) return;
  const name = (n: number) => n === 0 ? "0" : `-${errnoName(n)}`;
  panic(`${what}: ${name(errno)}, expected ${allowed.map(name).join(" or ") || "no failure"}`);
}

/** An element of a list, by any number; undefined if the list is empty. */
export function pick<T>(list: readonly T[], i: number): T | undefined {
  return list.length === 0 ? undefined : list[i % list.length];
}

/** Takes an element out of its list. */
export function drop<T>(list: T[], one: T): void {
  list.splice(list.indexOf(one), 1);
}

/** An operation on an element of a list, picked by the first number; impossible while the list is empty. */
export function onOne<T>(
  list: (life: Life) => readonly T[],
  run: (life: Life, one: T, b: number, c: number) => void,
): Operation {
  return (life, a, b, c) => {
    const one = pick(list(life), a);
    if (one === undefined) return false;
    run(life, one, b, c);
    return true;
  };
}
