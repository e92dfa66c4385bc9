// SPDX-License-Identifier: GPL-2.0-only
// A kernel with a defect in its source. What world.ts imports is copied to a temporary directory with the text of a
// mutation replaced, and imported from there; the kernel itself knows nothing of mutations. Types are stripped before,
// once for all mutations: as .js the copy is not compiled, and leaves nothing in Deno's cache.

import { stripTypeScriptTypes } from "node:module";
import type { Edit } from "./edits.ts";

/** The kernel and its lives, with a defect or without. */
export type World = typeof import("./world.ts");

const ROOT = new URL("../../", import.meta.url);
const ENTRY = "verify/mutations/world.ts";
const IMPORT = /((?:from|import)\s+")(\.[^"]+)\.ts"/g;

/** Sources without types by path from the root, each as it was before that and after. */
interface Source {
  readonly text: string;
  readonly js: string;
}

const sources = new Map<string, Source>();

function collect(path: string): void {
  if (sources.has(path)) return;
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  const source = { text, js: stripped(text) };
  sources.set(path, source);
  for (const [, , target] of stripTypeScriptTypes(text).matchAll(IMPORT)) {
    collect(new URL(`${target}.ts`, new URL(path, ROOT)).href.slice(ROOT.href.length));
  }
}

function stripped(text: string): string {
  return stripTypeScriptTypes(text).replace(IMPORT, '$1$2.js"');
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
    const made = new Set<string>();
    for (const [path, { js }] of sources) {
      const folder = `${dir}/${path.slice(0, path.lastIndexOf("/"))}`;
      if (!made.has(folder)) Deno.mkdirSync(folder, { recursive: true });
      made.add(folder);
      const mutated = changed.get(path);
      Deno.writeTextFileSync(`${dir}/${path.replace(/ts$/, "js")}`, mutated === undefined ? js : stripped(mutated));
    }
    return run(await import(`file://${dir}/${ENTRY.replace(/ts$/, "js")}`));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}
