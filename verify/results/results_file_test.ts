// SPDX-License-Identifier: GPL-2.0-only
// Results files: the published one is valid; a damaged one, or one of another schema, is refused in one line.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RESULTS, RESULTS_SCHEMA } from "../../results/mod.ts";
import { CommandError } from "../../src/cli/command.ts";
import { readCatalogue } from "../claims/catalogue_file.ts";
import { main } from "./results.ts";
import { checkResults, parseResults, writeResults } from "./results_file.ts";

function refuses(value: unknown, message: string): void {
  const error = assertThrows(() => checkResults("r.json", value), CommandError, message);
  assertEquals(error.message.split("\n").length, 1);
}

Deno.test("the published results match the schema, and their claims match the fixtures", () => {
  assertEquals(checkResults("latest.json", RESULTS), RESULTS);
  // `lab claims` judges newer claims itself.
  const texts = new Map(readCatalogue().map(({ id, text }) => [id, text]));
  assertEquals(RESULTS.audit.claims.filter(({ id, text }) => texts.get(id) !== text), []);
  assertEquals(RESULTS.audit.ok, true);
});

Deno.test("checkResults() refuses another schema, and names place and reason of an error", () => {
  refuses(
    { ...RESULTS, schema: RESULTS_SCHEMA + 1 },
    `r.json: schema: version ${RESULTS_SCHEMA + 1}, expected ${RESULTS_SCHEMA}`,
  );
  refuses({ ...RESULTS, schema: "1" }, "r.json: /schema: must be equal to constant");
  refuses(null, "r.json: /: must be object");
  const { audit: _, ...half } = RESULTS;
  refuses(half, "r.json: /: must have required property 'audit'");
  refuses(
    { ...RESULTS, bench: { geometry: "x86-64", benches: {} } },
    "r.json: /bench: must have required property 'load'",
  );
  refuses({ ...RESULTS, extra: 1 }, 'r.json: /: unknown key "extra"');
  refuses(
    { ...RESULTS, provenance: { ...RESULTS.provenance, date: "today" } },
    "r.json: /provenance/date: must match pattern",
  );
});

Deno.test("parseResults() refuses a damaged file", () => {
  const text = JSON.stringify(RESULTS);
  assertThrows(() => parseResults("r.json", text.slice(0, 1000)), CommandError, "r.json: damaged: ");
});

Deno.test("writeResults() writes the complete file and no other, and refuses invalid results before it writes", async () => {
  const dir = Deno.makeTempDirSync();
  const file = `${dir}/r.json`;
  await writeResults(file, RESULTS);
  assertEquals(parseResults("r.json", Deno.readTextFileSync(file)), RESULTS);
  await assertRejects(() => writeResults(file, { ...RESULTS, counters: {} }), CommandError, "/counters");
  assertEquals([...Deno.readDirSync(dir)].map((entry) => entry.name), ["r.json"]);
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("results --check refuses a file of another schema with exit 2 and one line", async () => {
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, JSON.stringify({ ...RESULTS, schema: 7 }));
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => lines.push(line);
  try {
    assertEquals(await main(["--check", file]), 2);
    assertEquals(await main(["--check", "/nowhere.json"]), 2);
  } finally {
    console.error = error;
  }
  assertEquals(lines[0], `results: ${file}: schema: version 7, expected ${RESULTS_SCHEMA}`);
  assertEquals([lines.length, lines[1].startsWith("results: /nowhere.json: cannot be read: ")], [2, true]);
  Deno.removeSync(file);
});
