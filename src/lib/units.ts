// SPDX-License-Identifier: GPL-2.0-only
// Sizes as people write them: "128G", "2M", "16384M", "1TiB". Powers of 1024 throughout, as ndctl has it.

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 };

/**
 * Bytes of a size such as `"128G"`; throws a RangeError on anything else.
 * Accepts K, M, G, T, P with an optional `B` or `iB`, in either case; powers of 1024.
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGTP]?)(?:I?B)?$/i.exec(text.trim());
  const bytes = match === null ? NaN : Number(match[1]) * UNITS[match[2].toUpperCase()];
  if (!Number.isSafeInteger(bytes)) {
    throw new RangeError(`Cannot read size "${text}": expected a whole number of bytes such as 4096, 2M, 128G, 1T`);
  }
  return bytes;
}

/** Shortest exact form: `formatSize(2097152)` is `"2M"`; bytes that are no whole unit stay bytes. */
export function formatSize(bytes: number): string {
  for (const unit of ["P", "T", "G", "M", "K"]) {
    if (bytes >= UNITS[unit] && bytes % UNITS[unit] === 0) return `${bytes / UNITS[unit]}${unit}`;
  }
  return `${bytes}`;
}

/** Rounded form for people: `humanSize(1571958030336)` is `"1.43 TiB"`. */
export function humanSize(bytes: number): string {
  for (const unit of ["P", "T", "G", "M", "K"]) {
    if (bytes >= UNITS[unit]) {
      const n = bytes / UNITS[unit];
      return `${Number.isInteger(n) ? n : n.toFixed(2)} ${unit}iB`;
    }
  }
  return `${bytes} B`;
}
