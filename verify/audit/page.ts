// SPDX-License-Identifier: GPL-2.0-only
// The page that `deno task verify` prints: a bar and counts per document, then what is contradicted, worst first, then
// checks that belong to no document (Linux, defects, costs), then the verdict. At most 60 lines of 80 columns.

import { bold, dim, green, red, yellow } from "@std/fmt/colors";
import { DOCUMENTS } from "../claims/catalogue.ts";
import { figure, type Judged, type SuiteReport, YES_NO } from "../claims/claim.ts";
import { type AuditedClaim, countVerdicts, isClaimRow } from "./audit.ts";
import { KNOWN_DIFFERENCE } from "../linux/linux.ts";
import type { Report } from "./run.ts";

const COLUMNS = 80;
const BAR = 24;
const LINES = 60;

/** The mark and colour of a verdict in a bar. */
const MARKS: readonly [mark: string, paint: (text: string) => string, verdicts: readonly string[]][] = [
  ["█", green, ["confirmed", "rounding", "read right"]],
  ["░", dim, ["hardware-bound", "inside band", "outside band", "read open", "superseded"]],
  ["▒", yellow, ["contradicted", "inconsistent", "read wrong"]],
  ["!", red, ["disagreement"]],
];

/** `ms` is the time that judging took. */
export function summaryPage({ quick, ok, suites, claims }: Report, ms: number): string {
  const rows = suites.flatMap((suite) => suite.rows);
  // A claim that nothing judges has a row that says so.
  const unjudged = claims.flatMap((claim) => claim.rows).filter(({ id }) => !rows.some((row) => row.id === id));
  const failed = [...rows, ...unjudged].filter((row) => !row.ok);
  // For a document that a user added, the suite has its title.
  const dropped = suites.filter(({ name }) => /^\d{3}$/.test(name)).map(({ name, title }) => ({ id: name, title }));
  const documents = [...DOCUMENTS, ...dropped];
  const top = [
    bold(`${claims.length} claims of ${documents.length} documents`) + dim(legend()),
    ...documents.filter(({ id }) => claims.some((claim) => claim.id.startsWith(id)))
      .map(({ id, title }) => documentLines(id, title, claims.filter((claim) => claim.id.startsWith(id)))).flat(),
    "",
  ];
  const bottom = [
    "",
    ...suites.filter(({ rows }) => rows.some((row) => !isClaimRow(row.id))).map(checksLine),
    ...failed.slice(0, 5).map((row) => red(clip(`  ${row.id}: ${row.what}: ${row.note ?? row.verdict}`, COLUMNS))),
    ok
      ? green(`as expected`) + ` (${rows.length} rows${quick ? ", quick" : ""}, ${(ms / 1000).toFixed(1)} s)`
      : red(`${failed.length} of ${rows.length} rows not as expected`) + ` (${(ms / 1000).toFixed(1)} s)`,
    dim("--rows shows every number; --document, --theme, --verdict narrow it; --json"),
  ];
  return [...top, ...findings(claims, LINES - top.length - bottom.length), ...bottom].join("\n");
}

function legend(): string {
  return `   █ holds  ░ undecided here  ▒ does not hold`;
}

function documentLines(id: string, title: string, claims: readonly AuditedClaim[]): string[] {
  const counts = countVerdicts(claims);
  const words = Object.entries(counts).map(([verdict, n]) => `${n} ${verdict}`).join(", ");
  return [
    `${id} ${bar(counts, claims.length)} ${String(claims.length).padStart(3)}  ${clip(title, COLUMNS - 34)}`,
    ...wrap(words, COLUMNS - 4).map((line) => dim(`    ${line}`)),
  ];
}

/** Wraps words at a width. */
function wrap(words: string, width: number): string[] {
  const lines = [""];
  for (const word of words.split(" ")) {
    const line = lines[lines.length - 1];
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A proportional bar in which every part that is not zero has at least one mark. */
function bar(counts: Readonly<Record<string, number>>, total: number): string {
  const parts = MARKS.map(([, , verdicts]) => verdicts.reduce((sum, verdict) => sum + (counts[verdict] ?? 0), 0));
  const widths = parts.map((n) => n === 0 ? 0 : Math.max(1, Math.round(BAR * n / total)));
  const widest = widths.indexOf(Math.max(...widths));
  widths[widest] += BAR - widths.reduce((sum, width) => sum + width, 0);
  return MARKS.map(([mark, paint], i) => widths[i] === 0 ? "" : paint(mark.repeat(widths[i]))).join("");
}

/** Claims that do not hold, furthest off first, in at most this many lines. */
function findings(claims: readonly AuditedClaim[], most: number): string[] {
  const wrong = claims.filter(({ verdict }) => verdict === "contradicted" || verdict === "inconsistent")
    .map((claim) => ({ claim, row: claim.rows.find((row) => row.verdict === claim.verdict)! }))
    .sort((a, b) => distance(b.row) - distance(a.row));
  if (wrong.length === 0) return [];
  const lines = wrong.map(({ claim, row }) => {
    const said = clip(figure(row.printed ?? "-", row.unit), 14);
    const right = clip(figure(row.measured ?? row.formula ?? "-", row.unit), 15);
    const place = `${claim.id.slice(0, 3)}:${claim.line}`;
    return `${place.padEnd(9)}${clip(row.what, 39).padEnd(40)}${said.padStart(14)}  ${yellow(right.padStart(15))}`;
  });
  const head = `${"".padEnd(9)}${"does not hold, furthest off first".padEnd(40)}${"said".padStart(14)}  ${
    "right".padStart(15)
  }`;
  // Two lines are for the heading and for the number of claims left out.
  const room = lines.length < most ? lines.length : most - 2;
  const more = lines.length - room;
  return [
    bold(head),
    ...lines.slice(0, room),
    ...(more > 0 ? [dim(`${more} more: deno task verify --verdict contradicted --rows`)] : []),
  ];
}

/** How far off, as the logarithm of a ratio; what is not a number comes last. */
function distance({ printed, measured, formula, unit }: Judged): number {
  const right = measured ?? formula;
  if (unit === YES_NO || right === null) return -1;
  const ratio = Math.abs(Math.log(Number(printed) / right));
  return Number.isNaN(ratio) ? -1 : ratio;
}

/** The checks of a suite that belong to no claim. */
function checksLine({ title, rows }: SuiteReport): string {
  const checks = rows.filter((row) => !isClaimRow(row.id));
  const right = checks.filter((row) => row.ok).length;
  const count = `${right} of ${checks.length}`.padStart(11);
  const known = checks.filter(({ note }) => note?.startsWith(KNOWN_DIFFERENCE)).length;
  const but = known === 0 ? "" : `, ${known} with a ${KNOWN_DIFFERENCE}`;
  return `${right === checks.length ? green(count) : red(count)}  ${clip(title + but, COLUMNS - 13)}`;
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 3).trimEnd()}...`;
}
