// SPDX-License-Identifier: GPL-2.0-only
// `deno task test [FILE...] [flags]`: `deno test` with this project's flags. Without files it runs everything. A suite
// imports many small test files, because `deno test` starts an isolate per file, which costs 0.1 s of CPU and compiles
// the emulator anew. All suites are in one directory: `deno test` starts the files of the longest directory first, and
// those of one directory in order.
//
//   src/mm/page_test.ts     \
//   src/mm/memory_test.ts    >  src_mm_all_test.ts: one isolate
//   ...                     /

import { examples } from "./examples.ts";
import { ALL, CODE } from "./sources.ts";

const ROOT = new URL("../../", import.meta.url);

/** Tests that often wait for a browser: they run first, beside all others. */
const BROWSER = "explorer/explorer_test.ts";
/** Suites by directory, in the order they run; a test belongs to the first match. */
const ROOMS = ["verify/", "src/mm/", "src/scenario/", "src/cli/", "src/", ""];
/** Tests that take seconds: each file is a suite, and runs after the rooms so that both CPUs stay busy to the end. */
const LONG = [
  "verify/races/",
  "verify/audit/main_test.ts",
  "verify/sweeps/",
  "verify/linux/compare_test.ts",
  "verify/mutations/",
  "verify/lives/",
];

/** V8 collects garbage rarely and on the same thread: both CPUs run tests, and machines are outside the heap. */
const V8_FLAGS = ["--no-incremental-marking", "--single-threaded-gc", "--initial-old-space-size=1024"];
const FLAGS = [
  "--no-check",
  "--parallel",
  `--v8-flags=${V8_FLAGS.join()}`,
  ...["read", "write", "env", "sys", "run"].map((permission) => `--allow-${permission}`),
];
/** glibc clears memory that it reuses; larger buffers come from the kernel, which clears only touched pages. */
const ENV = { GLIBC_TUNABLES: "glibc.malloc.mmap_threshold=262144" };

/** The test files of every suite, in the order they run. */
export function testSuites(): Map<string, string[]> {
  const files = ALL.map(({ path }) => path).filter((path) => /_test\.tsx?$/.test(path));
  const first = (prefixes: readonly string[], path: string) => prefixes.findIndex((prefix) => path.startsWith(prefix));
  const long = files.filter((path) => first(LONG, path) >= 0).sort((a, b) => first(LONG, a) - first(LONG, b));
  const rest = files.filter((path) => path !== BROWSER && !long.includes(path));
  const rooms = Map.groupBy(rest, (path) => ROOMS[first(ROOMS, path)]);
  return new Map([
    [BROWSER, [BROWSER]],
    ...ROOMS.map((room): [string, string[]] => [`${room}all_test.ts`, rooms.get(room) ?? []]),
    ...long.map((path): [string, string[]] => [path, [path]]),
  ]);
}

/** Writes the suites to a directory; returns their paths. */
function writeSuites(folder: string): string[] {
  return [...testSuites()].map(([name, files]) => writeSuite(`${folder}/${name.replaceAll("/", "_")}`, files));
}

/** Writes the examples of all sources to a directory, and the suite that imports them; returns its path. */
function writeExamples(folder: string): string {
  const files = CODE.flatMap(examples).map(({ name, module }) => {
    const file = `${folder}/${name.replaceAll(/\W/g, "_")}.ts`;
    Deno.writeTextFileSync(file, module);
    return file;
  });
  return writeSuite(`${folder}/examples_test.ts`, files);
}

/** Writes a test file that imports others, by their paths from here; returns its path. */
function writeSuite(suite: string, files: readonly string[]): string {
  const lines = files.map((file) => `import ${JSON.stringify(new URL(file, ROOT).href)};\n`);
  Deno.writeTextFileSync(suite, lines.join(""));
  return suite;
}

/** Returns the exit code of `deno test`. */
async function denoTest(args: readonly string[]): Promise<number> {
  const { pathname: config } = new URL("deno.json", ROOT);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "--config", config, ...FLAGS, ...args],
    env: ENV,
  });
  return (await command.spawn().status).code;
}

/** Whether an argument names a file or directory. */
function isFile(arg: string): boolean {
  try {
    return Deno.statSync(arg) !== null;
  } catch {
    return false;
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.some(isFile)) return await denoTest(["--doc", ...args]);
  // Ctrl-C ends the tests; this process must survive to remove the directory.
  Deno.addSignalListener("SIGINT", () => {});
  const folder = await Deno.makeTempDir({ prefix: "vmemmap-lab-test-" });
  try {
    return await denoTest([...args, ...writeSuites(folder), writeExamples(folder)]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
