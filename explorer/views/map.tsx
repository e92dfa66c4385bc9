// SPDX-License-Identifier: GPL-2.0-only
// The memory map: one compound's vmemmap pages and the frames they map, under two kernels side by side, with closer
// views from there. The drawing is read from the emulator's tables.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import { layoutTitle, pageMapping, tableMapping } from "../../src/draw/mapping.ts";
import { useAnswer } from "../ask.ts";
import type { Field, Values } from "../fields.ts";
import { whole } from "../fields.ts";
import { Asked } from "../parts/command.tsx";
import { Drawing } from "../parts/drawing.tsx";
import { Figure, Figures } from "../parts/figure.tsx";
import { Form } from "../parts/form.tsx";
import { Savable } from "../parts/save.tsx";
import type { MapReport } from "../questions.ts";
import type { View, ViewProps } from "../view.ts";
import { PteTable, Sections } from "./cells.tsx";
import { CONTENTS_FIELD, KERNELS, NAMESPACE_FIELDS, namespaceFlags, namespaceOptions } from "./namespace_fields.ts";
import { Closer } from "./closer.tsx";

const NONE = "none";

const FIELDS: readonly Field[] = [
  NAMESPACE_FIELDS[0],
  { name: "beside", label: "beside", kind: "choice", fallback: "5.14", choices: [...KERNELS, NONE] },
  ...NAMESPACE_FIELDS.slice(1),
  CONTENTS_FIELD,
  { name: "compound", label: "Compound", kind: "count", fallback: "0", hidden: true },
  { name: "page", label: "Vmemmap page", kind: "count", fallback: "", hidden: true },
  { name: "pfn", label: "Struct page", kind: "count", fallback: "", hidden: true },
];

/** The view. */
export const mapView: View = { name: "map", title: "Memory map", fields: FIELDS, Show };

function Show({ values, set }: ViewProps) {
  const [played, setPlayed] = useState(Infinity);
  const play = usePlay(setPlayed);
  const first = useMap(values, values.kernel);
  const second = useMap(values, values.beside);
  const change = (changes: Values) => set({ compound: "0", page: "", pfn: "", ...changes });
  const compounds = first.report?.compounds ?? second.report?.compounds ?? 1;
  // One message is enough if both kernels have the same one.
  const common = first.error !== null && (second.error === first.error || values.beside === NONE) ? first.error : null;
  const panels = [
    [values.kernel, first],
    ...(values.beside === NONE ? [] : [[values.beside, second] as const]),
  ] as const;
  return (
    <>
      <Lede onPlay={play} />
      <Form label="Namespace" fields={FIELDS} values={values} error={common} onChange={change} />
      <Walk values={values} compounds={compounds} set={set} />
      <div class={`panels n${panels.length}`}>
        {panels.map(([kernel, answer], i) => (
          <Panel
            key={`${i}`}
            kernel={kernel as string}
            answer={answer as ReturnType<typeof useMap>}
            silent={common !== null}
            values={values}
            drawn={played}
            set={set}
          />
        ))}
      </div>
    </>
  );
}

function Lede({ onPlay }: { readonly onPlay: () => void }) {
  return (
    <div class="lede">
      <p>
        Linux keeps a 64-byte <code>struct page</code>{" "}
        for every 4 KiB of memory, so eight pages of that array, the vmemmap, describe one 2 MiB page. Seven of the
        eight say the same about tail pages: Linux 6.1 maps them all to one frame, where 5.14 spends a frame on each.
        The kernels below booted in this page just now; what is drawn was read from their page tables.
      </p>
      <button type="button" class="play" onClick={onPlay}>▶ Play</button>
    </div>
  );
}

/** Draws the rows one after the other, in the order in which the kernel fills the entries. */
function usePlay(setPlayed: (rows: number) => void): () => void {
  const [playing, setPlaying] = useState(-1);
  useEffect(() => {
    if (playing < 0) return;
    setPlayed(playing > 8 ? Infinity : playing);
    if (playing > 8) return;
    const timer = setTimeout(() => setPlaying(playing + 1), 450);
    return () => clearTimeout(timer);
  }, [playing]);
  return () => setPlaying((last) => last >= 0 && last <= 8 ? last : 0);
}

function useMap(values: Values, kernel: string) {
  const read = () =>
    kernel === NONE ? null : { ...namespaceOptions(values, kernel), compound: whole(values, "compound") };
  const { arch, size, align, map, struct, contents, compound } = values;
  return useAnswer("map", read, [kernel, arch, size, align, map, struct, contents, compound]);
}

