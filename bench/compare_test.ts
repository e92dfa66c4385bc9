// SPDX-License-Identifier: GPL-2.0-only

import { assertEquals, assertStringIncludes } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import { bencherMetricFormat, benchRun, githubActionBenchmark } from "./bench_run.ts";
import { comparisonText, main } from "./compare.ts";
import { CASES } from "./side/cases.ts";
import { compareCase } from "./verdict.ts";

/** Runs a command line; what it prints to either stream, and its exit code. */
async function lines(args: readonly string[]): Promise<{ out: string[]; err: string[]; code: number }> {
  const out: string[] = [];
  const err: string[] = [];
  const { log, error } = console;
  console.log = (line: string) => out.push(line);
  console.error = (line: string) => err.push(line);
  try {
    return { code: await main(args), out, err };
  } finally {
    console.log = log;
    console.error = error;
  }
}

Deno.test("main() refuses bad input with one line and exit 2, before anything runs", async () => {
  const dir = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${dir}/old.json`, JSON.stringify({ schema: 1 }));
  const other = { ...benchRun("a", { [CASES[0].name]: [1, 1] }), cpu: "another" };
  Deno.writeTextFileSync(`${dir}/other.json`, JSON.stringify(other));
  for (
    const [args, message] of [
      [["--filter", "zzz"], `--filter: no case's name contains "zzz"; --list names them`],
      [["--bmf", "--filter", "zzz"], `--filter: no case's name contains "zzz"; --list names them`],
      [["--base", "no-such"], `--base: no revision "no-such"`],
      [["--against", `${dir}/none.json`], `cannot read ${dir}/none.json`],
      [["--against", `${dir}/old.json`], `cannot use ${dir}/old.json: schema 1, expected 2`],
      [["--against", `${dir}/other.json`], `cannot compare with ${dir}/other.json: cpu "another" against`],
      [["--save", `${dir}/none/x.json`], `--save: no directory ${dir}/none/`],
      [["--save", dir], `--save: ${dir} is a directory`],
      [["--seconds", "0"], "--seconds: expected at least 1"],
      [["--base", "HEAD", "--bmf"], "--bmf and --base ask for different things: give one"],
    ] as const
  ) {
    const { out, err, code } = await lines(args);
    assertEquals([out, err.length, code], [[], 1, 2], `${args}: ${err}`);
    assertStringIncludes(err[0], `bench:compare: ${message}`);
  }
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("main() lists the cases that a filter lets through", async () => {
  const all = await lines(["--list"]);
  assertEquals(all.out[0].split("\n"), CASES.map(({ name }) => name));
  const some = await lines(["--list", "--filter", "unpin", "--json"]);
  assertEquals(
    JSON.parse(some.out[0]).report.cases,
    CASES.map(({ name }) => name).filter((name) => name.includes("unpin")),
  );
});

Deno.test("every case runs twice, and its name is its own", () => {
  assertEquals(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  // The smallest of each kind; all of them take seconds.
  for (const name of ["unpin 4G 6.1", "hotplug 1G: remove, base pages", "bootstrap 256G 1G map=mem"]) {
    const { run, restore } = CASES.find((each) => each.name === name)!.build();
    for (let i = 0; i < 2; i++) {
      run();
      restore();
    }
  }
});

Deno.test("comparisonText() begins with the answer and shows ms before and after", () => {
  const rows = [
    compareCase("slow", { before: [10, 10, 10, 10, 10], after: [20, 20, 20, 20, 20] }, 1.05, 2),
    compareCase("noisy", { before: [10, 10, 10], after: [9, 14, 10] }, 1.05, 2),
  ];
  const text = stripAnsiCode(comparisonText("the answer", { before: "a", after: "b" }, rows, "CPU time")).split("\n");
  assertEquals([text[0], text[2]], ["the answer", "b against a, medians in ms of CPU time"]);
  assertEquals(text[4].split(/ {2,}/), ["slow", "10.00", "20.00", "+100 %", "100 to 100 %", "5", "slower"]);
  assertStringIncludes(text[5], "open, about ");
});

Deno.test("times are written as Bencher and github-action-benchmark take them", () => {
  const run = { ...benchRun("a", { x: [1, 2, 4] }), cpu: "c", runtime: "r" };
  assertEquals(bencherMetricFormat(run), { x: { latency: { value: 2e6, lower_value: 1e6, upper_value: 4e6 } } });
  assertEquals(githubActionBenchmark(run), [
    { name: "x", unit: "ms", value: 2, range: "± 1.500", extra: "3 rounds, c, r" },
  ]);
});
