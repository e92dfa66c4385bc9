// SPDX-License-Identifier: GPL-2.0-only
// Sizes as people and programs write them: "128G", "2M", "1TiB", "0x1f80000000", and as ndctl prints them: "126.00 GiB
// (135.29 GB)". A bare letter and iB are powers of 1024, as ndctl and the kernel read them; GB with a fraction is a
// power of 1000, as ndctl prints it. A whole number of GB is ambiguous and refused, unless the kernel printed it. A
// figure with a fraction was rounded: it stands for every number of bytes that prints the same way.
//
//   135.29 GB        | least .. |126 GiB| .. most |      the one multiple of 16 MiB, which regions are made of

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 };
const DECIMAL: Readonly<Record<string, number>> = { K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };
/** Regions and namespaces are multiples of this. */
const USUAL_UNIT = 2 ** 24;

/** The range of bytes that a written size may stand for. */
export interface SizeRange {
  readonly least: number;
  readonly most: number;
}

/**
 * Bytes of a size such as `"128G"`; RangeError for anything that is not a size, is ambiguous, or is too large to be
 * exact. Accepts whole and hexadecimal bytes; K, M, G, T, P with or without `iB`, in either case, as powers of 1024;
 * `GB` with a fraction as a power of 1000; and both together as ndctl prints them. A rounded figure is taken for the
 * multiple of 16 MiB that it must be, if there is only one; otherwise as written, rounded to whole bytes.
 */
export function parseSize(text: string): number {
  const { figures, least, most } = readSize(text, false);
  const [exact] = figures;
  const inside = exact >= least && exact <= most;
  if (least === most || (inside && exact % USUAL_UNIT === 0)) return exact;
  const unit = Math.ceil(least / USUAL_UNIT) * USUAL_UNIT;
  if (unit > 0 && unit <= most && unit + USUAL_UNIT > most) return unit;
  return inside ? exact : Math.round((least + most) / 2);
}

/**
 * The range of bytes that a size printed by a program may stand for. RangeError as for {@linkcode parseSize}, except
 * that whole numbers of kB and MB are taken for the kernel's, powers of 1024.
 */
export function parseSizeRange(text: string): SizeRange {
  const { least, most } = readSize(text, true);
  return { least, most };
}

/** Reads one figure, or two of the same size, and the range that both allow. */
function readSize(text: string, ofKernel: boolean): SizeRange & { readonly figures: readonly number[] } {
  const both = /^([^()]+)\(([^()]+)\)$/.exec(text.trim());
  const parts = both === null ? [text] : [both[1], both[2]];
  const read = parts.map((part) => oneSize(text, part.trim(), ofKernel));
  const least = Math.max(...read.map(({ bytes, slack }) => Math.ceil(bytes - slack)));
  const most = Math.min(...read.map(({ bytes, slack }) => Math.floor(bytes + slack)));
  if (least > most) throw refused(text, "the two sizes differ");
  return { least, most, figures: read.map(({ bytes }) => bytes) };
}

/** A figure in whole bytes, and its rounding error. */
function oneSize(text: string, size: string, ofKernel: boolean): { readonly bytes: number; readonly slack: number } {
  if (/^0x[0-9a-f]+$/i.test(size)) return { bytes: exact(text, Number(size)), slack: 0 };
  const match = /^(\d+)(?:\.(\d+))?\s*([KMGTP]?)(i?B)?$/i.exec(size);
  if (match === null) {
    throw refused(text, "expected a whole number of bytes such as 4096, 0x1000, 2M, 128G, 1.5T or 126.00 GiB");
  }
  const [, whole, fraction, letter, suffix] = match;
  const unit = letter.toUpperCase();
  if (unit === "") {
    if (fraction !== undefined) throw refused(text, "a fraction needs a unit such as M or GiB");
    return { bytes: exact(text, Number(whole)), slack: 0 };
  }
  const decimal = suffix?.toUpperCase() === "B" && !(fraction === undefined && ofKernel);
  if (fraction === undefined) {
    const [binary, thousands] = [Number(whole) * UNITS[unit], Number(whole) * DECIMAL[unit]];
    if (decimal) throw refused(text, `${binary} or ${thousands} bytes? expected ${whole}${unit} or the bytes`);
    return { bytes: exact(text, binary), slack: 0 };
  }
  const factor = (decimal ? DECIMAL : UNITS)[unit];
  const bytes = exact(text, Math.round(Number(`${whole}.${fraction}`) * factor));
  return { bytes, slack: factor / 10 ** fraction.length / 2 };
}

function exact(text: string, bytes: number): number {
  if (Number.isSafeInteger(bytes)) return bytes;
  throw refused(text, `too large, expected less than ${formatSize(2 ** 53)}`);
}

function refused(text: string, why: string): RangeError {
  return new RangeError(`Cannot read size "${text}": ${why}`);
}

/** Shortest exact form: `formatSize(2097152)` is `"2M"`; sizes without a whole unit stay in bytes. */
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
    // A size that would print as 1024.00 of a unit prints as 1.00 of the next.
    if (n >= 1 - 0.005 / 1024) return `${Number.isInteger(n) ? n : n.toFixed(2)} ${unit}iB`;
  }
  return `${bytes} B`;
}
