// SPDX-License-Identifier: GPL-2.0-only
// Events as a tree of calls in which repetitions are listed once. Calls are alike when function, outcome, work and the
// calls below them are; arguments and returned numbers may differ.
//
//   a b b b b c         a, b x 4, c
//   s p p p s p p p     2 times: s, p x 3
//
// The kernel does not fold: function_graph prints every call.

import type { TraceValue } from "../mm/kernel.ts";
import { type TraceEvent, type TraceWork, workBetween } from "./recorder.ts";

/** Consecutive equal calls of one function. Arguments and result are those of the first. */
export interface TraceCall {
  /** Kernel symbol. */
  readonly symbol: string;
  /** Arguments by name. */
  readonly args: Readonly<Record<string, TraceValue>>;
  /** What it returned; null for nothing, or if it had not returned when the trace ended. */
  readonly result: TraceValue | null;
  /** How many calls these are. */
  readonly times: number;
  /** Work of one of them. */
  readonly work: TraceWork;
  /** Model time of one of them in milliseconds; null without a model. */
  readonly modelMs: number | null;
  /** What one of them calls. */
  readonly children: readonly TraceStep[];
}

/** Different calls that repeat together. */
export interface TraceLoop {
  /** How many times they repeat. */
  readonly times: number;
  /** One round. */
  readonly calls: readonly TraceCall[];
}

/** One entry of a folded list of calls. */
export type TraceStep = TraceCall | TraceLoop;

/** Longest sequence of different calls that is checked for repetition. */
const LONGEST_LOOP = 8;

/** The calls of a trace, folded. Calls that had not returned are closed at its end. */
export function foldTrace(events: readonly TraceEvent[]): readonly TraceStep[] {
  return new Folder().fold(events);
}

/** A call being read: where it was entered, and what it has called so far. */
interface Open {
  readonly entered: TraceEvent;
  readonly calls: Keyed[];
}

/** A call, and a number that equal calls share. */
interface Keyed {
  readonly call: TraceCall;
  readonly key: number;
}

class Folder {
  readonly #keys = new Map<string, number>();

  fold(events: readonly TraceEvent[]): readonly TraceStep[] {
    const top: Keyed[] = [];
    const open: Open[] = [];
    const close = (left: TraceEvent, result: TraceValue | null) => {
      const { entered, calls } = open.pop()!;
      (open.at(-1)?.calls ?? top).push(this.#call(entered, left, result, calls));
    };
    for (const event of events) {
      if (event.kind === "enter") open.push({ entered: event, calls: [] });
      else close(event, event.result);
    }
    while (open.length > 0) close(events[events.length - 1], null);
    return this.#steps(top);
  }

  #call(entered: TraceEvent, left: TraceEvent, result: TraceValue | null, calls: readonly Keyed[]): Keyed {
    const { symbol, args } = entered;
    const work = workBetween(entered, left);
    const modelMs = left.modelMs === null || entered.modelMs === null ? null : left.modelMs - entered.modelMs;
    const call = { symbol, args, result, times: 1, work, modelMs, children: this.#steps(calls) };
    return { call, key: this.#key([symbol, outcome(result), work, calls.map((c) => c.key)]) };
  }

  #key(like: unknown): number {
    const text = JSON.stringify(like);
    const key = this.#keys.get(text) ?? this.#keys.size;
    this.#keys.set(text, key);
    return key;
  }

  #steps(calls: readonly Keyed[]): TraceStep[] {
    const runs: Keyed[] = [];
    for (let i = 0; i < calls.length;) {
      let end = i + 1;
      while (end < calls.length && calls[end].key === calls[i].key) end++;
      runs.push({ call: { ...calls[i].call, times: end - i }, key: this.#key([calls[i].key, end - i]) });
      i = end;
    }
    const steps: TraceStep[] = [];
    for (let i = 0; i < runs.length;) {
      const { length, times } = loopAt(runs, i);
      const loop = runs.slice(i, i + length).map(({ call }) => call);
      if (times === 1) steps.push(loop[0]);
      else steps.push({ times, calls: loop });
      i += length * times;
    }
    return steps;
  }
}

/** The loop that starts at a run and covers the most runs; the run itself if there is no loop. */
function loopAt(runs: readonly Keyed[], from: number): { readonly length: number; readonly times: number } {
  let best = { length: 1, times: 1 };
  for (let length = 2; length <= LONGEST_LOOP; length++) {
    let end = from + length;
    while (end < runs.length && runs[end].key === runs[end - length].key) end++;
    const times = Math.floor((end - from) / length);
    if (times > 1 && times * length > best.times * best.length) best = { length, times };
  }
  return best;
}

/** The part of a result by which calls are compared: an errno, a boolean, a word; all other numbers are equal. */
function outcome(result: TraceValue | null): TraceValue | null {
  return typeof result === "number" && result >= 0 ? "a number" : result;
}
