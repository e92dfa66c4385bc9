// SPDX-License-Identifier: GPL-2.0-only
// `deno task audit`: writes verify/AUDIT.md from a quick run, worst verdicts first, and README's matrix of captured
// kernels. Tests fail when either is out of date.

import { VERDICTS } from "../../results/types.ts";
import { type AuditedClaim, countVerdicts, reasonOf } from "./audit.ts";
import { RESULTS } from "../../results/mod.ts";
import type { Command } from "../../src/cli/command.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import type { SourceDocument } from "../claims/catalogue.ts";
import { readDocuments } from "../claims/catalogue_file.ts";
import { figure, type Judged, modelText } from "../claims/claim.ts";
import { MODEL_BAND } from "../series/band.ts";
import { conformanceMarkdown, withConformance } from "./conformance.ts";
import { keptMarkdown, type KeptTable, measureKept, storedKept } from "./kept_md.ts";
import { reportOf } from "./run.ts";
import { judgeDropped, judgeWithBar } from "./verify.ts";
import { DOCUMENT_SUITES } from "../claims/suites.ts";

export const AUDIT_MD = new URL("../AUDIT.md", import.meta.url);
const README = new URL("../../README.md", import.meta.url);

const MEANING: Readonly<Record<AuditedClaim["verdict"], string>> = {
  disagreement: "formula and emulator differ: one of them is wrong",
  contradicted: "formula and emulator agree on something else",
  superseded: "a later document of the set, or a later kernel, says otherwise",
  rounding: "right within its printed digits",
  "hardware-bound": "a time or a fact of their machine, and nothing here models that",
  "outside band": `a time of their machine, further than a factor of ${MODEL_BAND} from the model's`,
  "inside band":
    `a time of their machine, within a factor of ${MODEL_BAND} of the model's: nine in ten figures that it ` +
    "was not fitted to are (`verify/series/band.ts`)",
  inconsistent: "the document's own figures contradict one another, whatever they were measured on",
  "read wrong": "nothing that can be run; read, and wrong",
  "read open": "nothing that can be run; nothing at hand decides it",
  "read right": "nothing that can be run; read, and right",
  confirmed: "exactly right",
};

export function auditMarkdown(claims: readonly AuditedClaim[], kept: KeptTable = storedKept()): string {
  const documents = readDocuments().map(({ document }) => document);
  const sections = VERDICTS.filter((verdict) => claims.some((claim) => claim.verdict === verdict));
  return [
    "# The audit of the documents",
    "",
    `${claims.length} claims of ${documents.length} documents, each judged by running what it is about on the emulator and by a closed`,
    "formula that shares no code with it. Written by `deno task audit`; do not edit. `deno task verify` shows every number,",
    "`deno task lab claims --id ID` one claim. A claim's verdict is the worst of its parts. Places are document:line.",
    "",
    ...overview(claims, documents),
    ...sections.flatMap((verdict) => section(verdict, claims.filter((claim) => claim.verdict === verdict))),
    ...keptMarkdown(kept, table),
    "## The emulator against real kernels",
    "",
    "Rows captured from real kernels that the emulator reproduces, by scenario. Where some differ, the cause is known and",
    "listed in `verify/linux/known.ts`; a dash means that nothing was captured.",
    "",
    ...conformanceMarkdown(RESULTS.figures.conformance),
    "",
  ].join("\n");
}

function overview(claims: readonly AuditedClaim[], documents: readonly SourceDocument[]): string[] {
  const columns = VERDICTS.filter((verdict) => claims.some((claim) => claim.verdict === verdict));
  const row = (title: string, own: readonly AuditedClaim[]) => {
    const counts = countVerdicts(own);
    return [title, String(own.length), ...columns.map((verdict) => String(counts[verdict] ?? 0))];
  };
  const rows = documents.map(({ id, title }) => row(`${id} ${title}`, claims.filter((c) => c.id.startsWith(id))));
  return table(["Document", "claims", ...columns], [...rows, row("all", claims)]);
}

