// SPDX-License-Identifier: GPL-2.0-only
// README's figures and commands match the sources: counts of RACES.md, MUTATIONS.md and
// MUTANTS.md, command lines, tasks, versions; and the names of functions and files, in ARCHITECTURE.md too.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseFlags } from "../src/cli/flags.ts";
import { LAB_COMMANDS } from "../verify/lab.ts";
import { captures } from "../verify/linux/captures.ts";
import { rowsOf } from "../verify/linux/compare.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../${path}`, import.meta.url));
const README = read("README.md");
const CONFIG = JSON.parse(read("deno.json"));
/** README as one line, for sentences that break anywhere. */
const PROSE = README.replace(/\s+/g, " ");

/** Cells of the rows of the table whose head begins with `head`. */
function tableRows(head: string): string[][] {
  const after = README.split("\n").slice(README.split("\n").findIndex((line) => line.startsWith(`| ${head}`)) + 2);
  const end = after.findIndex((line) => !line.startsWith("|"));
  return after.slice(0, end).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("README counts schedules as RACES.md does, and bugs of Linux as MUTATIONS.md does", () => {
  const [, reduced] = /: (\d+) schedules run to their end/.exec(read("verify/RACES.md"))!;
  const [, all] = /without the reduction takes (\d+) schedules/.exec(read("verify/RACES.md"))!;
  assertStringIncludes(PROSE, `${reduced} schedules, the same faults as all ${all} unreduced ones`);
  const bugs = new Set([...read("verify/MUTATIONS.md").matchAll(/\| B(\d+)[a-z]? \|/g)].map((match) => match[1]));
  assertStringIncludes(PROSE, `${bugs.size} bugs that Linux had`);
});

Deno.test("README gives the score of MUTANTS.md", () => {
  const score = /Sampled \d+ of \d+ with seed \d+: (\d+) of (\d+) are noticed, ([\d.]+) %/;
  const [, noticed, of, percent] = score.exec(read("verify/MUTANTS.md"))!;
  assertStringIncludes(PROSE, `Tests notice ${noticed} of ${of} sampled slips in kernel paths (${percent} %)`);
});

Deno.test("README counts the rows captured on Linux", () => {
  const rows = captures().reduce((n, capture) => n + rowsOf(capture).length, 0);
  assertStringIncludes(PROSE, `${rows} rows of \`deno task verify\``);
});

Deno.test("README's command lines are ones that lab understands", () => {
  const lines = [...README.matchAll(/^(?:deno )?task lab (\S+) ?([^#\n]*?) *(?:#.*)?$/gm)];
  assert(lines.length > 5, `${lines.length} command lines`);
  for (const [, name, args] of lines) {
    const command = LAB_COMMANDS.find((command) => command.name === name);
    assert(command !== undefined, `README shows "lab ${name}"`);
    const words = args.split(" ").filter((arg) => arg !== "");
    // What follows the two kernels of `diff A B` is a command line of its own.
    const [inner, rest] = command.nested ? [words[2], words.slice(3)] : [name, words];
    const { flags, operands } = LAB_COMMANDS.find((command) => command.name === inner)!;
    parseFlags(inner, flags, rest, operands !== undefined);
  }
});

Deno.test("README's tasks exist", () => {
  const named = [
    ...tableRows("task").flatMap(([cell]) => [...cell.matchAll(/`([\w:]+)`/g)]),
    ...README.matchAll(/deno(?:@[\d.]+)? task ([\w:]+)/g),
  ].map((match) => match[1]);
  assert(named.length > 15, `${named}`);
  assertEquals(named.filter((task) => !Object.hasOwn(CONFIG.tasks, task)), []);
});

Deno.test("README names every package, in deno.json's version", () => {
  for (const [cell] of tableRows("package")) {
    const match = /^`([\w@/-]+)` ([\d.]+)$/.exec(cell);
    if (match !== null) assertEquals(CONFIG.imports[match[1]], `npm:${match[1]}@${match[2]}`);
  }
  const foreign = Object.keys(CONFIG.imports).filter((name) => !name.startsWith("@std/"));
  assertEquals(foreign.filter((name) => !README.includes(`\`${name}\` `)), []);
  const denos = [...README.matchAll(/deno@([\d.]+\d)|Deno(?: is)? ([\d.]+\d)/g)].map((match) => match[1] ?? match[2]);
  assertEquals([...new Set(denos)], [/^readonly DENO=deno@(.*)$/m.exec(read(".ci/run"))![1]]);
});

/** Text of every source file of a folder, tests included, with the paths first. */
function sourcesOf(folder: string): string {
  let text = "";
  for (const { name, isDirectory } of Deno.readDirSync(new URL(`../${folder}`, import.meta.url))) {
    const path = `${folder}/${name}`;
    if (isDirectory) text += sourcesOf(path);
    else if (/\.(ts|md|json)$/.test(name)) text += `${path}\n${name.endsWith(".ts") ? read(path) : ""}`;
  }
  return text;
}

Deno.test("names in README, CONTRIBUTING.md's recipes and the other pages exist", () => {
  const sources = ["src", "verify", "bench", "fixtures", "results"].map(sourcesOf).join("") + read("mod.ts");
  const pages = ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/fidelity.md", "docs/performance.md"].map(read);
  for (const text of [README, ...pages]) {
    // Names in camelCase, and files: `mm/vmstat.ts`, verify/RACES.md.
    const names = [...text.matchAll(/`([a-z]+[A-Z]\w*)[`(]/g), ...text.matchAll(/([\w/]+\/\w+\.(?:ts|md|json))/g)];
    assert(names.length > 0, `${names.length} names`);
    const missing = new Set(
      names.map((match) => match[1]).filter((name) =>
        !/NNN|NAME/.test(name) && !sources.includes(name.replace(/^\/+/, ""))
      ),
    );
    assertEquals([...missing], []);
  }
});
