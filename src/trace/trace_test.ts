// SPDX-License-Identifier: GPL-2.0-only
// Recording, folding and printing calls: balanced and complete whatever is called, repetitions listed once without
// losing any.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { boot } from "../boot.ts";
import { machine } from "../testing.ts";
import type { Kernel } from "../mm/kernel.ts";
import { C } from "../mm/vmstat.ts";
import { foldTrace, type TraceStep } from "./fold.ts";
import { graphLines } from "./graph.ts";
import { chromeTrace } from "./perfetto.ts";
import { MOST_EVENTS, recordTrace, type TraceEvent, workBetween } from "./recorder.ts";
import { stepsOf } from "./trace_testing.ts";

/** A call: its symbol, how many entries it writes itself, what it calls. */
interface Call {
  readonly symbol: string;
  readonly ptes: number;
  readonly calls: readonly Call[];
}

const callsOf = (below: fc.Arbitrary<readonly Call[]>) =>
  fc.array(
    fc.record({ symbol: fc.constantFrom("a", "b"), ptes: fc.nat(1), calls: below }),
    { maxLength: 5 },
  );
const CALLS = callsOf(callsOf(callsOf(fc.constant([]))));

function perform(k: Kernel, calls: readonly Call[]): void {
  for (const { symbol, ptes, calls: below } of calls) {
    k.tracer?.enter(symbol, { ptes });
    k.stat[C.pteWrites] += ptes;
    perform(k, below);
    k.tracer?.leave();
  }
}

function count(calls: readonly Call[]): number {
  return calls.reduce((sum, call) => sum + 1 + count(call.calls), 0);
}

function countFolded(steps: readonly TraceStep[]): number {
  return steps.reduce((sum, step) => {
    const calls = "symbol" in step ? [step] : step.calls;
    const one = calls.reduce((n, call) => n + call.times * (1 + countFolded(call.children)), 0);
    return sum + one * ("symbol" in step ? 1 : step.times);
  }, 0);
}

const entries = (steps: readonly TraceStep[]): number =>
  steps.reduce((sum, step) => {
    const calls = "symbol" in step ? [step] : step.calls;
    const one = calls.reduce((n, call) => n + call.times * (call.work.counters.pteWrites ?? 0), 0);
    return sum + one * ("symbol" in step ? 1 : step.times);
  }, 0);

Deno.test("foldTrace() keeps every call and all work, however calls nest and repeat", () => {
  const k = boot(machine(""));
  fc.assert(fc.property(CALLS, (calls) => {
    const before = k.stat[C.pteWrites];
    const events = recordTrace(k, {}, () => perform(k, calls));
    assertEquals(events.length, 2 * count(calls));
    const steps = foldTrace(events);
    assertEquals(countFolded(steps), count(calls));
    assertEquals(entries(steps), k.stat[C.pteWrites] - before);
    assertEquals(graphLines(steps, "").filter((line) => line.includes("undefined")), []);
  }));
});

Deno.test("foldTrace() lists repetitions once, of single calls and of sequences", () => {
  const k = boot(machine(""));
  const a = { symbol: "a", ptes: 1, calls: [] };
  const b = { symbol: "b", ptes: 0, calls: [a, a] };
  const steps = (calls: Call[]) => stepsOf(k, () => perform(k, calls));
  assertEquals(steps([a, a, a]), ["a x 3"]);
  assertEquals(steps([b, b, { ...b, ptes: 1 }]), ["b x 2", "  a x 2", "b", "  a x 2"]);
  assertEquals(steps([b, a, a, b, a, a, b]), ["2 times:", "  b", "    a x 2", "  a x 2", "b", "  a x 2"]);
});

Deno.test("recordTrace() keeps the requested levels and function", () => {
  const k = boot(machine(""));
  const calls = [{
    symbol: "a",
    ptes: 1,
    calls: [{ symbol: "b", ptes: 1, calls: [{ symbol: "c", ptes: 1, calls: [] }] }],
  }];
  const kept = (filter: Parameters<typeof stepsOf>[2]) => stepsOf(k, () => perform(k, calls), filter);
  assertEquals(kept({ depth: 2 }), ["a", "  b"]);
  assertEquals(kept({ filter: "b" }), ["b", "  c"]);
  assertEquals(kept({ filter: "b", depth: 1 }), ["b"]);
  assertEquals(kept({ filter: "d" }), []);
});

Deno.test("recordTrace() restores the tracer when its function fails, and refuses too many events", () => {
  const k = boot(machine(""));
  assertThrows(
    () =>
      recordTrace(k, {}, () => {
        throw new Error("broken");
      }),
    Error,
    "broken",
  );
  assertEquals(k.tracer, null);
  const many = () => {
    for (let i = 0; i <= MOST_EVENTS / 2; i++) perform(k, [{ symbol: "a", ptes: 0, calls: [] }]);
  };
  assertThrows(() => recordTrace(k, {}, many), RangeError, `more than ${MOST_EVENTS} events`);
  assertEquals(k.tracer, null);
});

Deno.test("chromeTrace() nests its calls in time, sorts them, and its tracks end with the total work", () => {
  const k = boot(machine(""));
  fc.assert(fc.property(CALLS, fc.boolean(), (calls, modelled) => {
    const clock = modelled ? (k: Kernel) => k.stat[C.pteWrites] / 1000 : null;
    const events = recordTrace(k, { clock }, () => perform(k, calls));
    const { traceEvents } = chromeTrace("test", events);
    // Each call ends within the one around it, as its depth says. Times are whole nanoseconds.
    const ends: number[] = [];
    const depths: number[] = [];
    let last = 0;
    for (const { ph, ts, dur } of traceEvents) {
      assert(ts >= last);
      last = ts;
      if (ph !== "X") continue;
      const [from, to] = [Math.round(ts * 1000), Math.round((ts + dur!) * 1000)];
      while (ends.length > 0 && ends.at(-1)! < from) ends.pop();
      assert(to > from && to < (ends.at(-1) ?? Infinity));
      depths.push(ends.length);
      ends.push(to);
    }
    assertEquals(depths, events.filter(({ kind }) => kind === "enter").map(({ depth }) => depth));
    const track = traceEvents.findLast(({ ph, name }) => ph === "C" && name === "pteWrites");
    assertEquals(track?.args.value, events.at(-1)?.counters.pteWrites);
  }));
});

Deno.test("graphLines() prints time and own work on the line that closes a call", () => {
  const at = (kind: TraceEvent["kind"], symbol: string, depth: number, ptes: number, result: number | null = null) => {
    const counters = ptes === 0 ? {} : { pteWrites: ptes };
    return {
      kind,
      symbol,
      depth,
      args: kind === "enter" ? { n: 8 } : {},
      result,
      counters,
      framesTaken: {},
      modelMs: ptes / 1e3,
    };
  };
  const events = [
    at("enter", "outer", 0, 0),
    at("enter", "inner", 1, 0),
    at("leave", "inner", 1, 2, -12),
    at("leave", "outer", 0, 5, 0),
  ];
  assertEquals(workBetween(events[1], events[3]).counters, { pteWrites: 5 });
  assertEquals(graphLines(foldTrace(events), "of a machine").slice(5), [
    "              |  outer(n=8) {",
    "    2.000 us  |    inner(n=8); /* ret=ENOMEM; PTEs 2 */",
    "    5.000 us  |  } /* outer; ret=0; PTEs 3; in all: PTEs 5 */",
  ]);
});
