// SPDX-License-Identifier: GPL-2.0-only
// `lab` with the commands of verify/: they are listed with those of src/cli, and use the same envelope.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { labOf, type Output } from "../src/cli/lab_testing.ts";
import { LAB_COMMANDS, MORE } from "./lab.ts";

const lab = labOf(MORE);

/** Runs it as a process. */
async function labProgram(...args: string[]): Promise<Output> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", "--allow-env", "--allow-sys", "verify/lab.ts", ...args],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

async function refuses(message: string, ...args: string[]): Promise<void> {
  const { code, out, err } = await lab(...args);
  assertEquals([code, out, err.trimEnd().split("\n").length], [2, "", 1], err);
  assertStringIncludes(err, message);
}

Deno.test("lab --help lists every command once", async () => {
  const { out } = await lab("--help");
  const names = [...out.matchAll(/^ {2}([a-z]+) {2}/gm)].map((match) => match[1]);
  assertEquals(names, LAB_COMMANDS.map(({ name }) => name));
  assertEquals(new Set(names).size, names.length);
});

Deno.test("lab claims --json prints the requested claims, with verdict and rows", async () => {
  const { code, out, err } = await lab("claims", "--id", "000-04", "--json");
  const [claim, ...rest] = JSON.parse(out).report.claims;
  assertEquals([code, err, rest], [0, "", []]);
  assertEquals([claim.verdict, claim.rows[0].printed, claim.rows[0].measured], ["confirmed", "6", 6]);
});

/** A command line of each command that prints a table, and the start of its header. */
const TABLES: Readonly<Record<string, string>> = {
  "namespace --size 64M": "config.sizeBytes,",
  "gup --size 64M": "config.sizeBytes,",
  "hugetlb --size 2M --count 4": "config.sizeBytes,",
  "hugetlb --sizes": "arch,pageBytes,sizeBytes,",
  "hotplug --size 128M": "state,freePages,managedPages,",
  "hotplug --fences": "machine,structPageBytes,",
  "layout": "frame,pfn,level,vmemmapIndexes,refcount",
  "pages --pfn 1": "pfn,zone,node,",
  "plan --hugetlb 2M:4 --kernel 6.1": "table,sizeBytes,",
  "diff 5.14 v7 namespace --size 64M": "name,a,b,ratio",
  "kernels 6.1 6.12": "name,6.1,6.12,help,source",
  "lineage --size 64M": "kernel,kind,dramBytes,",
  "trace put --size 2M": "kind,symbol,depth,",
  "box fixtures/box": "table,kind,name,",
  "claims --id 000-04": "id,line,theme,verdict,ok,text,",
};

Deno.test("--csv prints a header and rows of as many cells, in every command that has a table", async () => {
  const without = ["calibrate", "inspect", "completions"];
  const commands = new Set(Object.keys(TABLES).map((line) => line.split(" ")[0]));
  assertEquals(
    LAB_COMMANDS.map(({ name }) => name).filter((name) => !commands.has(name) && !without.includes(name)),
    [],
  );
  for (const [line, header] of Object.entries(TABLES)) {
    const { code, out, err } = await lab(...line.split(" "), "--csv");
    assertEquals([code, err], [0, ""], line);
    assertEquals(out.slice(0, header.length), header, line);
    const widths = out.trimEnd().split("\r\n").map((row) => row.replaceAll(/"[^"]*"/g, "").split(",").length);
    assert(widths.length > 1 && new Set(widths).size === 1, line);
  }
});

Deno.test("lab claims refuses an unknown id, theme, document or verdict", async () => {
  await refuses('unknown claim "005-01": expected 000-01 to 000-', "claims", "--id", "005-01");
  await refuses('unknown theme "memory": expected altmap', "claims", "--theme", "memory");
  await refuses('unknown document "7": expected 000', "claims", "--document", "7");
  await refuses('unknown verdict "wrong": expected', "claims", "--verdict", "wrong");
});

Deno.test("lab claims refuses two forms at once, and flags without effect on a user's document", async () => {
  await refuses("--cite and --explain exclude each other", "claims", "--cite", "--explain");
  await refuses("--explain and --csv exclude each other", "claims", "--csv", "--explain");
  await refuses("--run has no effect with check: expected", "claims", "check", "mine.json", "--run");
  await refuses("--id has no effect with check", "claims", "check", "mine.json", "--id", "005-01");
  await refuses("mine.json: cannot be read: there is no such file", "claims", "check", "/nowhere/mine.json");
  assertStringIncludes((await lab("claims", "--grep", "no such words")).out, "0 claims, from the run of ");
});

Deno.test("lab claims check FILE --cite is Markdown with the document, its link and the command", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  const document = { title: "mine", date: "2026-01-31", messageId: "x@example.org" };
  const measure = { command: "layout", pointer: "/vmemmapPages" };
  const claims = [{ id: "005-01", line: 12, text: "eight pages", printed: "8", unit: "pages", measure }];
  await Deno.writeTextFile(file, JSON.stringify({ document, claims }));
  const { code, out } = await lab("claims", "check", file, "--cite");
  await Deno.remove(file);
  assertEquals(code, 0);
  assertStringIncludes(out, "[mine](https://lore.kernel.org/r/x@example.org/), 2026-01-31, line 12: **confirmed**.");
  assertStringIncludes(out, `\`deno task lab claims check ${file}\`, vmemmap-lab `);
});

Deno.test("the program writes exactly one JSON document to stdout and leaves with the code", async () => {
  const [good, usage, refused] = await Promise.all([
    labProgram("namespace", "--size", "64M", "--json"),
    labProgram("namespace", "--size", "64Q", "--json"),
    labProgram("namespace", "--size", "64M", "--struct-page", "72", "--map", "dev", "--json"),
  ]);
  assertEquals([good.code, usage.code, refused.code], [0, 2, 1]);
  assertEquals(JSON.parse(good.out).config.sizeBytes, 2 ** 26);
  assertEquals([JSON.parse(usage.out).error.kind, JSON.parse(refused.out).error.errno], ["usage", "EINVAL"]);
  assertMatch(usage.err, /^(Check[^\n]*\n)*lab: [^\n]+\n$/);
  assertStringIncludes(refused.err, "EINVAL");
});
