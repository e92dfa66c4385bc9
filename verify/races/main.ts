// SPDX-License-Identifier: GPL-2.0-only
// `deno task races [--full] [--write]`: explores everything that reads struct pages without locks against everything
// that changes them, prints the answers, and with --write puts verify/RACES.md together. Exit 1 when an answer does not
// hold, or when --full (every schedule, no reduction) finds other faults than the reduced run.

import type { Command } from "../../src/cli/command.ts";
import { runTask } from "../../src/cli/run.ts";
import { writeFile } from "../../src/cli/write_file.ts";
import { answers } from "./answers.ts";
import { raceMatrix } from "./matrix.ts";
import { ramAnswers } from "./ram_answers.ts";
import { ramMatrix } from "./ram_matrix.ts";
import { allOf, differences, racesMarkdown } from "./report.ts";

const COMMAND: Command = {
  name: "races",
  summary: "explore every schedule of readers without locks against what changes under them",
  flags: {
    full: { value: "", help: "every schedule, without the reduction, and compare" },
    write: { value: "", help: "put verify/RACES.md together" },
  },
  run: async (flags) => {
    const t0 = performance.now();
    const races = { dax: raceMatrix(), ram: ramMatrix() };
    const full = flags.has("full") ? { dax: raceMatrix(true), ram: ramMatrix(true) } : null;
    const found = [...answers(races.dax), ...ramAnswers(races.ram)];
    const all = allOf(races);
    const every = full === null ? [] : allOf(full);
    const schedules = [...all, ...every].reduce((sum, r) => sum + r.explored.schedules, 0);
    const different = full === null ? [] : differences(all, every).map(({ where }) => where);
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

if (import.meta.main) Deno.exit(await runTask(COMMAND, Deno.args));
