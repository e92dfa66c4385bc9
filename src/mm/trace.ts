// SPDX-License-Identifier: GPL-2.0-only
// The hook of the function tracer (kernel/trace/ftrace.c, trace_functions_graph.c in spirit): a kernel function tells
// `k.tracer` when it is entered, by its kernel symbol, and when it returns. src/trace records, folds and prints these
// events. Two forms:
//
//   traced("sparse_add_section(nid, pfn, n)", (k, nid, pfn, n, ..) => ..)     once per range, section, huge page
//   k.tracer?.enter("put_page", { pfn }); .. k.tracer?.leave(done)            hot ones: nothing but a test when off
//
// Loops over struct pages are not traced inside; what they did shows in the counters (vmstat.ts) and the frames in use.
// Left out: dynamic patching, per-CPU buffers, interrupts; a panic leaves its functions open.

import type { Kernel, TraceValue } from "./kernel.ts";

/**
 * Makes a kernel function traced. `prototype` gives its symbol and the names of its arguments after `k`, with `_` for
 * those not shown; objects are never shown.
 */
export function traced<A extends unknown[], R>(
  prototype: string,
  run: (k: Kernel, ...args: A) => R,
): (k: Kernel, ...args: A) => R {
  const [symbol, ...names] = prototype.split(/\W+/).filter((word) => word !== "");
  return (k, ...args) => {
    if (k.tracer === null) return run(k, ...args);
    const given: Record<string, TraceValue> = {};
    for (const [i, name] of names.entries()) {
      const value = args[i];
      if (name !== "_" && isTraceValue(value)) given[name] = value;
    }
    k.tracer.enter(symbol, given);
    const result = run(k, ...args);
    k.tracer.leave(isTraceValue(result) ? result : undefined);
    return result;
  };
}

function isTraceValue(value: unknown): value is TraceValue {
  return Number.isFinite(value) || typeof value === "string" || typeof value === "boolean";
}
