// SPDX-License-Identifier: GPL-2.0-only
// Claims put to another kernel than their document's. A measurement names the kernel of its series; while a generation is
// asked for, that one takes its place, and what was asked is noted: a measurement that never names the series' kernel, or
// that names one with a defect switched on, says nothing about other kernels.

import type { KernelConfig } from "../../mod.ts";

/** Kernels of the documents: those that a generation stands in for. */
const SERIES: readonly string[] = ["v4", "v7"];

let asked: string | null = null;
let named = false;

/** Measures with `kernel` in the place of the documents' kernels; null when none of them was named. */
export function measureUnder(kernel: string, measure: () => number): number | null {
  [asked, named] = [kernel, false];
  try {
    const value = measure();
    return named ? value : null;
  } finally {
    asked = null;
  }
}

/** The kernel to measure: the one given, or the generation in the place of a series'. */
export function asAsked<K extends string | KernelConfig>(kernel: K): K | string {
  if (asked === null || typeof kernel !== "string" || !SERIES.includes(kernel)) return kernel;
  named = true;
  return asked;
}

/** The generation asked for, to measure what a series without a preset of its own brought; null when none is. */
export function generation(): string | null {
  if (asked !== null) named = true;
  return asked;
}
