// SPDX-License-Identifier: GPL-2.0-only
// `deno task test [FILE...] [flags]`: `deno test` with this project's flags. Without files it runs everything: one
// suite per room, then long tests, then a suite of the documentation's examples. A suite imports many small test files,
// because `deno test` starts an isolate per file, which costs 0.1 s of CPU and compiles the emulator anew.
//
//   src/mm/page_test.ts     \
//   src/mm/memory_test.ts    >  src_mm.ts: one isolate
//   ...                     /

import { examples } from "./examples.ts";
import { ALL, CODE } from "./sources.ts";

const ROOT = new URL("../../", import.meta.url);

/** Suites by directory, in the order they run; a test belongs to the first match. */
const SUITES = ["verify/", "src/mm/", "src/scenario/", "src/cli/", "src/", ""];

/** Tests that take seconds run in their own isolate, after the suites, so that both CPUs stay busy to the end. */
const ALONE = [
  "explorer/explorer_test.ts",
  "verify/audit/main_test.ts",
  "verify/races/",
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

/** Test files that run alone, in order, and the others by suite. */
export function testFiles(): { alone: string[]; suites: Map<string, string[]> } {
  const files = ALL.map(({ path }) => path).filter((path) => /_test\.tsx?$/.test(path));
  const first = (prefixes: readonly string[], path: string) => prefixes.findIndex((prefix) => path.startsWith(prefix));
  const isAlone = (path: string) => first(ALONE, path) >= 0;
  const alone = files.filter(isAlone).sort((a, b) => first(ALONE, a) - first(ALONE, b));
  const rest = Map.groupBy(files.filter((path) => !isAlone(path)), (path) => SUITES[first(SUITES, path)]);
  return { alone, suites: new Map(SUITES.map((prefix) => [prefix, rest.get(prefix) ?? []])) };
}

/** Writes the suites to a directory; returns their paths. */
function writeSuites(suites: ReadonlyMap<string, readonly string[]>, folder: string): string[] {
  return [...suites].map(([prefix, files]) => writeSuite(`${folder}/${prefix.replaceAll("/", "_")}all_test.ts`, files));
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
    const { alone, suites } = testFiles();
    return await denoTest([...args, ...writeSuites(suites, folder), ...alone, writeExamples(folder)]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
