// SPDX-License-Identifier: GPL-2.0-only
// The limits of `deno task soak`, and input that is refused in one line.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { caught } from "../../src/cli/lab_testing.ts";
import { runTask } from "../../src/cli/run.ts";
import { soakCommand } from "./soak.ts";

const soak = (line: string) => caught(() => runTask(soakCommand, line.split(" ")));

const WRONG: readonly (readonly [string, string])[] = [
  ["--minutes 0", '--minutes: expected a number above 0, got "0"'],
  ["--minutes -1", 'got "-1"'],
  ["--minutes 1m", 'got "1m"'],
  ["--operations 0", '--operations: expected a whole number above 0, got "0"'],
  ["--operations 1.5", 'got "1.5"'],
  ["--seed x", '--seed: expected a whole number, got "x"'],
  ["--seed 99999999999999999999", "--seed: expected at most 9007199254740991"],
  ["--setting toy/6.1/46", '(did you mean "toy/6.1/64"?)'],
  ["--minute 1", 'did you mean "--minutes"?'],
];

for (const [line, message] of WRONG) {
  Deno.test(`soak ${line}: one line, exit 2`, async () => {
    const { code, out, err } = await soak(line);
    assertEquals([code, out, err.trimEnd().split("\n").length], [2, "", 1]);
    assertStringIncludes(err, message);
  });
}

Deno.test("soak stops at whichever limit comes first", async () => {
  for (const line of ["--operations 1 --minutes 9999", "--operations 999999 --minutes 0.00001"]) {
    const { code, out } = await soak(`${line} --seed 7 --setting toy/6.1/64 --json`);
    const { lives, seed } = JSON.parse(out).report;
    assertEquals([code, seed], [0, 7]);
    assert(lives >= 1 && lives <= 50, out);
  }
});
