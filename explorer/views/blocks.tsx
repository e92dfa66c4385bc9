// SPDX-License-Identifier: GPL-2.0-only
// Memory blocks: plugged, put online, taken offline and removed, with their memmap elsewhere or on the memory itself;
// the zone's spanned, present and managed pages as animated bars.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../ask.ts";
import { bytes, type Field, ON } from "../fields.ts";
import { Asked, flags } from "../parts/command.tsx";
import { Figures } from "../parts/figure.tsx";
import { Form } from "../parts/form.tsx";
import { MovingBars } from "../parts/stack.tsx";
import type { Questions } from "../questions.ts";
import type { View, ViewProps } from "../view.ts";
import { NAMESPACE_FIELDS } from "./namespace_fields.ts";

const STATES = ["base", "added", "online", "offline", "removed"];
const STATE_MS = 900;

const FIELDS: readonly Field[] = [
  NAMESPACE_FIELDS[0],
  NAMESPACE_FIELDS[1],
  { name: "size", label: "Plug", kind: "size", fallback: "1G", suggestions: ["128M", "1G", "16G"] },
  { name: "dimm", label: "DIMMs of", kind: "size", fallback: "128M", suggestions: ["128M", "1G"] },
  { name: "memmap", label: "memmap_on_memory", kind: "switch", fallback: ON },
  {
    name: "online",
    label: "Goes",
    kind: "choice",
    fallback: "online",
    choices: ["online", "online_kernel", "online_movable"],
  },
  { name: "state", label: "State", kind: "choice", fallback: "online", choices: STATES, hidden: true },
];

/** The view. */
export const blocksView: View = { name: "blocks", title: "Memory blocks", fields: FIELDS, Show };

type Report = ReturnType<Questions["hotplug"]>;

function Show({ values, set }: ViewProps) {
  const { kernel, arch, size, dimm, memmap, online, state } = values;
  const options = () => ({
    kernel,
    arch,
    size: bytes(values, "size"),
    dimm: bytes(values, "dimm"),
    memmapOnMemory: memmap === ON,
    online: online as "online",
  });
  const { report, error, pending } = useAnswer("hotplug", options, [kernel, arch, size, dimm, memmap, online]);
  const at = STATES.indexOf(state);
  const command = [
    "hotplug",
    ...flags({ size, dimm, kernel, arch, ...(memmap === ON ? { "memmap-on-memory": "" } : {}), online }, {
      kernel: "6.1",
      arch: "x86-64",
      online: "online",
    }),
  ];
  return (
    <>
      <p>
        Hot-added memory needs struct pages before any of it can be used. With <code>memmap_on_memory</code>{" "}
        each block holds its own in its first frames: present in the zone, but never managed.
      </p>
      <Form label="Memory" fields={FIELDS} values={values} error={error} onChange={set} />
      <States at={at} set={set} />
      {report === null ? null : (
        <div aria-busy={pending}>
          <Asked command={command}>
            <Zone report={report} at={at} />
            <Blocks report={report} at={at} />
            <Costs report={report} />
          </Asked>
        </div>
      )}
    </>
  );
}

/** The states, one selected, and a button that plays them. */
function States({ at, set }: { readonly at: number; readonly set: ViewProps["set"] }) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (at === STATES.length - 1) setPlaying(false);
      else set({ state: STATES[at + 1] }, true);
    }, STATE_MS);
    return () => clearTimeout(timer);
  }, [playing, at]);
  const play = () => {
    if (!playing) set({ state: STATES[0] }, true);
    setPlaying(!playing);
  };
  return (
    <div class="walk">
      <button type="button" class="play" onClick={play}>{playing ? "❚❚ Pause" : "▶ Play"}</button>
      <div class="steps" role="group" aria-label="State">
        {STATES.map((name, i) => (
          <button
            key={name}
            type="button"
            aria-pressed={i === at}
            onClick={() => set({ state: name })}
          >
            {name}
          </button>
        ))}
      </div>
    </div>
  );
}

function Zone({ report, at }: { readonly report: Report; readonly at: number }) {
  const now = report.states[at];
  const most = Math.max(...report.states.flatMap((s) => [s.presentPages, s.spannedPages]));
  const bar = (label: string, key: "spannedPages" | "presentPages" | "managedPages" | "freePages", hue: number) => ({
    label,
    parts: [{ path: `states.${at}.${key}`, name: "frames", value: now[key], hue }],
  });
  return (
    <MovingBars
      label={`The machine, ${now.state}; ${report.joinedZone.name} is the zone joined`}
      most={most}
      bars={[
        bar("Zone spans", "spannedPages", 7),
        bar("Present", "presentPages", 0),
        bar("Managed", "managedPages", 2),
        bar("Free", "freePages", 1),
      ]}
    />
  );
}

/** Limit of the blocks drawn. */
const MOST_BLOCKS = 64;

function Blocks({ report, at }: { readonly report: Report; readonly at: number }) {
  const there = at >= 1 && at <= 3;
  const shown = report.blocks.slice(0, MOST_BLOCKS);
  const online = at === 2;
  const frames = report.blockBytes / Math.max(1, report.addedBytes) * report.blocks.length;
  const label = `${report.blocks.length} memory blocks, ${there ? (online ? "online" : "offline") : "absent"}; ` +
    `${report.selfHostedPages} of ${report.vmemmapPages} vmemmap pages lie in the memory they describe`;
  return (
    <>
      <p class="note">{label}.</p>
      <svg
        class="blocks"
        viewBox={`0 0 ${16 * 46} ${Math.ceil(Math.max(1, shown.length) / 16) * 40}`}
        role="img"
        aria-label={label}
      >
        {shown.map((block, i) => {
          const [x, y] = [(i % 16) * 46, Math.floor(i / 16) * 40];
          // The memmap is drawn as a tenth of a block, since its true share, 1/64, would hardly be visible.
          const memmap = block.selfHostedPages > 0 && there ? 4.2 * Math.min(1, frames) : 0;
          return (
            <g key={block.blockNumber}>
              <title>
                block {block.blockNumber}, from pfn {block.startPfn}: {block.selfHostedPages} frames of memmap in it
              </title>
              <rect class={there ? (online ? "h2" : "h7") : "gone"} x={x} y={y} width={42} height={34} rx={3} />
              <rect class="h0" x={x} y={y} width={memmap} height={34} />
            </g>
          );
        })}
      </svg>
    </>
  );
}

function Costs({ report }: { readonly report: Report }) {
  const rows = [
    ["Added", "addedBytes", report.addedBytes, "bytes"],
    ["Taken in advance, pages of DRAM", "pages.dramTotal", report.pages.dramTotal],
    ["Vmemmap pages", "vmemmapPages", report.vmemmapPages],
    ["of them in the memory itself", "selfHostedPages", report.selfHostedPages],
    ["Gained to manage", "usableBytes", report.usableBytes, "bytes"],
    ["Zone, frames managed", "joinedZone.managedPages", report.joinedZone.managedPages],
    ["Struct pages written", "counters.ramStructPagesWritten", report.counters.ramStructPagesWritten],
  ] as const;
  const baseline = report.baseline === null ? [] : [
    ["without memmap_on_memory, pages of DRAM", "baseline.pages.dramTotal", report.baseline.pages.dramTotal],
  ] as const;
  return (
    <Figures
      caption={report.errno === null ? "What it took" : `Stopped: ${report.errno}`}
      rows={[...rows, ...baseline]}
    />
  );
}
