// SPDX-License-Identifier: GPL-2.0-only
// `lab claims`: the documents' claims with their verdicts. Judging needs the suites of verify/, which stand after src/;
// they are loaded when the command runs, and this is the one place in src/ that knows of them.

import type { Command } from "./command.ts";

/** The command. */
export const claimsCommand: Command = {
  name: "claims",
  summary: "the documents' claims, judged by running them",
  flags: {
    id: { value: "ID", help: "only this claim, such as 000-17" },
    theme: { value: "THEME", help: "only those about savings, gup, hugetlb, mhp, ..." },
    document: { value: "000..004", help: "only those of this document" },
    verdict: {
      value: "VERDICT",
      help: "contradicted, superseded, rounding, hardware-bound, read, confirmed, disagreement",
    },
  },
  run: async (flags) => {
    const { claimsReport } = await import("../../verify/audit/lab_claims.ts");
    const names = ["id", "theme", "document", "verdict"].filter((name) => flags.has(name));
    return claimsReport(Object.fromEntries(names.map((name) => [name, flags.text(name)])));
  },
};
