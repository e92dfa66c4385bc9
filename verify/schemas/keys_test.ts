// SPDX-License-Identifier: GPL-2.0-only
// The keys that --json prints, according to the schemas: one case, units in the name, one type per name, across all
// commands, tasks, results/latest.json and results/history.

import { assert, assertEquals } from "@std/assert";
import { LAB_COMMANDS } from "../lab.ts";
import { jsonKey } from "../../src/cli/config_keys.ts";
import { EXAMPLES } from "./examples.ts";
import type { Schema } from "./infer.ts";
import { schemaFile } from "./schemas.ts";

/** Keys with several types: switches (yes or no, a word, a number), and results of traced functions. */
const VALUES: readonly string[] = ["from", "to", "values", "byKernel", "result"];
/** Lists in reports that results/latest.json, version 2, gives as counts. */
const COUNTED: readonly string[] = ["rows"];
/** Endings of numbers that have a unit. */
const UNITS = /(Bytes|Ms|Ns|Percent|Pages|Pfn)$/;
/** Words for amounts of memory and time that need a unit in the name. */
const AMOUNTS = /^(size|align|block|dimm|dram|pmem|window|usable|lost|saved|time|duration|memory|hostMemory|bytes)$/;

/** Every key, with its types and places. */
function keysOf(): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  const visit = (schema: Schema, place: string): void => {
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      const types = found.get(key) ?? new Map<string, string>();
      found.set(key, types);
      for (const type of [inner.type ?? []].flat()) {
        if (type !== "null") types.set(type === "integer" ? "number" : type, place);
      }
      visit(inner, `${place}/${key}`);
    }
    if (schema.items !== undefined) visit(schema.items, place);
  };
  for (const name of [...Object.keys(EXAMPLES), "box-fleet"]) {
    const { anyOf } = JSON.parse(Deno.readTextFileSync(schemaFile(name))) as { anyOf: Schema[] };
    for (const schema of anyOf) visit(schema, name);
  }
  for (const name of ["schema.json", "history.schema.json"]) {
    visit(JSON.parse(Deno.readTextFileSync(new URL(`../../results/${name}`, import.meta.url))), name);
  }
  return found;
}

const KEYS = keysOf();

Deno.test("every key is camelCase", () => {
  assert(KEYS.size > 200, `${KEYS.size}`);
  assertEquals([...KEYS.keys()].filter((key) => !/^[a-z][a-zA-Z0-9]*$/.test(key)), []);
});

Deno.test("a key has one type in all commands", () => {
  const several = [...KEYS].filter(([key, types]) => types.size > 1 && ![...VALUES, ...COUNTED].includes(key));
  assertEquals(several.map(([key, types]) => `${key}: ${[...types].map(([t, at]) => `${t} in ${at}`).join(", ")}`), []);
});

Deno.test("an amount of memory or time has its unit in its name", () => {
  const bare = [...KEYS].filter(([key, types]) => types.has("number") && AMOUNTS.test(key));
  assertEquals(bare.map(([key, types]) => `${key} in ${types.get("number")}`), []);
  assert([...KEYS.keys()].filter((key) => UNITS.test(key)).length > 60);
});

Deno.test("a flag that takes a size has a key in bytes, or an address's", () => {
  const sizes = LAB_COMMANDS.flatMap(({ flags }) =>
    Object.entries(flags).filter(([, { value }]) => /^(SIZE|BYTES)$/.test(value)).map(([name]) => name)
  );
  const names = [...new Set(sizes)].map((flag) => flag.replaceAll(/-(.)/g, (_, c: string) => c.toUpperCase()));
  assert(names.length > 8, `${names}`);
  for (const name of names) {
    const key = name === "structPage" ? jsonKey("structPageSize", 0) : jsonKey(name, 0);
    assert(key.endsWith("Bytes"), `--${name}: ${key}`);
    assert(key.startsWith(name), `--${name} and ${key} have two names`);
  }
});
