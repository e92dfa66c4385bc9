// SPDX-License-Identifier: GPL-2.0-only
// Sizes as ndctl, daxctl, lsmem and dmesg print them. A rounded figure stands for a range of bytes, and two figures for
// one size, "126.00 GiB (135.29 GB)", narrow it down.

import { parseSize } from "../lib/units.ts";
import type { Size } from "./facts.ts";

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

/** The size a text or number says; null when it says none, or one past 2^53 or below zero. */
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

/** One figure; its last decimal is rounded. Whole numbers of kB and MB are the kernel's, powers of 1024. */
function oneFigure(text: string): Size | null {
  const plain = text.replace(/^(\d+)\s*([KMGTP])B$/i, "$1$2");
  const bytes = bytesOf(plain);
  if (bytes === null) return null;
  const [amount, , fraction] = /^(\d+)\.(\d+)/.exec(plain) ?? ["1", "1", ""];
  const slack = fraction === "" || Number(amount) === 0 ? 0 : bytes / Number(amount) / 10 ** fraction.length / 2;
  return { least: Math.ceil(bytes - slack), most: Math.floor(bytes + slack) };
}

function bytesOf(text: string): number | null {
  try {
    return parseSize(text);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