function section(verdict: AuditedClaim["verdict"], claims: readonly AuditedClaim[]): string[] {
  const title = `## ${verdict[0].toUpperCase()}${verdict.slice(1)}: ${claims.length}`;
  return [
    title,
    "",
    `${MEANING[verdict][0].toUpperCase()}${MEANING[verdict].slice(1)}.`,
    "",
    ...listed(verdict, claims),
  ];
}

function listed(verdict: AuditedClaim["verdict"], claims: readonly AuditedClaim[]): string[] {
  const first = (claim: AuditedClaim) => [`<a id="${claim.id}"></a>${claim.id}`, place(claim), claim.text];
  switch (verdict) {
    case "confirmed":
      return table(["Claim", "Place", "Says"], claims.map(first));
    case "read wrong":
    case "read open":
    case "read right":
    case "superseded":
      return table(["Claim", "Place", "Says", "Reading"], claims.map((c) => [...first(c), reasonOf(c)]));
    case "hardware-bound":
      return table(["Claim", "Place", "Says", "Why"], claims.map((c) => [...first(c), reasonOf(c)]));
    case "outside band":
    case "inside band":
      return table(
        ["Claim", "Place", "Says", "Model", "Note"],
        claims.map((c) => [...first(c), modelled(c), reasonOf(c)]),
      );
    default:
      return table(
        ["Claim", "Place", "Says", "Counted", "Documented", "Right", "Why"],
        claims.map((c) => [
          ...first(c),
          decisive(c, verdict).map(({ what }) => what).join("; "),
          values(c, verdict, (row) => row.printed),
          values(c, verdict, (row) => row.measured ?? row.formula),
          reasonOf(c),
        ]),
      );
  }
}

function place(claim: AuditedClaim): string {
  return `${claim.id.slice(0, 3)}:${claim.line}`;
}

/** The rows that decide the verdict. */
function decisive(claim: AuditedClaim, verdict: string): readonly Judged[] {
  return claim.rows.filter((row) => row.verdict === verdict);
}

/** A value of every deciding row. */
function values(claim: AuditedClaim, verdict: string, of: (row: Judged) => string | number | null): string {
  return decisive(claim, verdict).map((row) => figure(of(row) ?? "-", row.unit, 4)).join("; ");
}

/** Every time of the claim, and whether the modelled value is inside its band. */
function modelled(claim: AuditedClaim): string {
  return claim.rows.filter((row) => row.model !== null)
    .map((row) =>
      `${figure(row.printed!, row.unit)}: ${modelText(row, 4)}${row.verdict === "outside band" ? ", outside" : ""}`
    )
    .join("; ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

/** Every claim, judged on the quick scale. */
async function quickAudit(): Promise<readonly AuditedClaim[]> {
  const documents = readDocuments();
  const suites = [...await judgeWithBar(DOCUMENT_SUITES, true), ...await judgeDropped(documents)];
  return reportOf(suites, documents.flatMap(({ claims }) => claims), true).claims;
}

const COMMAND: Command = {
  name: "audit",
  summary: "write verify/AUDIT.md, from a quick run, and README's matrix of captured kernels",
  flags: {},
  run: async () => {
    const claims = await quickAudit();
    await writeFile(AUDIT_MD.pathname, auditMarkdown(claims, await measureKept()));
    const readme = withConformance(Deno.readTextFileSync(README), RESULTS.figures.conformance);
    await writeFile(README.pathname, readme);
    const report = { claims: claims.length, verdicts: countVerdicts(claims) };
    return { report, text: `${AUDIT_MD.pathname}: ${claims.length} claims`, code: claims.every((c) => c.ok) ? 0 : 1 };
  },
};

/** Returns the exit code. */
export function main(args: readonly string[]): Promise<number> {
  return runTask(COMMAND, args);
}
