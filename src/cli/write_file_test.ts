// SPDX-License-Identifier: GPL-2.0-only
// Files are complete or absent: after success, after failure, and after Ctrl-C in the middle of writing.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CommandError } from "./command.ts";
import { DiskError, writeFile } from "./write_file.ts";

const names = (dir: string) => [...Deno.readDirSync(dir)].map((entry) => entry.name).sort();

Deno.test("writeFile() writes the text, over what was there, and leaves nothing beside it", async () => {
  const dir = await Deno.makeTempDir();
  for (const text of ["first", "second"]) {
    await writeFile(`${dir}/result.json`, text);
    assertEquals(await Deno.readTextFile(`${dir}/result.json`), text);
  }
  assertEquals(names(dir), ["result.json"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeFile() that cannot take the name names the file and leaves nothing beside it", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/result.json/in-the-way`, { recursive: true });
  const error = await assertRejects(() => writeFile(`${dir}/result.json`, "text"), CommandError);
  assert(error.message.startsWith(`cannot write ${dir}/result.json: `), error.message);
  assertEquals(names(dir), ["result.json"]);
  await assertRejects(() => writeFile(`${dir}/missing/result.json`, "text"), CommandError, "cannot write");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeFile() through a symbolic link replaces what it points to, not the link", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/result.json`, "old");
  await Deno.symlink("result.json", `${dir}/link`);
  await writeFile(`${dir}/link`, "new");
  assert((await Deno.lstat(`${dir}/link`)).isSymlink);
  assertEquals(await Deno.readTextFile(`${dir}/result.json`), "new");
  assertEquals(names(dir), ["link", "result.json"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeFile() to a target that is not a regular file writes into it", async () => {
  const dir = await Deno.makeTempDir();
  const pipe = `${dir}/pipe`;
  assertEquals((await new Deno.Command("mkfifo", { args: [pipe] }).output()).code, 0);
  const reader = new Deno.Command("cat", { args: [pipe], stdout: "piped" }).spawn();
  await writeFile(pipe, "text");
  const { isFifo } = await Deno.lstat(pipe);
  // A reader without a writer would wait for ever.
  if (!isFifo) reader.kill();
  assertEquals([isFifo, new TextDecoder().decode((await reader.output()).stdout)], [true, "text"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeFile() to a full device is not bad usage, and requests no permission", async () => {
  // With all permissions the disk is full; with fewer Deno refuses access.
  const error = await assertRejects(() => writeFile("/dev/full", "text"), DiskError, "cannot write /dev/full: ");
  assert(!error.message.includes("--allow"), error.message);
});

/** Writes results of 8 MiB over and over until it is interrupted. */
const WRITER = `
  import { DiskError, writeFile } from ${JSON.stringify(new URL("./write_file.ts", import.meta.url).href)};
  for (let i = 0;; i = (i + 1) % 10) {
    await writeFile(Deno.args[0], String(i).repeat(2 ** 23));
    if (i === 1) console.log("writing");
  }`;

Deno.test("writeFile() interrupted by Ctrl-C leaves a whole file and nothing beside it", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/writer.ts`, WRITER);
  await Deno.mkdir(`${dir}/out`);
  for (let delay = 0; delay < 30; delay += 7) {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-config",
        "--no-lock",
        "--allow-read",
        "--allow-write",
        `${dir}/writer.ts`,
        `${dir}/out/result`,
      ],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    reader.releaseLock();
    await new Promise((resolve) => setTimeout(resolve, delay));
    child.kill("SIGINT");
    await child.stdout.cancel();
    assertEquals((await child.status).code, 130);
    assertEquals(names(`${dir}/out`), ["result"]);
    const text = await Deno.readTextFile(`${dir}/out/result`);
    assertEquals(text.length, 2 ** 23);
    assert(text === text[0].repeat(2 ** 23), "a mixture of two results");
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeFile() without disk space keeps the old file, leaves nothing beside it, and reports the error", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/result.json`, "old");
  const script = `
    import { DiskError, writeFile } from ${JSON.stringify(new URL("./write_file.ts", import.meta.url).href)};
    try {
      await writeFile(Deno.args[0], "x".repeat(2 ** 22));
    } catch (error) {
      console.log(error.name, error.message);
    }`;
  await Deno.writeTextFile(`${dir}/full.ts`, script);
  // Files are limited to 1 MiB, as on a full disk; the signal is ignored.
  const run = `trap '' XFSZ; ulimit -f 2048; exec "$0" run -q -A --no-check --no-lock "$1" "$2"`;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", run, Deno.execPath(), `${dir}/full.ts`, `${dir}/result.json`],
  }).output();
  assertMatch(new TextDecoder().decode(stdout), /^DiskError cannot write .*result.json: .*\n$/);
  assertEquals([await Deno.readTextFile(`${dir}/result.json`), names(dir)], ["old", ["full.ts", "result.json"]]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writeFile() names a missing folder", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const error = await assertRejects(() => writeFile(`${dir}/none/a.svg`, "x"), CommandError);
    assertEquals(error.message, `cannot write ${dir}/none/a.svg: there is no folder ${dir}/none`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
