// SPDX-License-Identifier: GPL-2.0-only
// Sizes as people and programs write them: "128G", "2M", "1TiB", "0x1f80000000", and as ndctl prints them: "126.00 GiB
// (135.29 GB)". A bare letter and iB are powers of 1024, as ndctl and the kernel read them; GB with a fraction is a
// power of 1000, as ndctl prints it. A whole number of GB may be meant either way and is refused.

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 };
const DECIMAL: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

/**
 * Bytes of a size such as `"128G"`; RangeError on anything that is no size, may be read in two ways, or is too large
 * to be exact. Accepts whole and hexadecimal bytes; K, M, G, T, P with or without `iB`, in either case, as powers of
 * 1024; `GB` with a fraction as a power of 1000; and both together as ndctl prints them. A fraction of a byte is
 * rounded.
 */
export function parseSize(text: string): number {
  const both = /^([^()]+)\(([^()]+)\)$/.exec(text.trim());
  if (both === null) return oneSize(text, text.trim());
  const [binary, decimal] = [oneSize(text, both[1].trim()), oneSize(text, both[2].trim())];
  // ndctl prints two places of each.
  if (Math.abs(binary - decimal) > 0.01 * binary) throw refused(text, "the two sizes differ");
  return binary;
}

function oneSize(text: string, size: string): number {
  if (/^0x[0-9a-f]+$/i.test(size)) return exact(text, Number(size));
  const match = /^(\d+)(\.\d+)?\s*([KMGTP]?)(i?B)?$/i.exec(size);
  if (match === null) {
    throw refused(text, "expected a whole number of bytes such as 4096, 0x1000, 2M, 128G, 1.5T or 126.00 GiB");
  }
  const [, whole, fraction, letter, suffix] = match;
  const unit = letter.toUpperCase();
  if (unit === "") {
    if (fraction !== undefined) throw refused(text, "a fraction needs a unit such as M or GiB");
    return exact(text, Number(whole));
  }
  const amount = Number(whole + (fraction ?? ""));
  if (suffix?.toUpperCase() !== "B") return exact(text, Math.round(amount * UNITS[unit]));
  if (fraction === undefined) {
    const [binary, decimal] = [amount * UNITS[unit], amount * DECIMAL[unit]];
    throw refused(text, `${binary} or ${decimal} bytes? expected ${whole}${unit} or the bytes`);
  }
  return exact(text, Math.round(amount * DECIMAL[unit]));
}

function exact(text: string, bytes: number): number {
  if (Number.isSafeInteger(bytes)) return bytes;
  throw refused(text, `too large, expected less than ${formatSize(2 ** 53)}`);
}

function refused(text: string, why: string): RangeError {
  return new RangeError(`Cannot read size "${text}": ${why}`);
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
    const n = bytes / UNITS[unit];
    // What would be printed as 1024.00 of a unit is 1.00 of the next.
    if (n >= 1 - 0.005 / 1024) return `${Number.isInteger(n) ? n : n.toFixed(2)} ${unit}iB`;
  }
  return `${bytes} B`;
}
