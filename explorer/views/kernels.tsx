// SPDX-License-Identifier: GPL-2.0-only
// Kernels side by side: one question under every preset, as bars and as a table, and the growth of its cost with size.
/// <reference lib="dom" />

import { useEffect, useState } from "preact/hooks";
import { barChart } from "../../charts/bars.ts";
import { recall } from "../ask.ts";
import type { Field, Values } from "../fields.ts";
import { bytes, whole } from "../fields.ts";
import { flags } from "../parts/command.tsx";
import { Chart } from "../parts/chart.tsx";
import { Figure, type Unit } from "../parts/figure.tsx";
import { Form } from "../parts/form.tsx";
import { SavableTable } from "../parts/save.tsx";
import type { Questions } from "../questions.ts";
import type { View, ViewProps } from "../view.ts";
import { Growth } from "./growth.tsx";
import { KERNELS, NAMESPACE_FIELDS, namespaceFlags, namespaceOptions } from "./namespace_fields.ts";

/** One column: its path in the report, and its label. */
interface Measure {
  readonly path: string;
  readonly label: string;
  readonly unit: Unit;
}

/** A question for every kernel. */
interface Question {
  readonly name: keyof Questions;
  readonly measures: readonly Measure[];
  readonly options: (values: Values, kernel: string) => unknown;
  readonly command: (values: Values, kernel: string) => string[];
}

const count = (path: string, label: string): Measure => ({ path, label, unit: "count" });
const ms = (path: string, label: string): Measure => ({ path, label, unit: "ms" });

const QUESTION: Readonly<Record<string, Question>> = {
  namespace: {
    name: "namespace",
    measures: [
      count("pages.dramTotal", "DRAM, pages"),
      count("pages.altmap", "pmem, pages"),
      count("pages.pteTables", "PTE tables"),
      count("structPages.initialised", "struct pages written"),
      count("counters.pteWrites", "PTEs written"),
      count("counters.allocCalls", "allocator calls"),
      ms("modelMs", "model time"),
    ],
    options: (values, kernel) => namespaceOptions(values, kernel),
    command: (values, kernel) => ["namespace", ...namespaceFlags(values, kernel)],
  },
  get: gupQuestion("get"),
  pin: gupQuestion("pin"),
  hugetlb: {
    name: "hugetlb",
    measures: [
      count("freedPages", "vmemmap freed, pages"),
      count("pteTables", "PTE tables"),
      count("netSavedPages", "net saved, pages"),
      count("allocCounters.tlbFlushes", "TLB flushes"),
      ms("modelAllocMs", "model time to allocate"),
      ms("modelFreeMs", "to free"),
    ],
    options: ({ arch, struct, ...values }, kernel) => {
      const [pool, size] = [bytes(values, "size"), bytes(values, "align")];
      return { size, count: pool / size, kernel, arch, structPageSize: Number(struct) };
    },
    command: ({ arch, struct, ...values }, kernel) => [
      "hugetlb",
      ...flags({
        size: values.align,
        count: String(bytes(values, "size") / bytes(values, "align")),
        kernel,
        arch,
        "struct-page": struct,
      }, { kernel: "6.1", arch: "x86-64", "struct-page": "64", size: "2M" }),
    ],
  },
};

function gupQuestion(mode: "get" | "pin"): Question {
  return {
    name: "gup",
    measures: [
      count("refcountStores", "refcount stores"),
      count("pincountStores", "pin count stores"),
      count("putRefcountStores", "stores to put"),
      count("pgmapLookups", "pgmap lookups"),
      ms("modelGetMs", "model time to get"),
      ms("modelPutMs", "to put"),
    ],
    options: (values, kernel) => ({ ...namespaceOptions(values, kernel), mode, repeats: 1 }),
    command: (values, kernel) => ["gup", ...namespaceFlags(values, kernel), "--mode", mode, "--repeats", "1"],
  };
}

const FIELDS: readonly Field[] = [
  { name: "question", label: "Question", kind: "choice", fallback: "namespace", choices: Object.keys(QUESTION) },
  ...NAMESPACE_FIELDS.filter((field) => field.name !== "kernel"),
  { name: "measure", label: "Bars show", kind: "choice", fallback: "0", hidden: true },
];

/** The view. */
export const kernelsView: View = { name: "kernels", title: "Kernels side by side", fields: FIELDS, Show };

/** One kernel's answer. */
interface Row {
  readonly kernel: string;
  readonly report: unknown;
  readonly error: string | null;
}

