// SPDX-License-Identifier: GPL-2.0-only
// --help and --version print and do nothing else, whatever other arguments there are.

import { assertEquals, assertMatch } from "@std/assert";
import { CommandError } from "./command.ts";
import { caught } from "./lab_testing.ts";
import { allCommands } from "./main.ts";
import { runTask } from "./run.ts";

for (const command of allCommands([])) {
  Deno.test(`${command.name}: --help and --version run nothing`, async () => {
    const still = {
      ...command,
      run: () => {
        throw new CommandError("it ran");
      },
    };
    for (const args of [["--help"], ["-h"], ["--no-such-flag", "--help"], ["--json", "--help"]]) {
      const { code, out, err } = await caught(() => runTask(still, args));
      assertEquals([code, err], [0, ""]);
      assertMatch(out, /^usage: deno task /);
    }
    const { code, out, err } = await caught(() => runTask(still, ["--version"]));
    assertEquals([code, err], [0, ""]);
    assertMatch(out, /^vmemmap-lab \d+\.\d+\.\d+, commit (unknown|[0-9a-f]{40}), Deno \d[^\n]*\n$/);
  });
}
