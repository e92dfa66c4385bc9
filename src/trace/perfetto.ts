// SPDX-License-Identifier: GPL-2.0-only
// A trace in the Chrome trace event format, which Perfetto and chrome://tracing open: slices for calls, a track for each
// counter and use of frames that moves. The clock is model time; where nothing is modelled, every event takes 1 us.

import type { TraceEvent } from "./recorder.ts";

/** One entry of `traceEvents`; `ts` in microseconds. */
export interface ChromeEvent {
  /** Kernel symbol, or name of a track. */
  readonly name: string;
  /** Slice begins, ends; a counter's value; a name for process or thread. */
  readonly ph: "B" | "E" | "C" | "M";
  /** Microseconds since the trace began. */
  readonly ts: number;
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
  const out: ChromeEvent[] = [
    { ...PLACE, name: "process_name", ph: "M", ts: 0, args: { name } },
    { ...PLACE, name: "thread_name", ph: "M", ts: 0, args: { name: "CPU 0" } },
  ];
  const shown = new Map<string, number>();
  for (const [i, event] of events.entries()) {
    const ts = modelled ? (event.modelMs ?? 0) * 1000 : i;
    const values = new Map(tracks(event));
    for (const track of new Set([...shown.keys(), ...values.keys()])) {
      const value = values.get(track) ?? 0;
      if (shown.get(track) === value) continue;
      shown.set(track, value);
      out.push({ ...PLACE, name: track, ph: "C", ts, args: { value } });
    }
    const args = event.kind === "enter" ? event.args : event.result === null ? {} : { result: event.result };
    out.push({ ...PLACE, name: event.symbol, ph: event.kind === "enter" ? "B" : "E", ts, args });
  }
  const clock = modelled ? "model time" : "one microsecond per event: nothing is modelled here";
  return { displayTimeUnit: "ns", otherData: { clock }, traceEvents: out };
}

function tracks({ counters, frames }: TraceEvent): [track: string, value: number][] {
  return [
    ...Object.entries(frames).map(([use, n]): [string, number] => [`frames: ${use}`, n]),
    ...Object.entries(counters),
  ];
}
