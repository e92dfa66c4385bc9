// SPDX-License-Identifier: GPL-2.0-only
// A kernel with a defect in its source. The files between world.ts and a mutation are copied to a temporary directory
// with the mutation's text replaced, and imported from there; files that do not lead to a mutation are the kernel's own.
// The kernel itself knows nothing of mutations. Types are stripped before, once for all mutations: as .js the copy is
// not compiled, and leaves nothing in Deno's cache.

import { stripTypeScriptTypes } from "node:module";
import type { Edit } from "./edits.ts";

/** The kernel and its lives, with a defect or without. */
export type World = typeof import("./world.ts");

const ROOT = new URL("../../", import.meta.url);
const ENTRY = "verify/mutations/world.ts";
const IMPORT = /((?:from|import)\s+")(\.[^"]+)\.ts"/g;

/** A file as it is, without its types, and the files that it imports, by path from the root. */
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

/** Path of a file that another one imports. */
function imported(path: string, target: string): string {
  return new URL(`${target}.ts`, new URL(path, ROOT)).href.slice(ROOT.href.length);
}

/** The changed files and all that lead to them. */
function leadingTo(changed: Iterable<string>): ReadonlySet<string> {
  const found = new Set(changed);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const [path, { imports }] of sources) if (imports.some((target) => found.has(target))) found.add(path);
  }
  return found;
}

/** The text with an edit in it; RangeError unless what it replaces is there, and once. */
export function edited(text: string, edit: Edit): string {
  const found = text.split(edit.text).length - 1;
  if (found !== 1) {
    throw new RangeError(`Cannot replace text in ${edit.file}: found ${found} times, must be once: ${edit.text}`);
  }
  return text.replace(edit.text, () => edit.replacement);
}

/** Runs something in a world whose sources have the edits in them. */
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
