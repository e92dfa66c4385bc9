// SPDX-License-Identifier: GPL-2.0-only
// A kernel with a defect in its source. Mutated files, and all files between them and world.ts, are copied to a
// temporary directory and imported from there; the rest are shared with the sound kernel. The kernel's code has no hook
// for mutations. Types are stripped once, for all mutations: as .js, a copy needs no compiling and leaves nothing in
// Deno's cache.

import { stripTypeScriptTypes } from "node:module";
import type { Edit } from "./edits.ts";

/** The kernel and its exercises, with a defect or without. */
export type World = typeof import("./world.ts");

const ROOT = new URL("../../", import.meta.url);
const ENTRY = "verify/mutations/world.ts";
const IMPORT = /((?:from|import)\s+")(\.[^"]+)\.ts"/g;

/** A file, its JavaScript, and the files it imports as paths from the root. */
interface Source {
  readonly text: string;
  readonly js: string;
  readonly imports: readonly string[];
}

const sources = new Map<string, Source>();

function collect(path: string): void {
  if (sources.has(path)) return;
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  const js = stripTypeScriptTypes(text);
  const imports = Array.from(js.matchAll(IMPORT), ([, , target]) => imported(path, target));
  sources.set(path, { text, js, imports });
  imports.forEach(collect);
}

/** Path of an imported file. */
function imported(path: string, target: string): string {
  return new URL(`${target}.ts`, new URL(path, ROOT)).href.slice(ROOT.href.length);
}

/** The changed files and all that import them, directly or not. */
function leadingTo(changed: Iterable<string>): ReadonlySet<string> {
  const found = new Set(changed);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [path, { imports }] of sources) if (imports.some((target) => found.has(target))) found.add(path);
  }
  return found;
}

/** The text with the edit applied; RangeError unless the text to replace occurs exactly once. */
export function edited(text: string, edit: Edit): string {
  const found = text.split(edit.text).length - 1;
  if (found !== 1) {
    throw new RangeError(`Cannot replace text in ${edit.file}: found ${found} times, must be once: ${edit.text}`);
  }
  return text.replace(edit.text, () => edit.replacement);
}

/** Runs a function in a world whose sources have these edits. */
export async function withMutant<T>(edits: readonly Edit[], run: (world: World) => T): Promise<T> {
  collect(ENTRY);
  const changed = new Map<string, string>();
  for (const edit of edits) {
    const source = sources.get(edit.file);
    if (source === undefined) throw new RangeError(`Cannot mutate ${edit.file}: ${ENTRY} does not import it`);
    changed.set(edit.file, edited(changed.get(edit.file) ?? source.text, edit));
  }
  const dir = Deno.makeTempDirSync({ prefix: "mutant-" });
  try {
    const copied = leadingTo(changed.keys());
    for (const path of copied) {
      Deno.mkdirSync(`${dir}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
      const mutated = changed.get(path);
      const js = mutated === undefined ? sources.get(path)!.js : stripTypeScriptTypes(mutated);
      const linked = js.replace(IMPORT, (_, start, target) => {
        const other = imported(path, target);
        return `${start}${copied.has(other) ? `${target}.js` : new URL(other, ROOT).href}"`;
      });
      Deno.writeTextFileSync(`${dir}/${path.replace(/ts$/, "js")}`, linked);
    }
    return run(await import(`file://${dir}/${ENTRY.replace(/ts$/, "js")}`));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}
