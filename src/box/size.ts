// SPDX-License-Identifier: GPL-2.0-only
// Sizes as ndctl, daxctl, lsmem and dmesg print them. A rounded figure stands for a range of bytes, and two figures for
// one size, "126.00 GiB (135.29 GB)", narrow it down.

import type { Size } from "./facts.ts";

const BINARY: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40, P: 2 ** 50 };
const DECIMAL: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };

/** A size that is exactly so many bytes. */
export function exactly(bytes: number): Size {
  return { least: bytes, most: bytes };
}

/** Whether a figure may stand for so many bytes. */
export function standsFor({ least, most }: Size, bytes: number): boolean {
  return least <= bytes && bytes <= most;
}

/** The middle of what a figure may stand for, in whole units. */
export function middle({ least, most }: Size, unit = 1): number {
  return least === most ? least : Math.round((least + most) / 2 / unit) * unit;
}

/** What a figure of an alignment or address stands for: of all it may, the one divisible by most. */
export function roundest({ least, most }: Size): number {
  if (least === most) return least;
  for (let unit = 2 ** 52; unit > 1; unit /= 2) {
    const at = Math.ceil(least / unit) * unit;
    if (at <= most) return at;
  }
  return least;
}

/**
 * The size a text or number says; null when it says none, or one past 2^53 or below zero. `GB` counts powers of 1000
 * where decimals stand before it, as ndctl prints it, `kB` and units without `iB` powers of 1024, as the kernel does.
 */
export function sizeOf(given: string | number): Size | null {
  if (typeof given === "number") return Number.isSafeInteger(given) && given >= 0 ? exactly(given) : null;
  const text = given.trim();
  const two = /^([^()]+)\(([^()]+)\)$/.exec(text);
  if (two === null) return oneFigure(text);
  const [a, b] = [oneFigure(two[1].trim()), oneFigure(two[2].trim())];
  if (a === null || b === null) return null;
  const both = { least: Math.max(a.least, b.least), most: Math.min(a.most, b.most) };
  return both.least <= both.most ? both : null;
}

function oneFigure(text: string): Size | null {
  if (/^0x[0-9a-f]+$/i.test(text)) return safe(Number(text), 0);
  const match = /^(\d+)(\.\d+)?\s*([KMGTP]?)(i?B?)$/i.exec(text);
  if (match === null) return null;
  const [, whole, fraction = "", prefix, suffix] = match;
  // "135.29 GB" is ndctl's; "2GB" is somebody's 2G.
  const units = fraction !== "" && /^b$/i.test(suffix) ? DECIMAL : BINARY;
  const unit = units[prefix.toUpperCase()];
  const rounded = fraction === "" || unit === 1 ? 0 : unit / 10 ** (fraction.length - 1) / 2;
  return safe(Number(whole + fraction) * unit, rounded);
}

/** Whole bytes about a figure. */
function safe(bytes: number, slack: number): Size | null {
  const size = { least: Math.max(0, Math.ceil(bytes - slack)), most: Math.floor(bytes + slack) };
  return Number.isSafeInteger(size.most) && size.least <= size.most ? size : null;
}
