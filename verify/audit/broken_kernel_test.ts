// SPDX-License-Identifier: GPL-2.0-only
// A deliberately broken kernel is judged to the end: `deno task verify` runs in a copy of the sources with one line
// changed.

import { assert, assertEquals } from "@std/assert";
import { V7_COVER } from "../claims/v7_cover.ts";
import { scaleOf } from "../measure/measure.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDERS = ["src", "verify", "fixtures", "results", "bench", "links", "charts"];

function copy(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copy(`${from}/${name}`, `${to}/${name}`);
    else if (!name.endsWith("_test.ts")) Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

Deno.test("verify of a kernel that keeps no vmemmap page judges every row, writes its JSON and exits 1", async () => {
  const dir = Deno.makeTempDirSync();
  for (const folder of FOLDERS) copy(`${ROOT.pathname}${folder}`, `${dir}/${folder}`);
  for (const file of ["mod.ts", "deno.json", "deno.lock"]) Deno.copyFileSync(new URL(file, ROOT), `${dir}/${file}`);
  const file = `${dir}/src/mm/vmemmap/sparse_vmemmap.ts`;
  const text = Deno.readTextFileSync(file);
  const changed = text.replace(/(dedup === "pte\+\w+" \? 1 : )2/, (_, before) => `${before}0`);
  assert(changed !== text, "the line to break is not there");
  Deno.writeTextFileSync(file, changed);
  // One document suffices: the defect makes some of its rows panic and does not affect others.
  const run = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--v8-flags=--no-incremental-marking,--single-threaded-gc",
      "--allow-read",
      "--allow-env",
      "--allow-sys",
      "verify/start.ts",
      "verify",
      "--quick",
      "--document",
      "000",
      "--json",
    ],
    cwd: dir,
    stderr: "piped",
  });
  const { code, stdout, stderr } = await run.output();
  const { report } = JSON.parse(new TextDecoder().decode(stdout));
  const rows: { id: string; ok: boolean; note: string | null }[] = report.suites.flatMap((s: { rows: [] }) => s.rows);
  assertEquals([code, report.ok, new TextDecoder().decode(stderr)], [1, false, ""]);
  assertEquals(rows.map(({ id }) => id), V7_COVER.claims(scaleOf(true)).map(({ id }) => id));
  assert(rows.some((row) => row.ok));
  assert(rows.some((row) => !row.ok && row.note?.includes("failed: ")));
  Deno.removeSync(dir, { recursive: true });
});
