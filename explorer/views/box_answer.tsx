// SPDX-License-Identifier: GPL-2.0-only
// The answer of My box: the same report as `lab box` prints, with its costs, levers and contradictions.

import { humanSize } from "../../src/lib/units.ts";
import { Asked } from "../parts/command.tsx";
import { Figure, figureText } from "../parts/figure.tsx";
import { SavableTable } from "../parts/save.tsx";
import type { Questions } from "../questions.ts";

type Report = ReturnType<Questions["box"]>;

/** The whole answer. */
export function BoxAnswer({ report, files }: { readonly report: Report; readonly files: readonly string[] }) {
  const { total, box, levers } = report;
  const best = levers.find(({ why, changesUse }) => why === null && !changesUse) ??
    levers.find(({ why }) => why === null);
  return (
    <Asked command={["box", ...files]}>
      <p class="headline">
        <strong>{humanSize(total.dramBytes + total.tableBytes)}</strong> of DRAM hold struct pages and their tables
      </p>
      <p>
        Kernel {box.runningKernel.release ?? "unknown"}, emulated as {box.runningKernel.preset} on{" "}
        {box.runningKernel.arch}.{" "}
        {best === undefined ? "No possible change saves memory." : `Best lever: ${best.what}, ${best.of}.`}
      </p>
      <Costs report={report} />
      <Levers levers={levers} />
      <Checks checks={report.checks} />
      <Remarks
        head="Contradictions"
        lines={report.contradictions.map(({ text, places }) => `${text} (${places.map(placeText).join(", ")})`)}
      />
      <Remarks
        head="Notes on the input"
        lines={report.notes.map((note) => note.file === "(all)" ? note.text : `${placeText(note)}: ${note.text}`)}
      />
    </Asked>
  );
}

function placeText({ file, line }: { readonly file: string; readonly line: number }): string {
  return line === 0 ? file : `${file}:${line}`;
}

const COLUMNS = [
  ["dramBytes", "memmap in DRAM"],
  ["tableBytes", "its tables"],
  ["directMapBytes", "direct map"],
  ["pmemBytes", "memmap in pmem"],
  ["onMemoryBytes", "memmap on memory"],
  ["lostBytes", "lost"],
] as const;

function Costs({ report: { costs, total } }: { readonly report: Report }) {
  const row = (name: string, memory: string, cost: Report["total"] | Report["costs"][number], path: string) => (
    <tr key={`${path}${name}`}>
      <th scope="row">{name}</th>
      <td class="num">{memory}</td>
      {COLUMNS.map(([key]) => (
        <td key={key} class="num">
          <Figure path={`${path}.${key}`} value={cost[key]} unit="bytes" />
        </td>
      ))}
    </tr>
  );
  return (
    <SavableTable name="costs of the machine">
      <table class="plain">
        <caption>What each part costs now</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            <th scope="col" class="num">memory</th>
            {COLUMNS.map(([key, head]) => <th key={key} scope="col" class="num">{head}</th>)}
          </tr>
        </thead>
        <tbody>
          {costs.map((cost, i) => row(cost.name, humanSize(cost.sizeBytes), cost, `costs.${i}`))}
          {row("in all", "", total, "total")}
        </tbody>
      </table>
    </SavableTable>
  );
}

function Levers({ levers }: { readonly levers: Report["levers"] }) {
  if (levers.length === 0) return null;
  return (
    <SavableTable name="levers of the machine">
      <table class="plain">
        <caption>What could be changed, best first</caption>
        <thead>
          <tr>
            {["Change", "Of", "DRAM back", "pmem", "RAM", "How"].map((head) => <th key={head} scope="col">{head}</th>)}
          </tr>
        </thead>
        <tbody>
          {levers.map((lever, i) => (
            <tr key={i} class={lever.why === null ? "" : "cannot"}>
              <th scope="row">{lever.what}</th>
              <td>{lever.of}</td>
              {(["dramBytes", "pmemBytes", "ramBytes"] as const).map((key) => (
                <td key={key} class="num">
                  <Figure path={`levers.${i}.${key}`} value={lever[key]} unit="bytes" />
                </td>
              ))}
              <td>
                {lever.why ?? lever.commands.map((command) => <code key={command}>{command}</code>)}
                {lever.caution === null ? null : <span class="note">{lever.caution}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </SavableTable>
  );
}

function Checks({ checks }: { readonly checks: Report["checks"] }) {
  if (checks.length === 0) return null;
  const agreed = checks.filter(({ agrees }) => agrees).length;
  return (
    <SavableTable name="figures of the machine">
      <table class="plain">
        <caption>The machine's own figures beside the emulator's: {agreed} of {checks.length} agree</caption>
        <thead>
          <tr>
            {["Figure", "Of", "Machine", "Emulator", "Where"].map((head) => <th key={head} scope="col">{head}</th>)}
          </tr>
        </thead>
        <tbody>
          {checks.map((check, i) => (
            <tr key={i} class={check.agrees ? "" : "moved"}>
              <th scope="row">{check.what}</th>
              <td>{check.of}</td>
              <td class="num">{figureText(check.said)}</td>
              <td class="num">
                <Figure path={`checks.${i}.emulated`} value={check.emulated} />
              </td>
              <td>
                {placeText(check)}
                {check.why === null ? "" : ` ${check.why}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </SavableTable>
  );
}

function Remarks({ head, lines }: { readonly head: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <>
      <h2>{head}</h2>
      <ul class="facts">{lines.map((line) => <li key={line}>{line}</li>)}</ul>
    </>
  );
}
