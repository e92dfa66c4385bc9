// SPDX-License-Identifier: GPL-2.0-only
// Below the compound page: the walk from the root table to one vmemmap page, the struct pages on it, and one of
// them word by word.
/// <reference lib="dom" />

import { useAnswer } from "../ask.ts";
import type { Values } from "../fields.ts";
import { SavableTable } from "../parts/save.tsx";
import type { Questions } from "../questions.ts";
import type { ViewProps } from "../view.ts";
import type { MapReport } from "../questions.ts";
import { namespaceOptions } from "./namespace_fields.ts";

interface CloserProps {
  readonly kernel: string;
  readonly report: MapReport;
  readonly values: Values;
  readonly set: ViewProps["set"];
}

/** The selected vmemmap page, and the selected struct page on it. */
export function Closer({ kernel, values, set }: CloserProps) {
  const page = Number(values.page);
  const options = () => ({ ...namespaceOptions(values, kernel), compound: Number(values.compound) });
  const inputs = [
    kernel,
    values.arch,
    values.size,
    values.align,
    values.map,
    values.struct,
    values.contents,
    values.compound,
  ];
  const view = useAnswer("page", () => ({ ...options(), page }), [...inputs, page]);
  if (view.error !== null) return <p class="error" role="alert">{view.error}</p>;
  if (view.report === null) return null;
  return (
    <div class="closer">
      <h3>Vmemmap page {page}, walked to</h3>
      <WalkTable kernel={kernel} view={view.report} />
      <StructPages view={view.report} chosen={values.pfn} set={set} />
      {values.pfn === "" ? null : <StructPage kernel={kernel} values={values} inputs={inputs} />}
    </div>
  );
}

function WalkTable({ kernel, view }: { readonly kernel: string; readonly view: ReturnType<Questions["page"]> }) {
  return (
    <SavableTable name={`walk to vmemmap page ${view.vmemmapPage}, kernel ${kernel}`}>
      <table class="plain">
        <caption>Virtual address 0x{view.address}, frame pfn {view.pfn}</caption>
        <thead>
          <tr>
            {["Level", "Table pfn", "Index", "Entry", "Bits set", "Points to pfn"].map((head) => (
              <th key={head} scope="col">{head}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {view.walk.map((step) => (
            <tr key={step.level}>
              <th scope="row">{step.level}</th>
              <td>{step.table}</td>
              <td>{step.index}</td>
              <td class="hex">{step.entry}</td>
              <td>{step.bits.join(" ")}</td>
              <td>{step.pfn}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </SavableTable>
  );
}

function StructPages({ view, chosen, set }: {
  readonly view: ReturnType<Questions["page"]>;
  readonly chosen: string;
  readonly set: ViewProps["set"];
}) {
  if (view.structPages.length === 0) return <p class="note">No struct page was written here.</p>;
  return (
    <>
      <h3>{view.structPages.length} struct pages, as this address shows them</h3>
      <div class="structs">
        {view.structPages.map(({ pfn, kind, refcount, head }) => (
          <button
            type="button"
            key={pfn}
            class={kind}
            aria-pressed={String(pfn) === chosen}
            aria-label={`struct page of frame ${pfn}: ${kind}, ${refcount} references`}
            title={`pfn ${pfn}, ${kind}${kind === "tail" ? ` of ${head}` : ""}, refcount ${refcount}`}
            onClick={() => set({ pfn: String(pfn) })}
          >
            {kind[0]}
          </button>
        ))}
      </div>
    </>
  );
}

function StructPage({ kernel, values, inputs }: {
  readonly kernel: string;
  readonly values: Values;
  readonly inputs: readonly unknown[];
}) {
  const pfn = Number(values.pfn);
  const { report, error } = useAnswer("struct", () => ({ ...namespaceOptions(values, kernel), pfn }), [...inputs, pfn]);
  if (error !== null) return <p class="error" role="alert">{error}</p>;
  if (report === null) return null;
  return (
    <>
      <h3>
        struct page of frame {report.pfn}: {report.kind}
      </h3>
      <SavableTable name={`struct page of frame ${report.pfn}, kernel ${kernel}`}>
        <table class="plain">
          <caption>
            At 0x{report.address}; flags {report.flags.join(", ") || "none"}; zone {report.zone}, node {report.node}
          </caption>
          <thead>
            <tr>
              {["Offset", "Word", "Means"].map((head) => <th key={head} scope="col">{head}</th>)}
            </tr>
          </thead>
          <tbody>
            {report.words.map(({ offset, hex, fields }) => (
              <tr key={offset}>
                <th scope="row">+{offset}</th>
                <td class="hex">{hex}</td>
                <td>{fields.map(({ name, value }) => `${name} ${value}`.trim()).join(" · ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </SavableTable>
    </>
  );
}
