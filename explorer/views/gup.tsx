// SPDX-License-Identifier: GPL-2.0-only
// gup: references taken page by page and once per compound, in one picture, with the counts of gup_test.
/// <reference lib="dom" />

import type { Mapping } from "../../src/draw/mapping.ts";
import { useAnswer } from "../ask.ts";
import { type Field, type Values, whole } from "../fields.ts";
import { Asked } from "../parts/command.tsx";
import { Drawing } from "../parts/drawing.tsx";
import { Figures } from "../parts/figure.tsx";
import { Form } from "../parts/form.tsx";
import { Savable } from "../parts/save.tsx";
import type { Questions } from "../questions.ts";
import type { View, ViewProps } from "../view.ts";
import { basePage, KERNELS, NAMESPACE_FIELDS, namespaceFlags, namespaceOptions } from "./namespace_fields.ts";

const FIELDS: readonly Field[] = [
  { ...NAMESPACE_FIELDS[0], fallback: "v4" },
  { name: "beside", label: "beside", kind: "choice", fallback: "5.14", choices: KERNELS },
  { name: "mode", label: "Mode", kind: "choice", fallback: "get", choices: ["get", "pin"] },
  { name: "size", label: "Hold", kind: "size", fallback: "256M", suggestions: ["4M", "256M", "1G", "16G"] },
  { name: "batch", label: "Pages per call", kind: "count", fallback: "512", suggestions: ["1", "64", "512"] },
  ...NAMESPACE_FIELDS.filter(({ name }) => !["kernel", "size"].includes(name)),
];

/** The view. */
export const gupView: View = { name: "gup", title: "gup", fields: FIELDS, Show };

function Show({ values, set }: ViewProps) {
  const first = useGup(values, values.kernel);
  const second = useGup(values, values.beside);
  const common = first.error !== null && first.error === second.error ? first.error : null;
  return (
    <>
      <p>
        <code>get_user_pages_fast()</code>{" "}
        takes a reference on every page. On compound pages all references are counted on the head: a kernel may add them
        one by one, or count the pages of the range and add once.
      </p>
      <Form label="gup_test" fields={FIELDS} values={values} error={common} onChange={set} />
      <div class="panels n2">
        {([[values.kernel, first], [values.beside, second]] as const).map(([kernel, { report, error, pending }], i) => (
          <section class="panel" key={`${i}`} aria-busy={pending} aria-label={`kernel ${kernel}`}>
            <h2>Kernel {kernel}</h2>
            {error === null || common !== null ? null : <p class="error" role="alert">{error}</p>}
            {report === null ? null : <Gup kernel={kernel} report={report} values={values} />}
          </section>
        ))}
      </div>
    </>
  );
}

function useGup(values: Values, kernel: string) {
  const { size, align, map, arch, struct, mode, batch } = values;
  const read = () => ({
    ...namespaceOptions(values, kernel),
    mode: mode as "get" | "pin",
    batch: whole(values, "batch"),
    repeats: 1,
  });
  return useAnswer("gup", read, [kernel, size, align, map, arch, struct, mode, batch]);
}

function Gup({ kernel, report, values }: {
  readonly kernel: string;
  readonly report: ReturnType<Questions["gup"]>;
  readonly values: Values;
}) {
  const { mode, batch } = values;
  const perPage = report.config.align / basePage(report.config.arch);
  const stores = report.refcountStores / (report.heldPages / perPage);
  const command = ["gup", ...namespaceFlags(values, kernel), "--mode", mode, "--batch", batch, "--repeats", "1"];
  const name = `${stores} reference count stores for the ${perPage} pages of one device page`;
  return (
    <Asked command={command}>
      <p class="headline">
        <strong>{Number(stores.toFixed(2))}</strong> {stores === 1 ? "store" : "stores"} for {perPage}{" "}
        {perPage === 1 ? "page" : "pages"}
      </p>
      <Savable name={`gup-${kernel}`}>
        <Drawing mapping={storesMapping(perPage, Math.max(1, Math.round(stores)))} label={name} />
      </Savable>
      <Figures
        caption={`All of ${values.size}, once`}
        rows={[
          ["Pages held", "heldPages", report.heldPages],
          ["Stores on reference counts to get", "refcountStores", report.refcountStores],
          ["Stores on pin counts", "pincountStores", report.pincountStores],
          ["Stores to put", "putRefcountStores", report.putRefcountStores],
          ["Searches for a pgmap", "pgmapLookups", report.pgmapLookups],
          ["Table entries read", "getCounters.gupWalkSteps", report.getCounters.gupWalkSteps],
          ["Model time to get", "modelGetMs", report.modelGetMs, "ms"],
          ["Model time to put", "modelPutMs", report.modelPutMs, "ms"],
        ]}
      />
    </Asked>
  );
}

/** Base pages of one device page, one row for each group counted by one store. */
function storesMapping(pages: number, stores: number): Mapping {
  const row = (first: number, last: number) => ({ first, last, target: 0 });
  const each = pages / stores;
  const nth = (i: number) => row(Math.floor(i * each), Math.floor((i + 1) * each) - 1);
  const rows = stores <= 8
    ? Array.from({ length: stores }, (_, i) => nth(i))
    : [nth(0), nth(1), nth(2), nth(3), row(Math.floor(4 * each), Math.floor((stores - 1) * each) - 1), nth(stores - 1)];
  const note = `${stores} ${stores === 1 ? "store" : "stores"} on _refcount`;
  const target = { label: "head", note, sources: stores, pfn: 0, refcount: stores, block: false };
  return { from: "base page", to: "struct page", rows, targets: [target], more: 0 };
}
