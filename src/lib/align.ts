// SPDX-License-Identifier: GPL-2.0-only
// ALIGN(), ALIGN_DOWN(), IS_ALIGNED() of include/linux/align.h for plain numbers. JS bit operators stop at 32 bits,
// physical addresses do not, so these use division; exact for integers below 2^53.

/** `x` rounded up to a multiple of `a`. */
export function alignUp(x: number, a: number): number {
  return Math.ceil(x / a) * a;
}

/** `x` rounded down to a multiple of `a`. */
export function alignDown(x: number, a: number): number {
  return Math.floor(x / a) * a;
}

/** Whether `x` is a multiple of `a`. */
export function isAligned(x: number, a: number): boolean {
  return x % a === 0;
}

/** Whether `x` is a power of two. */
export function isPowerOf2(x: number): boolean {
  return x > 0 && Number.isInteger(Math.log2(x));
}
