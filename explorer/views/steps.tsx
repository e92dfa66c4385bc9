// SPDX-License-Identifier: GPL-2.0-only
// Step by step: a path of the kernel, entering or leaving one function at a time, with the machine at that moment.
// A step back is as exact as one forward: the path is rerun up to there.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../ask.ts";
import { bytes, type Field, ON, type Values, whole } from "../fields.ts";
import { flags } from "../parts/command.tsx";
import { Form } from "../parts/form.tsx";
import type { Questions } from "../questions.ts";
import type { View, ViewProps } from "../view.ts";
import { Moment } from "./moment.tsx";
import { KERNELS } from "./namespace_fields.ts";
import { Calls, Stack, Work } from "./trace_parts.tsx";

const PATHS = ["namespace", "fault", "gup", "put", "hugetlb", "hotplug", "destroy"];
/** Milliseconds per step at speed 1. */
const STEP_MS = 600;

const FIELDS: readonly Field[] = [
  { name: "path", label: "Path", kind: "choice", fallback: "namespace", choices: PATHS },
  { name: "kernel", label: "Kernel", kind: "choice", fallback: "6.1", choices: KERNELS },
  { name: "size", label: "Size", kind: "size", fallback: "", suggestions: ["4M", "128M", "256M", "1G"] },
  { name: "align", label: "Page size", kind: "size", fallback: "2M", suggestions: ["4K", "2M", "1G"] },
  { name: "mode", label: "gup mode", kind: "choice", fallback: "get", choices: ["get", "pin"] },
  { name: "memmap", label: "memmap_on_memory", kind: "switch", fallback: ON },
  { name: "speed", label: "Speed", kind: "choice", fallback: "1x", choices: ["0.5x", "1x", "2x", "4x", "10x"] },
  { name: "at", label: "Step", kind: "count", fallback: "0", hidden: true },
];

/** Sizes for which a path has few enough steps to follow; for hugetlb, huge pages. */
const SIZES: Readonly<Record<string, string>> = {
  namespace: "256M",
  fault: "4M",
  gup: "4M",
  put: "2M",
  hugetlb: "4",
  hotplug: "128M",
  destroy: "256M",
};

/** The view. */
export const stepsView: View = { name: "steps", title: "Step by step", fields: FIELDS, Show };

/** The path's options. RangeError for unreadable ones. */
function traceOptions(values: Values): Parameters<Questions["trace"]>[0] {
  const { path, kernel, mode, memmap } = values;
  const sized = { ...values, size: values.size === "" ? SIZES[path] : values.size };
  if (path === "hugetlb") return { path, kernel, size: bytes(values, "align"), count: whole(sized, "size") };
  const size = bytes(sized, "size");
  if (path === "hotplug") return { path, kernel, size, memmapOnMemory: memmap === ON };
  const device = { kernel, size, align: bytes(values, "align") };
  if (path === "namespace" || path === "destroy") return { path, ...device };
  return { path: path as "gup", ...device, mode: mode as "get" };
}

/** The same for `lab trace`. */
function command(values: Values): string[] {
  const { path, kernel, align, mode, memmap } = values;
  const size = values.size === "" ? SIZES[path] : values.size;
  const given = path === "hugetlb"
    ? { size: align, count: size, kernel }
    : path === "hotplug"
    ? { size, kernel, ...(memmap === ON ? { "memmap-on-memory": "" } : {}) }
    : { size, align, kernel, ...(["gup", "put"].includes(path) ? { mode } : {}) };
  return ["trace", path, ...flags(given, { kernel: "6.1", mode: "get" })];
}

function Show({ values, set }: ViewProps) {
  const { path, kernel, size, align, mode, memmap } = values;
  const inputs = [path, kernel, size, align, mode, memmap];
  const trace = useAnswer("trace", () => traceOptions(values), inputs);
  const count = trace.report?.events.length ?? 0;
  const at = Math.min(Number(values.at), count);
  const change = (changes: Values) => {
    const other = changes.path === undefined || changes.path === path ? {} : { size: "" };
    set(changes.speed === undefined ? { at: "0", ...other, ...changes } : changes);
  };
  return (
    <>
      <p>
        Each step is a kernel function entered or left. The picture is the machine at that moment; a step back reruns
        the path up to there.
      </p>
      <Form label="Path" fields={fieldsOf(path)} values={shown(values)} error={trace.error} onChange={change} />
      {trace.report === null ? null : (
        <>
          <Controls at={at} count={count} all={trace.report.all} speed={values.speed} set={set} />
          <div class="stage" data-command={JSON.stringify(command(values))}>
            <Moment
              options={traceOptions(values)}
              window={trace.report.window}
              at={at}
              stale={trace.pending}
              inputs={inputs}
            />
            <div class="aside">
              <Stack events={trace.report.events} at={at} />
              <Work events={trace.report.events} at={at} />
            </div>
          </div>
          <Calls events={trace.report.events} at={at} go={(step) => set({ at: String(step) }, true)} />
          <p class="command">
            <span class="read">The same in a terminal:</span>
            <code>deno task lab {command(values).join(" ")}</code>
          </p>
        </>
      )}
    </>
  );
}

/** The controls that apply to a path. */
function fieldsOf(path: string): readonly Field[] {
  const without = path === "hotplug"
    ? ["align", "mode"]
    : ["gup", "put"].includes(path)
    ? ["memmap"]
    : ["mode", "memmap"];
  const size = path === "hugetlb" ? "Huge pages" : path === "hotplug" ? "Plug" : "Size";
  return FIELDS.filter(({ name }) => !without.includes(name)).map((field) =>
    field.name === "size" ? { ...field, label: size } : field
  );
}

/** A path's default size, so that the form shows it. */
function shown(values: Values): Values {
  return { ...values, size: values.size === "" ? SIZES[values.path] : values.size };
}

function Controls({ at, count, all, speed, set }: {
  readonly at: number;
  readonly count: number;
  readonly all: number;
  readonly speed: string;
  readonly set: ViewProps["set"];
}) {
  const [playing, setPlaying] = useState(false);
  const go = (step: number) => set({ at: String(Math.max(0, Math.min(count, step))) }, true);
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (at >= count) setPlaying(false);
      else go(at + 1);
    }, STEP_MS / parseFloat(speed));
    return () => clearTimeout(timer);
  }, [playing, at, speed, count]);
  const play = () => {
    if (!playing && at >= count) go(0);
    setPlaying(!playing);
  };
  return (
    <div class="walk">
      <button type="button" class="play" onClick={play}>{playing ? "❚❚ Pause" : "▶ Play"}</button>
      <button type="button" disabled={at === 0} onClick={() => go(0)}>First</button>
      <button type="button" disabled={at === 0} onClick={() => go(at - 1)}>Back</button>
      <button type="button" disabled={at >= count} onClick={() => go(at + 1)}>Forward</button>
      <button type="button" disabled={at >= count} onClick={() => go(count)}>Last</button>
      <label>
        <span>Step {at} of {count}{all > count ? ` (the path has ${all})` : ""}</span>
        <input
          type="range"
          name="at"
          min={0}
          max={count}
          value={at}
          onInput={(event) => go(Number(event.currentTarget.value))}
        />
      </label>
    </div>
  );
}