function Show({ values, set }: ViewProps) {
  const question = QUESTION[values.question];
  const { rows, error, pending } = useKernels(question, values);
  const measure = question.measures[Number(values.measure)] ?? question.measures[0];
  return (
    <>
      <p>
        The same question to every kernel: what a namespace costs, what holding all its pages takes (<i>get</i>,{" "}
        <i>pin</i>), or what a pool of huge pages of that size frees.
      </p>
      <Form
        label="Question"
        fields={FIELDS}
        values={values}
        error={error}
        onChange={(changes) => set(changes.question === undefined ? changes : { measure: "0", ...changes })}
      />
      <label class="pick">
        Bars show{" "}
        <select name="measure" value={values.measure} onChange={(event) => set({ measure: event.currentTarget.value })}>
          {question.measures.map(({ label }, i) => <option key={label} value={String(i)}>{label}</option>)}
        </select>
      </label>
      <div aria-busy={pending}>
        <Bars rows={rows} measure={measure} />
        <SavableTable name={`${values.question} by kernel`}>
          <KernelTable question={question} rows={rows} values={values} />
        </SavableTable>
      </div>
      {values.question === "namespace" ? <Growth values={values} /> : null}
    </>
  );
}

/** Milliseconds between drawings while answers arrive: a chart takes longer to draw than a small machine to boot. */
const REDRAW_MS = 200;

/** Asks one kernel after the other; answers are shown as they arrive. */
function useKernels(
  question: Question,
  values: Values,
): {
  readonly rows: readonly Row[];
  readonly error: string | null;
  readonly pending: boolean;
} {
  const [rows, setRows] = useState<readonly Row[]>([]);
  const [pending, setPending] = useState(true);
  const { size, align, map, arch, struct } = values;
  useEffect(() => {
    let wanted = true;
    setPending(true);
    const run = async () => {
      const found: Row[] = [];
      let drawn = performance.now();
      for (const kernel of KERNELS) {
        found.push(await answerOf(question, values, kernel));
        if (!wanted) return;
        if (found.length < KERNELS.length && performance.now() < drawn + REDRAW_MS) continue;
        setRows([...found]);
        drawn = performance.now();
      }
      setPending(false);
    };
    void run();
    return () => {
      wanted = false;
    };
  }, [question, size, align, map, arch, struct]);
  const failed = rows.filter((row) => row.error !== null);
  const same = failed.length === rows.length && failed.every((row) => row.error === failed[0].error);
  return { rows, error: same && rows.length > 0 ? failed[0].error : null, pending };
}

async function answerOf(question: Question, values: Values, kernel: string): Promise<Row> {
  try {
    const options = question.options(values, kernel) as Parameters<Questions[typeof question.name]>[0];
    const { report } = await recall(question.name, options as never);
    return { kernel, report, error: null };
  } catch (error) {
    return { kernel, report: null, error: error instanceof Error ? error.message : String(error) };
  }
}

/** The value at a path such as `counters.pteWrites`. */
export function at(report: unknown, path: string): number | null {
  let value = report;
  for (const key of path.split(".")) value = (value as Record<string, unknown> | null)?.[key];
  return typeof value === "number" ? value : null;
}

function Bars({ rows, measure }: { readonly rows: readonly Row[]; readonly measure: Measure }) {
  const bars = rows.flatMap(({ kernel, report }) => {
    const value = at(report, measure.path);
    return value === null ? [] : [{ label: kernel, value, series: "" }];
  });
  if (bars.length === 0) return null;
  const unit = measure.unit === "ms" ? "ms" : "count";
  const draw = (width: number) =>
    barChart(bars, { document, title: `${measure.label} by kernel`, axis: measure.label, unit, width });
  return <Chart name={`${measure.label} by kernel`} draw={draw} inputs={[rows, measure]} />;
}

function KernelTable({ question, rows, values }: {
  readonly question: Question;
  readonly rows: readonly Row[];
  readonly values: Values;
}) {
  return (
    <table class="plain">
      <caption>Counted in the emulator; model time is that of the documents' machine.</caption>
      <thead>
        <tr>
          <th scope="col">Kernel</th>
          {question.measures.map(({ label }) => <th key={label} scope="col" class="num">{label}</th>)}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ kernel, report, error }) => (
          <tr key={kernel} {...(error === null ? { "data-command": commandOf(question, values, kernel) } : {})}>
            <th scope="row">{kernel}</th>
            {error === null
              ? question.measures.map(({ path, unit }) => (
                <td key={path} class="num">
                  <Figure path={path} value={at(report, path)} unit={unit} />
                </td>
              ))
              : <td colSpan={question.measures.length}>{error}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Empty if the values of a form that just changed cannot be read. */
function commandOf(question: Question, values: Values, kernel: string): string | undefined {
  try {
    whole(values, "struct");
    return JSON.stringify(question.command(values, kernel));
  } catch {
    return undefined;
  }
}
