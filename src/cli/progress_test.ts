// SPDX-License-Identifier: GPL-2.0-only
// The progress bar: its text, and that it is drawn on a terminal only.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { barText } from "./progress.ts";

const PROGRAM = `
import { ProgressBar } from "${new URL("progress.ts", import.meta.url)}";
const bar = new ProgressBar("suites");
bar.update(1, 2, "x".repeat(300));
bar.end();
console.log("answer");
`;

/** What the program prints, on both streams, when they are pipes, or on a terminal made by script(1). */
async function printed(onTerminal: boolean): Promise<string> {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/bar.ts`, PROGRAM);
    const run = [Deno.execPath(), "run", "--no-check", "--quiet", `${dir}/bar.ts`];
    const [program, ...args] = onTerminal ? ["script", "-qec", run.join(" "), "/dev/null"] : run;
    const { stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("barText() shows how many are done, and the current one", () => {
  assertEquals(barText("machines", 500, 1000), `machines  [${"#".repeat(15)}${".".repeat(15)}]  500 of 1000`);
  assertEquals(barText("machines", 1000, 1000), `machines  [${"#".repeat(30)}]  1000 of 1000`);
  assertEquals(barText("machines", 7, null), "machines  7");
  assertEquals(barText("suites", 7, null, "linux"), "suites  7  linux");
});

Deno.test("ProgressBar draws nothing where standard error is a pipe", async () => {
  assertEquals(await printed(false), "answer\n");
});

Deno.test({
  name: "ProgressBar draws one line on a terminal, no wider than it, and clears it before the answer",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const text = await printed(true);
    assertStringIncludes(text, `\r\x1b[Ksuites  [${"#".repeat(15)}${".".repeat(15)}]  1 of 2  xxx`);
    const lines = text.replaceAll("\x1b[K", "").split("\r");
    assertEquals(Math.max(...lines.map((line) => line.trimEnd().length)), 79);
    assertEquals(text.endsWith("\r\x1b[Kanswer\r\n"), true);
  },
});
