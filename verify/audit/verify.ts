// SPDX-License-Identifier: GPL-2.0-only
// `deno task verify`: judges the documents' claims and every other check, and prints the page of page.ts, or every
// number with --rows. Exit 0 when every verdict is the expected one, 1 otherwise, 2 for a wrong command line.

import { VERDICTS } from "../../results/types.ts";
import { setColorEnabled } from "@std/fmt/colors";
import { type Command, type Flags } from "../../src/cli/command.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { type ClaimsDocument, DOCUMENTS } from "../claims/catalogue.ts";
import { readDocuments } from "../claims/catalogue_file.ts";
import type { Suite, SuiteReport } from "../claims/claim.ts";
import { claimId } from "./audit.ts";
import { judgeDocument } from "./by_command.ts";
import { type ClaimFilter, pick } from "./pick.ts";
import { summaryPage } from "./page.ts";
import { judgeParallel, type Report, reportOf } from "./run.ts";
import { DOCUMENT_SUITES } from "../claims/suites.ts";
import { scaleOf } from "../measure/measure.ts";
import { SUITES } from "./suites.ts";
import { table } from "./table.ts";

export const verifyCommand: Command = {
  name: "verify",
  summary: "judge the documents' claims and all other checks by running them",
  flags: {
    quick: { value: "", help: "count the costs per TiB on 16 GiB" },
    rows: { value: "", help: "print every number: documented, formula, measured" },
    document: { value: DOCUMENTS.map((d) => d.id).join("|"), help: "only this document" },
    theme: { value: "THEME", help: "only claims about savings, gup, hugetlb, mhp, ..." },
    verdict: { value: "VERDICT", help: VERDICTS.join(", ") },
  },
  csv: (report) => (report as Report).suites.flatMap(({ name, rows }) => rows.map((row) => ({ suite: name, ...row }))),
  run: async (flags) => {
    setColorEnabled(!flags.json && !Deno.noColor && Deno.stdout.isTerminal());
    const t0 = performance.now();
    const report = await verify(filterOf(flags), flags.has("quick"));
    const ms = performance.now() - t0;
    const text = flags.has("rows") ? report.suites.map(table).join("\n") : summaryPage(report, ms);
    return { report, text, code: report.ok ? 0 : 1 };
  },
};

function filterOf(flags: Flags): ClaimFilter {
  const names = ["document", "theme", "verdict"].filter((name) => flags.has(name));
  return Object.fromEntries(names.map((name) => [name, flags.text(name)]));
}

/** Judges everything, or the claims that match the filter, in workers. */
export async function verify(filter: ClaimFilter, quick: boolean): Promise<Report> {
  const documents = readDocuments();
  const catalogue = documents.flatMap(({ claims }) => claims);
  const narrow = Object.keys(filter).length > 0;
  const picked = pick(catalogue, filter);
  const suites = narrow ? DOCUMENT_SUITES.filter((suite) => mayJudge(suite, picked, quick)) : SUITES;
  const judged = [...await judgeWithBar(suites, quick), ...await judgeDropped(documents)];
  if (!narrow) return reportOf(judged, catalogue, quick);
  const all = reportOf(judged, catalogue, quick);
  const ids = new Set(
    all.claims.filter((claim) => picked.some(({ id }) => id === claim.id))
      .filter((claim) => filter.verdict === undefined || claim.verdict === filter.verdict).map(({ id }) => id),
  );
  const left = judged.map((suite) => ({ ...suite, rows: suite.rows.filter((row) => ids.has(claimId(row.id))) }));
  return reportOf(left.filter(({ rows }) => rows.length > 0), catalogue.filter(({ id }) => ids.has(id)), quick);
}

/** Whether a suite has a row for any of these claims; a suite that cannot tell is judged, and fails. */
function mayJudge(suite: Suite, picked: readonly { readonly id: string }[], quick: boolean): boolean {
  const wanted = new Set(picked.map(({ id }) => id));
  try {
    return suite.claims(scaleOf(quick)).some(({ id }) => wanted.has(claimId(id)));
  } catch {
    return true;
  }
}

/** Judges documents that a user added to those of the suites. */
export async function judgeDropped(documents: readonly ClaimsDocument[]): Promise<SuiteReport[]> {
  const judged: SuiteReport[] = [];
  for (const document of documents) {
    if (!DOCUMENTS.some(({ id }) => id === document.document.id)) judged.push(await judgeDocument(document));
  }
  return judged;
}

/** Judges suites in workers; on a terminal, a bar shows progress and the last suite. */
export async function judgeWithBar(suites: readonly Suite[], quick: boolean): Promise<SuiteReport[]> {
  using bar = new ProgressBar("suites");
  let done = 0;
  bar.update(done, suites.length);
  return await judgeParallel(suites, quick, ({ name }) => bar.update(++done, suites.length, name));
}
