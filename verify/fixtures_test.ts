// SPDX-License-Identifier: GPL-2.0-only
// Fixtures damaged in various ways are refused in one line that names the file, and programs exit with 2.

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CommandError } from "../src/cli/command.ts";
import { checkFixtures, parseJson, readCaptured } from "./fixtures.ts";

const ROOT = new URL("../", import.meta.url);
/** Directories that programs import from. */
const IMPORTED = [
  "fixtures/documents.json",
  "fixtures/sketches.json",
  "fixtures/series/bootstrap.json",
  "fixtures/series/gup.json",
  "fixtures/series/hugetlb.json",
  "fixtures/linux-6.1/bootstrap_instructions.json",
  "fixtures/linux-6.1/gup_test.json",
  "results/schema.json",
];

/** A copy of the files in which one is changed or missing. */
function withDamaged(file: string, text: string | null, run: (root: URL) => void): void {
  const dir = Deno.makeTempDirSync();
  try {
    for (const name of [...IMPORTED, "fixtures/schema.json", "fixtures/linux-6.1/namespaces.json"]) {
      Deno.mkdirSync(`${dir}/${name.slice(0, name.lastIndexOf("/"))}`, { recursive: true });
      if (name !== file) Deno.copyFileSync(new URL(name, ROOT), `${dir}/${name}`);
      else if (text !== null) Deno.writeTextFileSync(`${dir}/${name}`, text);
    }
    run(new URL(`file://${dir}/`));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** The text of a file with its first number as a string. */
function quoted(text: string): string {
  const changed = text.replace(/(: )(\d+)([,}\n])/, '$1"$2"$3');
  assert(changed !== text);
  return changed;
}

Deno.test("checkFixtures() takes the fixtures as they are", () => checkFixtures());

for (const file of [...IMPORTED, "fixtures/schema.json"]) {
  Deno.test(`checkFixtures() names ${file} when it is damaged`, () => {
    const text = Deno.readTextFileSync(new URL(file, ROOT));
    const damages = ["", text.slice(0, text.length / 2), "[]", "5", '"x"', null];
    if (file !== "results/schema.json") damages.push("null");
    if (!file.endsWith("schema.json")) damages.push("{}", quoted(text));
    for (const damaged of damages) {
      withDamaged(file, damaged, (root) => {
        const { message } = assertThrows(() => checkFixtures(root), CommandError);
        assert(message.startsWith(`${file}: `) && !message.includes("\n"), `${damaged?.slice(0, 20)}: ${message}`);
      });
    }
  });
}

Deno.test("checkFixtures() names the place of a number that is a string or missing", () => {
  const file = "fixtures/documents.json";
  const documents = JSON.parse(Deno.readTextFileSync(new URL(file, ROOT)));
  const lines = documents["003"].diffstat.files[0];
  lines[1] = "8";
  withDamaged(file, JSON.stringify(documents), (root) => {
    assertThrows(() => checkFixtures(root), CommandError, `${file}: /003/diffstat/files/0/1: must be number`);
  });
  lines.pop();
  withDamaged(file, JSON.stringify(documents), (root) => {
    assertThrows(() => checkFixtures(root), CommandError, `${file}: /003/diffstat/files/0: must NOT have fewer than 2`);
  });
});

Deno.test("readCaptured() reads every captured machine, and names errors", () => {
  const fixtures = new URL("fixtures/", ROOT);
  const scenarios = [
    ...["namespaces", "hotplug", "hugetlb", "struct_pages", "vmemmap_maps"],
    ...["gigantic", "fsdax", "kmem", "direct_map"],
  ].map((name) => `${name}.json`);
  let read = 0;
  const visit = (folder: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, fixtures))) {
      if (isDirectory) visit(`${folder}${name}/`);
      else if (scenarios.includes(name)) read += typeof readCaptured(`${folder}${name}`) === "object" ? 1 : 0;
    }
  };
  for (const { name } of Deno.readDirSync(fixtures)) if (name.startsWith("linux-")) visit(`${name}/`);
  assert(read >= 20, `${read}`);
  const file = "linux-6.1/namespaces.json";
  const text = Deno.readTextFileSync(new URL(file, fixtures));
  for (
    const [damaged, message] of [[text.slice(0, 500), "damaged: "], [quoted(text), ": must be number"], ["[]", "/"]]
  ) {
    withDamaged(`fixtures/${file}`, damaged, (root) => {
      const error = assertThrows(() => readCaptured(file, root), CommandError, message);
      assert(error.message.startsWith(`fixtures/${file}: `), error.message);
    });
  }
});

Deno.test("parseJson() names the place of the damage, in one line", () => {
  assertThrows(() => parseJson("a.json", '{\n"a": 1,\n'), CommandError, "a.json: damaged: ");
  assertEquals(parseJson("a.json", "[1]"), [1]);
});

Deno.test("a program of verify on damaged fixtures is one line and exit 2; on a full disk one line and exit 1", async () => {
  const dir = Deno.makeTempDirSync();
  const copied = ["deno.json", "mod.ts", "src", "verify", "fixtures", "results", "links", "charts", "bench"];
  for (const name of copied) Deno.symlinkSync(new URL(name, ROOT).pathname, `${dir}/${name}`);
  Deno.removeSync(`${dir}/fixtures`);
  await new Deno.Command("cp", { args: ["-r", new URL("fixtures", ROOT).pathname, `${dir}/fixtures`] }).output();
  const run = async (script: string) => {
    const { code, stderr } = await new Deno.Command("sh", { args: ["-c", script], cwd: dir }).output();
    return { code, err: new TextDecoder().decode(stderr) };
  };
  const start = `${Deno.execPath()} run -q --no-lock -A --no-check --config deno.json verify/start.ts`;
  const full = await run(`${start} nothing; ${start} verify --help > /dev/full`);
  assertMatch(full.err, /^verify: unknown program "nothing": expected verify, [^\n]*\n[^\n]*No space left[^\n]*\n$/);
  assertEquals(full.code, 1);
  await Deno.writeTextFile(`${dir}/fixtures/documents.json`, "{");
  const damaged = await run(`${start} verify --quick`);
  assertMatch(damaged.err, /^verify: fixtures\/documents.json: damaged: [^\n]*\n$/);
  assertEquals(damaged.code, 2);
  await Deno.remove(dir, { recursive: true });
});
