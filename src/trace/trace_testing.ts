// SPDX-License-Identifier: GPL-2.0-only
// For tests that assert an order of steps: the kernel functions called while something runs, folded, indented by call
// depth. Only tests import this file.

import type { Kernel } from "../mm/kernel.ts";
import { foldTrace, type TraceStep } from "./fold.ts";
import { recordTrace, type TraceFilter } from "./recorder.ts";

/** Steps of what `run` does on a kernel: `"  flush_tlb_all x 3"`. */
export function stepsOf(k: Kernel, run: () => void, filter: TraceFilter = {}): string[] {
  return foldTrace(recordTrace(k, filter, run)).flatMap((step) => lines(step, ""));
}

function lines(step: TraceStep, indent: string): string[] {
  if (!("symbol" in step)) {
    return [`${indent}${step.times} times:`, ...step.calls.flatMap((call) => lines(call, `${indent}  `))];
  }
  const x = step.times === 1 ? "" : ` x ${step.times}`;
  return [`${indent}${step.symbol}${x}`, ...step.children.flatMap((child) => lines(child, `${indent}  `))];
}
