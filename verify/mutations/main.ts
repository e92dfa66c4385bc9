// SPDX-License-Identifier: GPL-2.0-only
// `deno task mutations [--write]`: puts every defect of the table into a kernel and reports what notices it. `--write`
// writes verify/MUTATIONS.md. Exit 1 when a defect goes unnoticed.

import type { Command } from "../../src/cli/command.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { mutationRow, mutationsMarkdown, untried } from "./report.ts";
import { tryMutation } from "./run.ts";
import { ROWS } from "./table.ts";

export const mutationsCommand: Command = {
  name: "mutations",
  summary: "put every known defect into a kernel and report what notices it",
  flags: { write: { value: "", help: "write verify/MUTATIONS.md" } },
  csv: (report) => (report as { mutations: readonly object[] }).mutations,
  run: async (flags) => {
    const bar = new ProgressBar("mutations");
    let tried = 0;
    const verdicts = await Promise.all(ROWS.map(async (row) => {
      const verdict = await tryMutation(row);
      bar.update(++tried, ROWS.length, row.name);
      return verdict;
    }));
    bar.end();
    const lines = verdicts.map(({ row, noticed, caught }) =>
      `${caught ? "caught " : "MISSED "} ${row.name.padEnd(26)} ${row.invariant.padEnd(4)} ${noticed}`
    );
    const without = untried(verdicts);
    const file = new URL("../MUTATIONS.md", import.meta.url).pathname;
    if (flags.has("write")) await writeFile(file, mutationsMarkdown(verdicts));
    return {
      report: {
        mutations: verdicts.map(mutationRow),
        untried: without,
      },
      text: [...lines, `invariants without a mutation: ${without.join(", ")}`].join("\n"),
      code: verdicts.every((v) => v.caught) ? 0 : 1,
    };
  },
};

if (import.meta.main) Deno.exit(await runTask(mutationsCommand, Deno.args));
