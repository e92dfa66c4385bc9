// SPDX-License-Identifier: GPL-2.0-only
// What is measured shares no formula with what is expected: a factor wrong in both would go unnoticed. The text of
// every `measure` and `observe`, of what `claim()` measures, and of the functions of the same file that they call, is searched for the formulas'
// names. basePages() may stand there: it says in frames what is asked of the emulator, and is not what is counted.

import { assert, assertEquals } from "@std/assert";
import { expression } from "./explain.ts";

const VERIFY = new URL("../", import.meta.url);

/** The modules of a folder of verify, without their tests. */
function modules(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, VERIFY))].map(({ name }) => folder + name)
    .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"));
}

const FORMULAS = (await Promise.all(modules("formulas/").map((file) => import(new URL(file, VERIFY).href))))
  .flatMap((module: Record<string, unknown>) => Object.entries(module))
  .filter(([name, value]) => typeof value === "function" && name !== "basePages")
  .map(([name]) => name);

/** Files that make claims. */
const suites = () => ["claims/", "errata/", "linux/"].flatMap(modules);

/** Functions of a file by name, with their text. */
function functionsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const match of text.matchAll(/^(?:export )?function (\w+)[\s\S]*?^}/gm)) found.set(match[1], match[0]);
  for (const match of text.matchAll(/^ *const (\w+) = (?=\()/gm)) {
    found.set(match[1], expression(text, match.index + match[0].length));
  }
  return found;
}

/** Which of these functions a text calls; properties and variables of the same name are something else. */
function called(text: string, names: Iterable<string>): string[] {
  return [...names].filter((name) => new RegExp(`(?<![.\\w])${name}\\(`).test(text));
}

/** Formulas that a file imports. */
function imported(text: string): string[] {
  const imports = [...text.matchAll(/^import \{([^}]*)\} from "[^"]*\/formulas\/\w+\.ts"/gm)].map((m) => m[1]);
  return FORMULAS.filter((name) => imports.some((names) => new RegExp(`\\b${name}\\b`).test(names)));
}

/** Formulas that the measurements of a file use, as `file: what uses it: formula`. */
function shared(file: string, text: string): string[] {
  const functions = functionsOf(text);
  const names = imported(text);
  const found: string[] = [];
  const seen = new Set<string>();
  const search = (what: string, body: string) => {
    for (const name of called(body, names)) found.push(`${file}: ${what}: ${name}()`);
    for (const name of called(body, functions.keys())) {
      if (!seen.has(name)) search(name, functions.get(seen.add(name) && name)!);
    }
  };
  // A function may stand there by its name.
  const searchAt = (what: string, at: number) => search(what, expression(text, at).trim().replace(/^\w+$/, "$&()"));
  for (const { index, 0: head } of text.matchAll(/\b(?:measure|observe): /g)) {
    searchAt(head.slice(0, -2), index + head.length);
  }
  // claim(id, formula, measure)
  for (const { index, 0: head } of text.matchAll(/(?<![.\w]|function )claim\(/g)) {
    const id = expression(text, index + head.length);
    const at = index + head.length + id.length + 1;
    if (text[at - 1] === ",") searchAt(id.trim(), at + expression(text, at).length + 1);
  }
  return found;
}

Deno.test("no measurement uses a formula", () => {
  const files = suites();
  const texts = files.map((file) => Deno.readTextFileSync(new URL(file, VERIFY)));
  assert(texts.filter((text) => /\bmeasure: |\bclaim\(/.test(text)).length > 10);
  assertEquals(files.flatMap((file, i) => shared(file, texts[i])), []);
});

Deno.test("shared() finds a formula in a measurement and in what that calls", () => {
  const head = 'import { gib, mib } from "../formulas/vmemmap.ts";\n';
  const direct = "{ formula: mib(4), measure: () => mib(counted()), expected }";
  assertEquals(shared("x.ts", head + direct), ["x.ts: measure: mib()"]);
  assertEquals(shared("x.ts", `${head}claim(\n  "001-01",\n  mib(4),\n  () => mib(counted()),\n)`), [
    'x.ts: "001-01": mib()',
  ]);
  assertEquals(shared("x.ts", head + 'claim("001-01", mib(4), () => counted().mib)'), []);
  const behind = `const y = { measure: () => seen(1) };\nfunction seen(n: number) {\n  return gib(n);\n}\n`;
  assertEquals(shared("x.ts", head + behind), ["x.ts: seen: gib()"]);
  assertEquals(shared("x.ts", head + "{ formula: mib(4), measure: () => counted().mib, expected }"), []);
});
