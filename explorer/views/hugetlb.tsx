// SPDX-License-Identifier: GPL-2.0-only
// HugeTLB: a pool of huge pages growing and shrinking, and the frames of its memmap that go back to the allocator.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import { useAnswer } from "../ask.ts";
import { bytes, type Field, ON, type Values, whole } from "../fields.ts";
import { Asked, flags } from "../parts/command.tsx";
import { Figures } from "../parts/figure.tsx";
import { Form } from "../parts/form.tsx";
import { MovingBars } from "../parts/stack.tsx";
import type { Questions } from "../questions.ts";
import type { View, ViewProps } from "../view.ts";
import { NAMESPACE_FIELDS } from "./namespace_fields.ts";

const FIELDS: readonly Field[] = [
  NAMESPACE_FIELDS[0],
  NAMESPACE_FIELDS[1],
  { name: "size", label: "Huge page", kind: "size", fallback: "2M", suggestions: ["2M", "1G"] },
  { name: "count", label: "How many", kind: "count", fallback: "512", suggestions: ["64", "512", "2048"] },
  { name: "cpus", label: "CPUs", kind: "count", fallback: "1" },
  { name: "optimize", label: "free vmemmap", kind: "switch", fallback: ON },
  { name: "made", label: "Pages in the pool", kind: "count", fallback: "", hidden: true },
];

/** Steps of a pool that grows. */
const STEPS = 16;
const STEP_MS = 160;

/** The view. */
export const hugetlbView: View = { name: "hugetlb", title: "HugeTLB", fields: FIELDS, Show };

type Report = ReturnType<Questions["hugetlb"]>;

function Show({ values, set }: ViewProps) {
  const { kernel, arch, size, count, cpus, optimize, made } = values;
  // The current count of the pool: the link's, else all.
  const now = made === "" ? count : made;
  const options = () => ({
    kernel,
    arch,
    size: bytes(values, "size"),
    count: whole({ count: now }, "count"),
    cpus: whole(values, "cpus"),
    hugetlbFreeVmemmap: optimize === ON,
  });
  const { report, error, pending } = useAnswer("hugetlb", options, [kernel, arch, size, now, cpus, optimize]);
  const { playing, play } = useGrowing(Number(count), set);
  const all = Number(count) * (report?.vmemmapPagesPerHugePage ?? 0);
  const command = [
    "hugetlb",
    ...flags({ size, count: now, kernel, arch, cpus, ...(optimize === ON ? {} : { "no-hugetlb-free-vmemmap": "" }) }, {
      size: "2M",
      kernel: "6.1",
      arch: "x86-64",
      cpus: "1",
    }),
  ];
  return (
    <>
      <p>
        A HugeTLB page never needs most of its struct pages. With <code>hugetlb_free_vmemmap=on</code>{" "}
        the kernel maps the tails of each to the pages it keeps and frees the others; each leaf that must be split for
        that costs a PTE table.
      </p>
      <Form
        label="Pool"
        fields={FIELDS}
        values={values}
        error={error}
        onChange={(changes) => set({ made: "", ...changes })}
      />
      <PoolSize now={Number(now)} count={Number(count)} playing={playing} play={play} set={set} />
      {report === null ? null : (
        <div aria-busy={pending}>
          <Asked command={command}>
            <Pool report={report} now={now} all={all} />
          </Asked>
        </div>
      )}
    </>
  );
}

/** Pages that the pool takes and frees, as bars and as figures. */
function Pool({ report, now, all }: { readonly report: Report; readonly now: string; readonly all: number }) {
  return (
    <>
      <MovingBars
        label={`Memmap of ${now} huge pages, of at most ${all} vmemmap pages`}
        most={all}
        bars={[
          {
            label: "Given back",
            parts: [{ path: "freedPages", name: "pages", value: report.freedPages, hue: 2 }],
          },
          { label: "PTE tables", parts: [{ path: "pteTables", name: "pages", value: report.pteTables, hue: 1 }] },
          {
            label: "Net saved",
            parts: [{ path: "netSavedPages", name: "pages", value: report.netSavedPages, hue: 0 }],
          },
        ]}
      />
      <Figures
        caption={report.notOptimizable === null
          ? "Of the whole pool"
          : `Nothing can be freed: ${report.notOptimizable}`}
        rows={[
          ["Vmemmap pages of one huge page", "vmemmapPagesPerHugePage", report.vmemmapPagesPerHugePage],
          ["Net saved", "netSavedBytes", report.netSavedBytes, "bytes"],
          ["Leaves split", "allocCounters.vmemmapSplits", report.allocCounters.vmemmapSplits],
          ["TLB flushes to allocate them", "allocCounters.tlbFlushes", report.allocCounters.tlbFlushes],
          ["Interrupts for these", "allocCounters.tlbIpis", report.allocCounters.tlbIpis],
          ["PTEs written", "allocCounters.pteWrites", report.allocCounters.pteWrites],
          [
            "Pages copied to free them",
            "freeCounters.vmemmapPagesCopied",
            report.freeCounters!.vmemmapPagesCopied,
          ],
          ["Model time to make", "modelAllocMs", report.modelAllocMs, "ms"],
          ["Model time to free", "modelFreeMs", report.modelFreeMs, "ms"],
        ]}
      />
    </>
  );
}

function PoolSize({ now, count, playing, play, set }: {
  readonly now: number;
  readonly count: number;
  readonly playing: boolean;
  readonly play: () => void;
  readonly set: ViewProps["set"];
}) {
  return (
    <div class="walk">
      <button type="button" class="play" onClick={play}>{playing ? "❚❚ Pause" : "▶ Play"}</button>
      <label>
        <span>nr_hugepages {now}</span>
        <input
          type="range"
          name="made"
          min={1}
          max={Number.isFinite(count) && count > 0 ? count : 1}
          value={now}
          onChange={(event) => set({ made: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

/** Grows the pool to its count and shrinks it again. */
function useGrowing(count: number, set: ViewProps["set"]) {
  const [step, setStep] = useState(-1);
  useEffect(() => {
    if (step < 0) return;
    const height = step <= STEPS ? step : 2 * STEPS - step;
    set({ made: String(Math.max(1, Math.round(count * height / STEPS))) } as Values, true);
    const timer = setTimeout(() => setStep(step >= 2 * STEPS ? -1 : step + 1), STEP_MS);
    return () => clearTimeout(timer);
  }, [step]);
  return { playing: step >= 0, play: () => setStep((last) => last >= 0 ? -1 : 0) };
}
