// SPDX-License-Identifier: GPL-2.0-only
// A deliberately broken kernel is judged to the end: an import map gives `deno task verify` a copy of one module with one
// line changed.

import { assert, assertEquals } from "@std/assert";
import { V7_COVER } from "../claims/v7_cover.ts";
import { scaleOf } from "../measure/measure.ts";

const ROOT = new URL("../../", import.meta.url);

/** A copy of a module elsewhere; what it imports stays where it is. */
function moved(text: string, from: URL): string {
  return text.replaceAll(/(?<= from )"(\..*?)"/g, (_, path) => JSON.stringify(new URL(path, from).href));
}

/** An import map that replaces modules. It also stands in for the imports of deno.json, which `deno run` then ignores. */
function importMap(replaced: Record<string, string>): string {
  const { imports } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const inside = Object.entries<string>(imports).map(([name, target]) => [`${name}/`, `${target.replace(":", ":/")}/`]);
  return JSON.stringify({ imports: { ...imports, ...Object.fromEntries(inside), ...replaced } });
}

Deno.test("verify of a kernel that keeps no vmemmap page judges every row, writes its JSON and exits 1", async () => {
  const dir = Deno.makeTempDirSync();
  const file = new URL("src/mm/vmemmap/sparse_vmemmap.ts", ROOT);
  const text = Deno.readTextFileSync(file);
  const changed = text.replace(/(dedup === "pte\+\w+" \? 1 : )2/, (_, before) => `${before}0`);
  assert(changed !== text, "the line to break is not there");
  Deno.writeTextFileSync(`${dir}/broken.ts`, moved(changed, file));
  Deno.writeTextFileSync(`${dir}/map.json`, importMap({ [file.href]: `file://${dir}/broken.ts` }));
  // One document suffices: the defect breaks some of its rows by panics, and leaves others alone.
  const run = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      `--import-map=${dir}/map.json`,
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
    cwd: ROOT,
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
