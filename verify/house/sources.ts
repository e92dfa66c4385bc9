// SPDX-License-Identifier: GPL-2.0-only
// The project's sources as the house sees them: which file lies in which room and what it imports. Imports are read from
// the text; what a string or a comment says does not count.

const ROOT = new URL("../../", import.meta.url);

/**
 * Rooms in order: each may import those before it, and itself. Files straight in src/ are rooms of their own; fixtures
 * are data that only bench and verify may read.
 */
export const ORDER = [
  "include",
  "lib",
  "machine",
  "arch",
  "mm",
  "debug_vm",
  "drivers",
  "model",
  "kernels",
  "trace",
  "boot",
  "smp",
  "scenario",
  "box",
  "inspect",
  "draw",
  "mod",
  "charts",
  "cli",
  "fixtures",
  "results",
  "bench",
  "verify",
  "explorer",
] as const;

/** Rooms of verify, in order as well: what is expected and what is measured, who claims, who judges, who publishes. */
export const VERIFY_ORDER = [
  "house",
  "fixtures",
  "formulas",
  "measure",
  "series",
  "races",
  "claims",
  "errata",
  "linux",
  "audit",
  "results",
  "report",
  "lives",
  "sweeps",
  "mutations",
  "mutants",
  "lab",
  "schemas",
  "start",
] as const;

/** A file of the project. */
export interface Source {
  /** Path from the root. */
  readonly path: string;
  readonly text: string;
}

function sources(dir: string): Source[] {
  const found: Source[] = [];
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(new URL(dir, ROOT))];
  } catch (error) {
    // Rooms that are not built yet.
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  for (const { name, isDirectory } of entries) {
    if (isDirectory) found.push(...sources(`${dir}${name}/`));
    else if (/\.tsx?$/.test(name)) {
      found.push({ path: `${dir}${name}`, text: Deno.readTextFileSync(new URL(dir + name, ROOT)) });
    }
  }
  return found;
}

/** Tests and what they stand on. */
export const isTest = ({ path }: Source) => /(^|[/_])(test|testing)\.tsx?$/.test(path);
/** Every source. */
export const ALL = [
  ...["src/", "charts/", "bench/", "results/", "verify/", "explorer/"].flatMap(sources),
  { path: "mod.ts", text: Deno.readTextFileSync(new URL("mod.ts", ROOT)) },
];
/** Every source but tests. */
export const CODE = ALL.filter((source) => !isTest(source));

/** Room of a path: `src/mm/page.ts` is mm, `src/boot.ts` boot, `mod.ts` mod. */
export function room(path: string): string {
  const parts = path.replace(/\.tsx?$/, "").split("/");
  return parts[0] === "src" ? parts[1] : parts[0];
}

/** Room of a path within verify, files straight in it by their name: `verify/claims/claim.ts` is claims. */
export function verifyRoom(path: string): string {
  return path.replace(/\.tsx?$/, "").split("/")[1];
}

/** The code of a text. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

/** Targets of every import and re-export. */
export function imports({ text }: Source): string[] {
  const code = withoutComments(text);
  const found = [
    ...code.matchAll(/^(?:import|export)\b[^;'"`]*?\bfrom\s+"([^"]+)"/gm),
    ...code.matchAll(/^import\s+"([^"]+)"/gm),
  ];
  return [...found, ...code.matchAll(/\bimport\(\s*"([^"]+)"/g)].map((m) => m[1]);
}

/** Path from the root of a relative import. */
export function resolve(from: string, target: string): string {
  return new URL(target, new URL(from, "file:///")).pathname.slice(1);
}
