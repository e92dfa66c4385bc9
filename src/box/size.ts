// SPDX-License-Identifier: GPL-2.0-only
// Sizes as ndctl, daxctl, lsmem and dmesg print them. A rounded figure stands for a range of bytes; two figures for
// one size, "126.00 GiB (135.29 GB)", narrow it down.

import { parseSizeRange, type SizeRange } from "../lib/units.ts";

/** A size of exactly this many bytes. */
export function exactly(bytes: number): SizeRange {
  return { least: bytes, most: bytes };
}

/** Whether a figure may stand for this many bytes. */
export function standsFor({ least, most }: SizeRange, bytes: number): boolean {
  return least <= bytes && bytes <= most;
}

/** The middle of the range a figure stands for, in whole units. */
export function middle({ least, most }: SizeRange, unit = 1): number {
  return least === most ? least : Math.round((least + most) / 2 / unit) * unit;
}

/** The value of an alignment or address: of all that print this way, the one divisible by the largest power of two. */
export function roundest({ least, most }: SizeRange): number {
  if (least === most) return least;
  for (let unit = 2 ** 52; unit > 1; unit /= 2) {
    const at = Math.ceil(least / unit) * unit;
    if (at <= most) return at;
  }
  return least;
}

/** The size that a text or number gives; null if it is not a size, exceeds 2^53 or is negative. */
export function sizeOf(given: string | number): SizeRange | null {
  if (typeof given === "number") return Number.isSafeInteger(given) && given >= 0 ? exactly(given) : null;
  try {
    return parseSizeRange(given);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
