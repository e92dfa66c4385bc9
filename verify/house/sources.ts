// SPDX-License-Identifier: GPL-2.0-only
// The project's sources, the room of each, and its imports. Imports are read from the text, without strings and
// comments.

const ROOT = new URL("../../", import.meta.url);

/**
 * Rooms in order: each may import itself and those before it. Files directly in src/ are rooms of their own; fixtures
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

/** Rooms of verify, in order: formulas and measurements, then claims, then judging, then publishing. */
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
    // A room that does not exist yet.
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

/** Tests and their helpers. */
export const isTest = ({ path }: Source) => /(^|[/_])(test|testing)\.tsx?$/.test(path);
export const ALL = [
  ...["src/", "charts/", "bench/", "results/", "verify/", "explorer/"].flatMap(sources),
  { path: "mod.ts", text: Deno.readTextFileSync(new URL("mod.ts", ROOT)) },
];
/** Every source but tests. */
export const CODE = ALL.filter((source) => !isTest(source));

/** Room of a path: mm for `src/mm/page.ts`, boot for `src/boot.ts`, mod for `mod.ts`. */
export function room(path: string): string {
  const parts = path.replace(/\.tsx?$/, "").split("/");
  return parts[0] === "src" ? parts[1] : parts[0];
}

/** Room of a path in verify: claims for `verify/claims/claim.ts`; a file directly in verify has its own name. */
export function verifyRoom(path: string): string {
  return path.replace(/\.tsx?$/, "").split("/")[1];
}

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
