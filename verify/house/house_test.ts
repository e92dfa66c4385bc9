// SPDX-License-Identifier: GPL-2.0-only
// Project rules beyond the linter: which room may import which, which may use Deno, how a file begins.

import { assert, assertEquals } from "@std/assert";
import {
  ALL,
  CODE,
  imports,
  isTest,
  ORDER,
  resolve,
  room,
  type Source,
  VERIFY_ORDER,
  verifyRoom,
  withoutComments,
} from "./sources.ts";
import { examples } from "./examples.ts";
import { testSuites } from "./run_tests.ts";

/** First line of a function, traced or not, or of a method; the closing line of its body has the same indentation. */
const FUNCTION =
  /^( *)(?:export )?(?:async )?(?:function \w|const \w+ = traced\(|const \w+ = \(.*=> \{$|(?:get |set |#)?\w+\(.*\): .*\{$)/;

Deno.test("the scan sees the sources and their imports", () => {
  assert(CODE.length > 60, `${CODE.length} files`);
  const boot = CODE.find((s) => s.path === "src/boot.ts")!;
  assert(imports(boot).includes("./mm/kernel.ts"));
  assertEquals(
    imports({ path: "x", text: 'import {\n  a,\n} from "./a.ts";\nexport * from "./b.ts";\nimport "./c.ts";\n' }),
    [
      "./a.ts",
      "./b.ts",
      "./c.ts",
    ],
  );
  assertEquals(
    imports({ path: "x", text: ' * import { a } from "./a.ts";\n// import "./b.ts";\n/* import "./c.ts"; */\n' }),
    [],
  );
  assertEquals([room("src/mm/gup/gup.ts"), room("src/boot.ts"), room("mod.ts"), room("verify/a/b.ts")], [
    "mm",
    "boot",
    "mod",
    "verify",
  ]);
});

Deno.test("imports go one way", () => {
  const wrong: string[] = [];
  for (const source of CODE) {
    const from = ORDER.indexOf(room(source.path) as typeof ORDER[number]);
    assert(from >= 0, `${source.path} is in no known room`);
    // deno.json belongs to no room.
    for (const target of imports(source).filter((t) => t.startsWith(".") && !t.endsWith("/deno.json"))) {
      const to = ORDER.indexOf(room(resolve(source.path, target)) as typeof ORDER[number]);
      if (to < 0 || to > from) wrong.push(`${source.path} imports ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("within verify imports go one way too", () => {
  const rank = (path: string) => VERIFY_ORDER.indexOf(verifyRoom(path) as typeof VERIFY_ORDER[number]);
  const wrong: string[] = [];
  for (const source of CODE.filter(({ path }) => path.startsWith("verify/"))) {
    assert(rank(source.path) >= 0, `${source.path} is in no known room`);
    const targets = imports(source).filter((t) => t.startsWith(".")).map((t) => resolve(source.path, t));
    for (const target of targets.filter((t) => t.startsWith("verify/") && rank(t) > rank(source.path))) {
      wrong.push(`${source.path} imports ${target}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("no file imports itself by way of others, types included", () => {
  const paths = new Set(CODE.map((source) => source.path));
  const targets = new Map(CODE.map((source) => [
    source.path,
    imports(source).filter((t) => t.startsWith(".")).map((t) => resolve(source.path, t)).filter((t) => paths.has(t)),
  ]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" -> "));
    if (way.includes(path) || done.has(path)) return;
    for (const target of targets.get(path)!) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of paths) visit(path, []);
  assertEquals(circles, []);
});

Deno.test("src knows nothing of verify and bench, and the formulas nothing of src", () => {
  for (const source of ALL.filter((s) => s.path.startsWith("src/"))) {
    for (const target of imports(source)) {
      assert(!/verify\/|bench\//.test(target), `${source.path} imports ${target}`);
    }
  }
  for (const source of CODE.filter((s) => s.path.startsWith("verify/formulas/"))) assertEquals(imports(source), []);
});

Deno.test("src outside cli runs in a browser: no Deno, no foreign module", () => {
  for (const source of CODE.filter((s) => s.path.startsWith("src/") && room(s.path) !== "cli")) {
    assert(!/\bDeno\./.test(withoutComments(source.text)), `${source.path} uses Deno`);
    assertEquals(imports(source).filter((t) => !t.startsWith(".")), [], source.path);
  }
});

Deno.test("tests' helpers are imported by tests only", () => {
  for (const source of CODE) {
    for (const target of imports(source)) assert(!/testing\.ts$/.test(target), `${source.path} imports ${target}`);
  }
});

/** Exported functions, classes and constants. Types are left out: signatures need them. */
function exportedValues({ text }: Source): string[] {
  return [...text.matchAll(/^export (?:abstract )?(?:async )?(?:function\*? ?|class |const )(\w+)/gm)].map((m) => m[1]);
}

Deno.test("every export is used by another file", () => {
  const words = ALL.map(({ path, text }) => ({ path, words: new Set(withoutComments(text).match(/\w+/g)) }));
  assertEquals(exportedValues({ path: "x", text: "export async function a() {}\nexport const B = 1;\nconst c = 2;" }), [
    "a",
    "B",
  ]);
  const unused = CODE.flatMap((source) =>
    exportedValues(source).filter((name) => !words.some(({ path, words }) => path !== source.path && words.has(name)))
      .map((name) => `${source.path}: ${name}`)
  );
  assertEquals(unused, []);
});

Deno.test("every file begins with its licence and, unless it is a test, its purpose", () => {
  for (const source of ALL) {
    const [licence, job] = source.text.split("\n");
    assertEquals(licence, "// SPDX-License-Identifier: GPL-2.0-only", source.path);
    assert(isTest(source) || /^(\/\/ \S|\/\*\*$)/.test(job), `${source.path} does not say what it is for`);
  }
});

Deno.test("nothing silences the compiler or the linter, and nothing is left to do", () => {
  const words = ["@ts-" + "ignore", "@ts-" + "nocheck", "deno-lint-" + "ignore", "TO" + "DO", "FIX" + "ME"];
  for (const { path, text } of ALL) {
    for (const word of words) assert(!text.includes(word), `${path} has "${word}"`);
    assert(!/\bas any\b/.test(withoutComments(text)), `${path} casts to any`);
  }
});

Deno.test("`deno task test` runs every test file once, and the examples of every source that has some", () => {
  const files = ALL.map(({ path }) => path).filter((path) => path.includes("_test."));
  assertEquals([...testSuites().values()].flat().sort(), files.sort());
  for (const source of CODE) {
    assertEquals(examples(source).length, source.text.match(/@example/g)?.length ?? 0, source.path);
  }
});

Deno.test("examples() hoists the imports of an example and keeps its lines where they are", () => {
  const text = '/**\n * @example\n * ```ts\n * import a from "a";\n *\n * a();\n * ```\n */\n';
  assertEquals(examples({ path: "x.ts", text }), [{
    name: "x.ts:4",
    module: '\n\n\nimport a from "a";\nDeno.test("x.ts:4", async () => {\na();\n});\n',
  }]);
});

/** Longest function allowed. */
const MOST_LINES = 60;

Deno.test(`no function has more than ${MOST_LINES} lines`, () => {
  const long: string[] = [];
  for (const { path, text } of CODE) {
    const lines = text.split("\n");
    for (const [i, line] of lines.entries()) {
      const indent = FUNCTION.exec(line)?.[1];
      if (indent === undefined) continue;
      // A line that closes parameters opens the body.
      const closes = (at: string) => at.startsWith(`${indent}}`) && !at.endsWith("{") || at === `${indent});`;
      const length = 1 + lines.slice(i).findIndex(closes);
      if (length > MOST_LINES) long.push(`${path}:${i + 1} ${length} lines`);
    }
  }
  assertEquals(long, []);
});
