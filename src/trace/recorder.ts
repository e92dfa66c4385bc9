// SPDX-License-Identifier: GPL-2.0-only
// Recording what the function tracer sees (kernel/trace/ring_buffer.c, trace_functions_graph.c in spirit): one plain
// event per function entered or left, with the work done so far. The text, Perfetto's file and the explorer are all
// made from these events.
//
//   enter memremap_pages          counters {}                  model 0 ms
//     enter page_init_poison      counters {}
//     leave page_init_poison      counters {}
//     enter memmap_init_..        counters { pteWrites: 64 }   what happened since the trace began
//
// A filter keeps one function and what it calls (set_graph_function), a depth the levels below (max_graph_depth).
// Left out: dropping events when the buffer is full; a trace of more than MOST_EVENTS is refused.

import { FRAME_USES } from "../include/frame_use.ts";
import type { Kernel, Tracer, TraceValue } from "../mm/kernel.ts";
import { type CounterName, COUNTERS } from "../mm/vmstat.ts";

/** Limit of events, to bound memory. */
export const MOST_EVENTS = 250_000;

/** Work done: counters that changed, and frames taken (positive) or freed (negative), by use. */
export interface TraceWork {
  /** Work counters; unchanged ones are left out. */
  readonly counters: Readonly<Partial<Record<CounterName, number>>>;
  /** Frames in use by purpose (`vmemmap` is memmap in DRAM, `altmap` memmap in pmem); unchanged ones are left out. */
  readonly framesTaken: Readonly<Record<string, number>>;
}

/** A function entered or left. */
export interface TraceEvent extends TraceWork {
  /** Entered or left. */
  readonly kind: "enter" | "leave";
  /** Kernel symbol. */
  readonly symbol: string;
  /** Number of enclosing calls in the trace. */
  readonly depth: number;
  /** Arguments by name; empty when the function is left. Frames and pages are numbers of base pages. */
  readonly args: Readonly<Record<string, TraceValue>>;
  /** What it returned; null when entered, or if there is nothing to show. */
  readonly result: TraceValue | null;
  /** Model time since the trace began, in milliseconds; null without a model. */
  readonly modelMs: number | null;
}

/** What to keep of a trace. */
export interface TraceFilter {
  /** Levels of calls; default all. */
  readonly depth?: number;
  /** Only calls of this function, and what they call; default all. */
  readonly filter?: string;
}

/** How to record. */
export interface RecorderOptions extends TraceFilter {
  /** Model time of this kernel's work in milliseconds; default none. */
  readonly clock?: ((k: Kernel) => number) | null;
  /** Stop the kernel after this many events; default never. */
  readonly until?: number;
}

/** Unwinds the kernel's path at the point where a replay ends. */
class TraceEnd extends Error {}

/** Records the events of `run` on a kernel, up to `until`. RangeError if there are more than MOST_EVENTS. */
export function recordTrace(k: Kernel, options: RecorderOptions, run: () => void): readonly TraceEvent[] {
  const recorder = new Recorder(k, options);
  const before = k.tracer;
  k.tracer = recorder;
  try {
    if ((options.until ?? Infinity) > 0) run();
  } catch (error) {
    if (!(error instanceof TraceEnd)) throw error;
  } finally {
    k.tracer = before;
  }
  return recorder.events;
}

/** Work between two moments of a trace. */
export function workBetween(from: TraceWork, to: TraceWork): TraceWork {
  return {
    counters: difference(from.counters, to.counters),
    framesTaken: difference(from.framesTaken, to.framesTaken),
  };
}

function difference<K extends string>(
  from: Readonly<Partial<Record<K, number>>>,
  to: Readonly<Partial<Record<K, number>>>,
): Record<K, number> {
  const moved = {} as Record<K, number>;
  for (const key of [...new Set([...Object.keys(from), ...Object.keys(to)] as K[])].sort()) {
    const n = (to[key] ?? 0) - (from[key] ?? 0);
    if (n !== 0) moved[key] = n;
  }
  return moved;
}

class Recorder implements Tracer {
  readonly events: TraceEvent[] = [];
  readonly #k: Kernel;
  readonly #options: RecorderOptions;
  readonly #stat: Float64Array;
  readonly #uses: Float64Array;
  readonly #startMs: number;
  /** Symbols of the functions that have not returned. */
  readonly #open: string[] = [];
  /** Their number at the outermost call of the filter's function; -1 outside of it. */
  #base: number;
  #statSeen: Float64Array;
  #usesSeen: Float64Array;
  #work: TraceWork = { counters: {}, framesTaken: {} };

  constructor(k: Kernel, options: RecorderOptions) {
    this.#k = k;
    this.#options = options;
    this.#stat = Float64Array.from(k.stat);
    this.#uses = Float64Array.from(k.uses);
    this.#statSeen = this.#stat;
    this.#usesSeen = this.#uses;
    this.#startMs = options.clock?.(k) ?? 0;
    this.#base = options.filter === undefined ? 0 : -1;
  }

  enter(symbol: string, args: Readonly<Record<string, TraceValue>>): void {
    if (this.#base < 0 && symbol === this.#options.filter) this.#base = this.#open.length;
    this.#open.push(symbol);
    this.#add("enter", symbol, args, null);
  }

  leave(result?: TraceValue): void {
    this.#add("leave", this.#open[this.#open.length - 1], {}, result ?? null);
    this.#open.pop();
    if (this.#options.filter !== undefined && this.#open.length === this.#base) this.#base = -1;
  }

  #add(
    kind: TraceEvent["kind"],
    symbol: string,
    args: Readonly<Record<string, TraceValue>>,
    result: TraceValue | null,
  ): void {
    const { depth: most = Infinity, until = Infinity, clock } = this.#options;
    const depth = this.#open.length - 1 - this.#base;
    if (this.#base < 0 || depth >= most) return;
    if (this.events.length === MOST_EVENTS) {
      throw new RangeError(
        `Cannot trace more than ${MOST_EVENTS} events: expected less work, a lower depth, or one function as filter`,
      );
    }
    const modelMs = clock ? clock(this.#k) - this.#startMs : null;
    this.events.push({ kind, symbol, depth, args, result, ...this.#workSoFar(), modelMs });
    if (this.events.length >= until) throw new TraceEnd();
  }

  /** Returns the same objects as for the event before if nothing changed. */
  #workSoFar(): TraceWork {
    const { stat, uses } = this.#k;
    const statMoved = differ(stat, this.#statSeen);
    const usesMoved = differ(uses, this.#usesSeen);
    if (!statMoved && !usesMoved) return this.#work;
    this.#statSeen = Float64Array.from(stat);
    this.#usesSeen = Float64Array.from(uses);
    return this.#work = {
      counters: statMoved ? moved(COUNTERS, this.#stat, stat) : this.#work.counters,
      framesTaken: usesMoved ? moved(FRAME_USES, this.#uses, uses) : this.#work.framesTaken,
    };
  }
}

/** A loop, because every event asks. */
function differ(a: Float64Array, b: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return true;
  return false;
}

function moved(names: readonly string[], from: Float64Array, to: Float64Array): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [i, name] of names.entries()) if (to[i] !== from[i]) found[name] = to[i] - from[i];
  return found;
}
