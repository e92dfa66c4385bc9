// SPDX-License-Identifier: GPL-2.0-only
// The `lab claims` command. claims_report.ts makes its output; it is loaded after the fixtures that it imports are
// checked.

import { VERDICTS } from "../../results/types.ts";
import { type Command, CommandError, type CommandResult, type Flags } from "../../src/cli/command.ts";
import { onlyWith } from "../../src/cli/flags.ts";
import { checkFixtures } from "../fixtures.ts";
import type { AuditedClaim } from "./audit.ts";
import type { Style } from "./claims_report.ts";
import type { ClaimFilter } from "./pick.ts";

export const claimsCommand: Command = {
  name: "claims",
  summary: "show the documents' claims and verdicts; check FILE judges your own document",
  example: "--id 000-17",
  operands: "[check FILE.json]",
  flags: {
    id: { value: "ID", help: "only this claim, such as 000-17" },
    theme: { value: "THEME", help: "only claims about savings, gup, hugetlb, mhp, ..." },
    document: { value: "NNN", help: "only claims of this document, such as 001" },
    verdict: { value: "VERDICT", help: VERDICTS.join(", ") },
    grep: { value: "TEXT", help: "only claims that contain this text" },
    run: { value: "", help: "judge again instead of reading the published run" },
    explain: { value: "", help: "show how and where each number is computed and counted" },
    kernel: { value: "LIST", help: "measure the claims under these kernels and show which hold, such as 6.1,7.3" },
    cite: { value: "", help: "print Markdown for a mail: quote, document, line, verdict, command" },
  },
  csv: (report) => claimsCsv((report as { claims: readonly AuditedClaim[] }).claims),
  run: async (flags) => {
    const style = styleOf(flags);
    checkFixtures();
    const { checkReport, claimsReport } = await import("./claims_report.ts");
    const [verb, file, ...more] = flags.operands;
    if (verb === "check" && file !== undefined && more.length === 0) {
      onlyWith(flags, claimsCommand, "check", ["cite", "csv"]);
      return await checkReport(file, style);
    }
    if (verb !== undefined) {
      throw new CommandError(`claims: expected no argument, or check FILE.json, got "${flags.operands.join(" ")}"`);
    }
    const names = ["id", "theme", "document", "verdict", "grep"].filter((name) => flags.has(name));
    const filter: ClaimFilter = Object.fromEntries(names.map((name) => [name, flags.text(name)]));
    if (flags.has("kernel")) return await keptBy(flags, filter);
    return await claimsReport(filter, flags.has("run"), style);
  },
};

/** How to print claims; CommandError if several forms are requested. */
function styleOf(flags: Flags): Style {
  const [one, other] = ["cite", "explain", "csv"].filter((name) => flags.has(name));
  if (other !== undefined) throw new CommandError(`claims: --${one} and --${other} exclude each other`);
  return one === "cite" || one === "explain" ? one : "list";
}

/** The claims under other kernels. The list has presets only, since a kernel spec contains commas. */
async function keptBy(flags: Flags, filter: ClaimFilter): Promise<CommandResult> {
  onlyWith(flags, claimsCommand, "kernel", ["id", "theme", "document", "grep"]);
  const { keptReport } = await import("./generations.ts");
  return keptReport(filter, flags.text("kernel").split(","));
}

/** One line per number of a claim, or one line if it has none. */
function claimsCsv(claims: readonly AuditedClaim[]): object[] {
  return claims.flatMap(({ id, line, theme, verdict, ok, text, rows }) => {
    const claim = { id, line, theme, verdict, ok, text };
    return rows.length === 0 ? [claim] : rows.map((row) => ({ ...claim, row }));
  });
}
