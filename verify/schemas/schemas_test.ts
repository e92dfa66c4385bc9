// SPDX-License-Identifier: GPL-2.0-only
// The JSON of `lab` and the tasks matches results/schemas/, on runs other than those that the schemas were made from.

import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { caught, labOf } from "../../src/cli/lab_testing.ts";
import { runTask } from "../../src/cli/run.ts";
import { LAB_COMMANDS, MORE } from "../lab.ts";
import { EXAMPLES, SLOW } from "./examples.ts";
import { inferSchema } from "./infer.ts";
import { COMMANDS, documentOf, fleetLines, schemaFile } from "./schemas.ts";

const lab = labOf(MORE);
const run = (name: string, ...args: string[]) =>
  LAB_COMMANDS.some((command) => command.name === name)
    ? lab(name, ...args)
    : caught(() => runTask(COMMANDS.find((command) => command.name === name)!, args));
const validator = (name: string) =>
  new Ajv2020({ strict: false }).compile(JSON.parse(Deno.readTextFileSync(schemaFile(name))));

const OTHERS: Readonly<Record<string, readonly string[]>> = {
  namespace: [
    "--size 128M --kernel v7 --align 4K",
    "--size 96M --struct-page 56",
    "--namespaces 32M,48M --region-align 1G",
  ],
  gup: ["--size 8M --mode pin --repeats 1 --kernel v4"],
  hugetlb: ["--count 3 --kernel 5.14 --keep 1", "--count 2 --arch arm64-4k --placement spread"],
  hotplug: ["--size 256M --dimm 128M --online online_movable", "--dax --size 512M --map mem"],
  layout: ["--kernel v7+head", "--arch arm64-16k"],
  pages: ["--size 32M --kernel 5.14"],
  plan: ["--pmem 256M --align 4K --map dev", "--hugetlb 1G:2 --kernel v7"],
  diff: ["v4 v7 gup --size 4M --repeats 1"],
  kernels: ["5.14"],
  lineage: ["--size 128M --align 4K"],
  trace: ["gup --size 2M --kernel v4"],
  box: ["fixtures/box/ndctl-list.json fixtures/box/dmesg.txt", "--anonymous fixtures/box/meminfo.txt"],
  inspect: ["vmstat --dram 4G --pmem 1G"],
  claims: ["--id 000-11"],
  completions: ["fish"],
  soak: ["--operations 30"],
};

for (const [name, lines] of Object.entries(OTHERS)) {
  Deno.test(`${name} --json and its errors match the schema`, async () => {
    const valid = validator(name);
    for (const line of lines) {
      const document = await documentOf(name, line);
      assert(valid(document), `${line}: ${JSON.stringify(valid.errors?.[0])}`);
      assert(!valid({ ...document, more: 1 }), `${line}: a key that nobody declared`);
    }
    const { out } = await run(name, "--no-such-flag", "--json");
    assert(valid(JSON.parse(out)), JSON.stringify(valid.errors));
  });
}

Deno.test("the example in the usage text of every command of lab runs", async () => {
  for (const { name, example } of LAB_COMMANDS) {
    assert(example !== undefined, name);
    if (SLOW.includes(name)) continue;
    const { code, err } = await run(name, ...example.split(" "), "--json");
    assertEquals([name, code, err], [name, 0, ""]);
  }
});

Deno.test("errors of the slow ones are as their schemas say", async () => {
  for (const name of SLOW) {
    const valid = validator(name);
    assert(valid(JSON.parse((await run(name, "--no-such-flag", "--json")).out)), JSON.stringify(valid.errors));
  }
});

Deno.test("lines of lab box --fleet --json match their schema", async () => {
  const valid = validator("box-fleet");
  const lines = await fleetLines([{ name: "x", files: { meminfo: "MemTotal: 16384000 kB\n" } }, {
    name: "y",
    files: {},
  }]);
  assertEquals(lines.length, 3);
  for (const line of lines) assert(valid(line), `${JSON.stringify(line)}: ${JSON.stringify(valid.errors?.[0])}`);
});

Deno.test("every command has examples, and all but the slow ones are tried here", () => {
  assertEquals(Object.keys(EXAMPLES).toSorted(), COMMANDS.map(({ name }) => name).toSorted());
  assertEquals([...Object.keys(OTHERS), ...SLOW].toSorted(), Object.keys(EXAMPLES).toSorted());
});

Deno.test("inferSchema() accepts the given values and nothing else", () => {
  const valid = new Ajv2020().compile(
    inferSchema([{ a: 1, b: [{ c: "x" }, { c: null }] }, { a: 2.5, b: [] }, { b: [] }]),
  );
  assert(valid({ a: 7, b: [{ c: "y" }] }) && valid({ b: [] }));
  for (const wrong of [{ a: "1", b: [] }, { a: 1 }, { b: [{}] }, { b: [], d: 1 }]) assert(!valid(wrong));
});
