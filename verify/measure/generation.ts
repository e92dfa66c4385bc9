// SPDX-License-Identifier: GPL-2.0-only
// Runs claims against a kernel other than their document's. A measurement names the kernel of its series, and a
// requested generation replaces it. Replacements are recorded: a measurement that never names the series' kernel, or
// names one with a defect switched on, says nothing about other kernels.

import type { KernelConfig } from "../../mod.ts";

/** Kernels of the documents, which a generation replaces. */
const SERIES: readonly string[] = ["v4", "v7"];

let asked: string | null = null;
let named = false;

/** Measures with `kernel` in place of the documents' kernels; null if the measurement names none of them. */
export function measureUnder(kernel: string, measure: () => number): number | null {
  [asked, named] = [kernel, false];
  try {
    const value = measure();
    return named ? value : null;
  } finally {
    asked = null;
  }
}

/** The kernel to measure: the given one, or the generation in place of a series' kernel. */
export function asAsked<K extends string | KernelConfig>(kernel: K): K | string {
  if (asked === null || typeof kernel !== "string" || !SERIES.includes(kernel)) return kernel;
  named = true;
  return asked;
}

/** The requested generation, for features of a series without its own preset; null if none is requested. */
export function generation(): string | null {
  if (asked !== null) named = true;
  return asked;
}
