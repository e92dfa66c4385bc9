// SPDX-License-Identifier: GPL-2.0-only
// `deno task races [--full] [--write]`: explores every lockless reader of struct pages against everything
// that changes them, prints the answers, and with --write creates verify/RACES.md. Exit 1 when an answer does not
// hold, or when --full (every schedule, no reduction) finds other faults than the reduced run.

import type { Command } from "../../src/cli/command.ts";
import { ProgressBar } from "../../src/cli/progress.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { answers } from "./answers.ts";
import { exploreAll, raceCases } from "./matrix.ts";
import { differences, racesMarkdown } from "./report.ts";

/** The command of the task. */
export const racesCommand: Command = {
  name: "races",
  summary: "explore every schedule of lockless readers against concurrent changes",
  flags: {
    full: { value: "", help: "run every schedule without the reduction, and compare" },
    write: { value: "", help: "write verify/RACES.md" },
  },
  csv: (report) => (report as { answers: readonly object[] }).answers,
  run: async (flags) => {
    const t0 = performance.now();
    const bar = new ProgressBar("races");
    const cases = raceCases();
    const total = cases.length * (flags.has("full") ? 2 : 1);
    let explored = 0;
    const done = () => bar.update(++explored, total);
    const races = exploreAll(cases, false, done);
    const full = flags.has("full") ? exploreAll(cases, true, done) : null;
    bar.end();
    const found = answers(races);
    const schedules = [...races, ...full ?? []].reduce((sum, r) => sum + r.explored.schedules, 0);
    const different = full === null ? [] : differences(races, full).map(({ where }) => where);
    const file = new URL("../RACES.md", import.meta.url).pathname;
    if (flags.has("write")) await writeFile(file, racesMarkdown(races, found, full));
    return {
      report: { answers: found, schedules, different },
      text: [
        ...found.map(({ holds, statement }) => `${holds ? "holds        " : "DOES NOT HOLD"} ${statement}`),
        ...different.map((where) => `reduced and full run differ: ${where}`),
        `${schedules} schedules, ${((performance.now() - t0) / 1000).toFixed(1)} s`,
      ].join("\n"),
      code: found.every((a) => a.holds) && different.length === 0 ? 0 : 1,
    };
  },
};

if (import.meta.main) Deno.exit(await runTask(racesCommand, Deno.args));
