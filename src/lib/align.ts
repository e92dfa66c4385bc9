// SPDX-License-Identifier: GPL-2.0-only
// ALIGN(), ALIGN_DOWN(), IS_ALIGNED() of include/linux/align.h for plain numbers. JS bit operators stop at 32 bits,
// physical addresses do not, so these use division; exact for integers below 2^53.

/**
 * 2^n. In V8 the result of `**`, and whatever is computed from it, stays a double; a shift gives a small integer, with
 * which the hot paths are several times faster.
 */
export function powerOf2(n: number): number {
  return n < 31 ? 1 << n : 2 ** n;
}

/**
 * `PFN_DOWN`: whole pages in `bytes`. Frame numbers are computed here, or by shifts, so that they are small integers
 * too.
 */
export function pfnDown(bytes: number, pageBytes: number): number {
  return Math.floor(bytes / pageBytes);
}

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