/** The current place in the namespace, and the way back. */
function Walk({ values, compounds, set }: {
  readonly values: Values;
  readonly compounds: number;
  readonly set: ViewProps["set"];
}) {
  const at = Number(values.compound);
  const go = (compound: number) => set({ compound: String(compound), pfn: "" });
  return (
    <div class="walk">
      <label>
        <span>
          Compound page {at + 1} of {compounds}
        </span>
        <input
          type="range"
          name="compound"
          min={0}
          max={Math.max(0, compounds - 1)}
          value={at}
          onChange={(event) => go(Number(event.currentTarget.value))}
        />
      </label>
      <button type="button" disabled={at <= 0} onClick={() => go(at - 1)}>Previous</button>
      <button type="button" disabled={at >= compounds - 1} onClick={() => go(at + 1)}>Next</button>
      <button type="button" disabled={values.page === ""} onClick={() => set({ page: "", pfn: "" })}>Zoom out</button>
    </div>
  );
}

interface PanelProps {
  readonly kernel: string;
  readonly answer: ReturnType<typeof useMap>;
  readonly silent: boolean;
  readonly values: Values;
  readonly drawn: number;
  readonly set: ViewProps["set"];
}

function Panel({ kernel, answer, silent, values, drawn, set }: PanelProps) {
  const { report, error, pending } = answer;
  return (
    <section class="panel" aria-busy={pending} aria-label={`kernel ${kernel}`}>
      <h2>Kernel {kernel}</h2>
      {error === null || silent ? null : <p class="error" role="alert">{error}</p>}
      {report === null ? null : <Map kernel={kernel} report={report} values={values} drawn={drawn} set={set} />}
    </section>
  );
}

function Map({ kernel, report, values, drawn, set }: {
  readonly kernel: string;
  readonly report: MapReport;
  readonly values: Values;
  readonly drawn: number;
  readonly set: ViewProps["set"];
}) {
  const { layout, namespace, sections, table } = report;
  const pages = pageMapping(layout);
  const tables = tableMapping(layout);
  const page = values.page === "" ? -1 : Number(values.page);
  const chosen = pages.rows.findIndex(({ first, last }) => page >= first && page <= last);
  const { offset } = layout.config;
  const command = ["layout", ...namespaceFlags(values, kernel), ...(offset === 0 ? [] : ["--offset", String(offset)])];
  const taken = layout.frames.reduce(
    (n, { level, vmemmapIndexes: vmemmapPages }) => n + (level === 0 ? 1 : vmemmapPages.length),
    0,
  );
  return (
    <>
      <p class="headline">
        <strong>{taken}</strong> of {layout.vmemmapPages} frames taken
      </p>
      <Asked command={command}>
        <Savable name={`memmap-${kernel}`}>
          <Drawing
            mapping={pages}
            label={layoutTitle(layout).join(": ")}
            drawn={drawn}
            chosen={chosen}
            onChoose={(source) => set({ page: String(source), pfn: "" })}
          />
          {tables === null
            ? <p class="note">PMD leaves map it all: there is no PTE table.</p>
            : <Drawing mapping={tables} label="PMD entries and the PTE tables they point to" />}
        </Savable>
        <p class="facts">
          Frames in the picture, first: pfn <Figure path="frames.0.pfn" value={layout.frames[0].pfn} />
          {values.contents === "off" ? null : (
            <>
              , references <Figure path="frames.0.refcount" value={layout.frames[0].refcount} />
            </>
          )}; vmemmap pages <Figure path="vmemmapPages" value={layout.vmemmapPages} />; PTE tables{" "}
          <Figure path="tables.pte.length" value={layout.tables.pte.length} />.
        </p>
      </Asked>
      {page < 0 || page >= layout.vmemmapPages
        ? null
        : <Closer kernel={kernel} report={report} values={values} set={set} />}
      <h3>The PTE table around it</h3>
      <PteTable report={report} table={table} />
      <h3>The whole namespace</h3>
      <Sections report={report} sections={sections} set={set} />
      <Costs kernel={kernel} namespace={namespace} values={values} />
    </>
  );
}

/** The cost of the namespace. */
function Costs({ kernel, namespace, values }: {
  readonly kernel: string;
  readonly namespace: MapReport["namespace"];
  readonly values: Values;
}) {
  return (
    <Asked
      command={[
        "namespace",
        ...namespaceFlags(values, kernel),
        ...(values.contents === "off" ? ["--no-contents"] : []),
      ]}
    >
      <Figures
        caption="What the namespace costs"
        rows={[
          ["Memmap in DRAM, pages", "pages.vmemmap", namespace.pages.vmemmap],
          ["Memmap in pmem, pages", "pages.altmap", namespace.pages.altmap],
          ["PTE tables", "pages.pteTables", namespace.pages.pteTables],
          ["DRAM in all, pages", "pages.dramTotal", namespace.pages.dramTotal],
          ["under 5.14, pages", "baseline.pages.dramTotal", namespace.baseline.pages.dramTotal],
          ["struct pages mapped", "structPages.mapped", namespace.structPages.mapped],
          ["struct pages written", "structPages.initialised", namespace.structPages.initialised],
          ["Usable", "usableBytes", namespace.usableBytes, "bytes"],
          ["Overhead", "overheadPercent", namespace.overheadPercent, "percent"],
          ["Model time", "modelMs", namespace.modelMs, "ms"],
        ]}
      />
    </Asked>
  );
}
