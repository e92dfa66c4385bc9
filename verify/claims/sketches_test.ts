// SPDX-License-Identifier: GPL-2.0-only
// undeclared() reports what is not declared and nothing else. If the fixture's compiler is installed, it still gives
// the same messages.

import { assertEquals } from "@std/assert";
import documents from "../../fixtures/documents.json" with { type: "json" };
import fixture from "../../fixtures/sketches.json" with { type: "json" };
import { addressesOfAddresses, callsOf, partsOfLoop, undeclared } from "./sketches.ts";

const SKETCH = [
  "struct state {",
  "\tint n;",
  "};",
  "static int next(struct state *state, int step)",
  "{",
  "\tint old;",
  "\told = state->n;",
  "\tstate->n += step + STEP;",
  "\treturn min(old, state->n);",
  "}",
];

Deno.test("undeclared() finds nothing if everything is declared", () => assertEquals(undeclared(SKETCH), []));

Deno.test("undeclared() names a structure without its keyword and a variable that is not a parameter", () => {
  const broken = SKETCH.map((line) => line.replace("struct state {", "state {").replace(", int step", ""));
  assertEquals(undeclared(broken), ["struct state", "step"]);
});

Deno.test("addressesOfAddresses() expands the macro", () => {
  const use = (argument: string) => ["#define each(s) \\", "\twalk(&s)", "", `\teach(${argument});`];
  assertEquals([addressesOfAddresses(use("&state")), addressesOfAddresses(use("state"))], [1, 0]);
});

Deno.test("callsOf() and partsOfLoop() count", () => {
  assertEquals([callsOf("next", SKETCH), callsOf("next", ["\tnext(s);"])], [0, 1]);
  assertEquals([partsOfLoop(["for (i = 0; i != n) {"]), partsOfLoop(["for (i = 0; i != n; i++) {"])], [2, 3]);
});

/** Version of gcc; null if there is none. */
function gccVersion(): string | null {
  try {
    const { success, stdout } = new Deno.Command("gcc", { args: ["-dumpfullversion"], stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Messages of gcc about a source, without duplicates. */
async function complaintsOf(source: string): Promise<string[]> {
  const gcc = new Deno.Command("gcc", {
    args: ["-std=gnu11", "-Wall", "-c", "-o", "/dev/null", "-fno-diagnostics-show-caret", "-x", "c", "-"],
    env: { LC_ALL: "C" },
    stdin: "piped",
    stderr: "piped",
    stdout: "null",
  }).spawn();
  const writer = gcc.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { stderr } = await gcc.output();
  const lines = new TextDecoder().decode(stderr).split("\n");
  return [...new Set(lines.flatMap((line) => /^sketch:\d+:\d+: (?:error|warning): (.*)/.exec(line)?.[1] ?? []))];
}

Deno.test({
  name: "fixtures/sketches.json has what gcc says",
  ignore: !fixture.compiler.startsWith(`gcc ${gccVersion()},`),
  fn: async () => {
    for (const [name, { sketch, from, to, edits, elided, messages }] of Object.entries(fixture.compiled)) {
      const { lines } = documents["001"].sketches[sketch as keyof typeof documents["001"]["sketches"]];
      const text = edits.reduce(
        (code, [old, now]) => code.replaceAll(old, now),
        `${lines.slice(from, to).join("\n")}\n`,
      );
      const source = [...fixture.declares, ...(elided ? fixture.elided : []), '#line 1 "sketch"', text].join("\n");
      assertEquals(await complaintsOf(source), messages, name);
    }
  },
});
