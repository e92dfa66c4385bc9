// SPDX-License-Identifier: GPL-2.0-only
// A trace in the Chrome trace event format, which Perfetto, speedscope and others read: a complete event ("X") for each
// call, a counter ("C") for each work counter and frame use that changes. Begin and end events ("B", "E") would do, but
// importers disagree on how to pair them when they carry different arguments.
//
// The clock is model time in microseconds. Without a model, every event takes 1 us. Importers do not nest calls without
// duration, so events at the same model time are placed 1 ns apart, the resolution of the format.

import type { TraceEvent } from "./recorder.ts";

/** One entry of `traceEvents`; `ts` and `dur` in microseconds. */
export interface ChromeEvent {
  /** Kernel symbol, or name of a track. */
  readonly name: string;
  /** A call, a counter's value, or the name of the process or thread. */
  readonly ph: "X" | "C" | "M";
  /** Microseconds since the trace began. */
  readonly ts: number;
  /** Duration of a call; absent for others. */
  readonly dur?: number;
  /** Process; always 1. */
  readonly pid: number;
  /** Thread, here the CPU; always 1. */
  readonly tid: number;
  /** Arguments and result of a call, or the value of a counter. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** The file's content. */
export interface ChromeTrace {
  /** How a viewer shows times. */
  readonly displayTimeUnit: "ns";
  /** What the clock is. */
  readonly otherData: Readonly<Record<string, string>>;
  /** In order of time. */
  readonly traceEvents: readonly ChromeEvent[];
}

const PLACE = { pid: 1, tid: 1 };

/** Events of a trace for Perfetto, under the name of what was traced. */
export function chromeTrace(name: string, events: readonly TraceEvent[]): ChromeTrace {
  const modelled = events.some((event) => event.modelMs !== null);
  const ns = modelled ? modelTimes(events) : events.map((_, i) => i * 1000);
  const leaves = leavesOf(events);
  const out: ChromeEvent[] = [
    { ...PLACE, name: "process_name", ph: "M", ts: 0, args: { name } },
    { ...PLACE, name: "thread_name", ph: "M", ts: 0, args: { name: "CPU 0" } },
  ];
  const shown = new Map<string, number>();
  for (const [i, event] of events.entries()) {
    const ts = ns[i] / 1000;
    out.push(
      ...movedTracks(event, shown).map(([track, value]): ChromeEvent => {
        return { ...PLACE, name: track, ph: "C", ts, args: { value } };
      }),
    );
    const leave = leaves[i];
    if (event.kind === "leave" || leave < 0) continue;
    const { result } = events[leave];
    const args = result === null ? event.args : { ...event.args, result };
    out.push({ ...PLACE, name: event.symbol, ph: "X", ts, dur: (ns[leave] - ns[i]) / 1000, args });
  }
  const clock = modelled
    ? "model time; events at the same model time are 1 ns apart"
    : "1 microsecond per event: nothing is modelled here";
  return { displayTimeUnit: "ns", otherData: { clock }, traceEvents: out };
}

/** Model time of each event in whole nanoseconds, strictly increasing. */
function modelTimes(events: readonly TraceEvent[]): number[] {
  let last = -1;
  return events.map(({ modelMs }) => last = Math.max(Math.round((modelMs ?? 0) * 1e6), last + 1));
}

/** The index of the event that leaves the call entered by event i; -1 for a call that was never left. */
function leavesOf(events: readonly TraceEvent[]): number[] {
  const leaves = events.map(() => -1);
  const open: number[] = [];
  for (const [i, { kind }] of events.entries()) {
    if (kind === "enter") open.push(i);
    else leaves[open.pop()!] = i;
  }
  return leaves;
}

/** Tracks whose value differs from that in `shown`, with their values; updates `shown`. */
function movedTracks(event: TraceEvent, shown: Map<string, number>): [track: string, value: number][] {
  const values = new Map(tracks(event));
  const names = new Set([...shown.keys(), ...values.keys()]);
  const moved = [...names].map((track): [string, number] => [track, values.get(track) ?? 0])
    .filter(([track, value]) => shown.get(track) !== value);
  for (const [track, value] of moved) shown.set(track, value);
  return moved;
}

function tracks({ counters, framesTaken: frames }: TraceEvent): [track: string, value: number][] {
  return [
    ...Object.entries(frames).map(([use, n]): [string, number] => [`frames: ${use}`, n]),
    ...Object.entries(counters),
  ];
}
