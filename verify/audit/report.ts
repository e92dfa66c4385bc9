// SPDX-License-Identifier: GPL-2.0-only
// Running suites of claims and saying what came out: as an aligned table with the reasons under it, or as one JSON
// document. Colours on a terminal only.

import { bold, dim, green, red, setColorEnabled, yellow } from "@std/fmt/colors";
import { CommandError } from "../../src/cli/command.ts";
import { parseFlags } from "../../src/cli/flags.ts";
import { auditClaims, type AuditedClaim, countVerdicts } from "./audit.ts";
import { type DocumentedClaim, DOCUMENTS } from "../claims/catalogue.ts";
import { type Claim, judge, type Judged, type Outcome } from "../claims/claim.ts";
import { type Scale, scaleOf } from "../measure/measure.ts";

/** The claims of one document, or checks of one kind. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly claims: (scale: Scale) => readonly Claim[];
}

/** One suite, judged. */
export interface SuiteReport {
  readonly name: string;
  readonly title: string;
  readonly rows: readonly Judged[];
}

/** What `--json` prints. */
export interface Report {
  readonly quick: boolean;
  readonly ok: boolean;
  /** Number of rows by verdict. */
  readonly verdicts: Readonly<Partial<Record<Outcome, number>>>;
  readonly suites: readonly SuiteReport[];
  /** The documented claims with their verdicts; null when only some suites ran. */
  readonly claims: readonly ClaimVerdict[] | null;
}

/** The verdict on one documented claim. */
export type ClaimVerdict = Pick<AuditedClaim, "id" | "verdict" | "ok">;

/**
 * Judges every row of the suites, in order; `done` hears of each suite as it is through. With a catalogue, every claim
 * of it gets its verdict.
 */
export function run(
  suites: readonly Suite[],
  scale: Scale,
  done: (suite: SuiteReport) => void = () => {},
  catalogue: readonly DocumentedClaim[] | null = null,
): Report {
  const reports: SuiteReport[] = [];
  const verdicts: Partial<Record<Outcome, number>> = {};
  for (const { name, title, claims } of suites) {
    const rows = claims(scale).map(judge);
    for (const { verdict } of rows) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    reports.push({ name, title, rows });
    done(reports[reports.length - 1]);
  }
  const rows = reports.flatMap((s) => s.rows);
  const claims = catalogue === null
    ? null
    : auditClaims(catalogue, rows).map(({ id, verdict, ok }) => ({ id, verdict, ok }));
  return { quick: scale.quick, ok: rows.every((r) => r.ok), verdicts, suites: reports, claims };
}

/** The command line of verify/audit/main.ts, which gives the catalogue, and of each suite alone; returns the exit code. */
export function main(
  suites: readonly Suite[],
  args: readonly string[],
  catalogue: () => readonly DocumentedClaim[] | null = () => null,
): number {
  try {
    const flags = parseFlags(FLAGS.name, FLAGS.flags, args);
    const json = flags.json;
    setColorEnabled(!json && !Deno.noColor && Deno.stdout.isTerminal());
    const t0 = performance.now();
    const show = (suite: SuiteReport) => json ? undefined : console.log(table(suite));
    const report = run(suites, scaleOf(flags.has("quick")), show, catalogue());
    console.log(json ? JSON.stringify(report, null, 1) : summary(report, performance.now() - t0));
    return report.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    console.error(error.message);
    return 2;
  }
}

const FLAGS = {
  name: "verify",
  summary: "judge the documents' claims",
  flags: { quick: { value: "", help: "count the costs per TiB on 16 GiB" } },
};

const HEAD = ["claim", "what", "documented", "formula", "measured", "verdict"];

/** The table of one suite. */
export function table({ title, rows }: SuiteReport): string {
  const cells = rows.map((r) => [
    r.id,
    r.what,
    r.printed === null ? "" : `${r.printed} ${r.unit}`.trim(),
    number(r.formula),
    number(r.measured),
    r.ok ? r.verdict : `${r.verdict}, expected ${r.expected}`,
  ]);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((c) => c[i].length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => i > 1 && i < 5 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]));
  const out = [bold(title), dim(line(HEAD).join("  ").trimEnd())];
  for (const [i, row] of rows.entries()) {
    const padded = line(cells[i]);
    out.push([...padded.slice(0, 5), paint(row, padded[5].trimEnd())].join("  "));
    if (row.model !== null) out.push(dim(`${" ".repeat(widths[0] + 2)}modelled: ${number(row.model)} ${row.unit}`));
    if (row.note !== null && (!row.ok || row.verdict !== "confirmed" && row.verdict !== "equal")) {
      out.push(dim(`${" ".repeat(widths[0] + 2)}${row.note}`));
    }
  }
  return `${out.join("\n")}\n`;
}

function paint(row: Judged, text: string): string {
  if (!row.ok) return red(text);
  if (row.verdict === "contradicted") return yellow(text);
  return row.formula === null ? dim(text) : green(text);
}

/** Up to seven significant digits; counts in full. */
function number(n: number | null): string {
  if (n === null) return "-";
  return Number.isInteger(n) ? String(n) : String(Number(n.toPrecision(7)));
}

/** The last line: how many of each verdict, and whether all are as expected. */
export function summary({ ok, verdicts, suites, claims }: Report, ms: number): string {
  const counted = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([verdict, n]) => `${n} ${verdict}`).join(", ");
  const rows = `${claims === null ? "" : "in rows: "}${counted(verdicts)}`;
  const documents = claims === null ? [] : [
    ...DOCUMENTS.map(({ id, title }) => {
      const own = claims.filter((claim) => claim.id.startsWith(id));
      return `${id} ${title}: ${own.length} claims: ${counted(countVerdicts(own))}`;
    }),
    `${claims.length} claims: ${counted(countVerdicts(claims))}`,
  ];
  const bad = suites.flatMap((s) => s.rows).filter((r) => !r.ok).length;
  const verdict = ok ? green("as expected") : red(`${bad} not as expected`);
  return [...documents, `${rows}: ${verdict} (${(ms / 1000).toFixed(1)} s)`].join("\n");
}
