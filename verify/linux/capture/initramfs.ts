// SPDX-License-Identifier: GPL-2.0-only
// Builds the guest's root file system from the host's packages: busybox, ndctl, daxctl, perl with the shared
// libraries ldd names, the kernel modules, and init.sh.

import { characterDevice, cpioArchive, type CpioEntry, directory, file, withParents } from "./cpio.ts";
import { isFile, output, readUnpacked } from "./host.ts";
import { type KernelModule, KMEM_MODULES, loadOrder, moduleName, PMEM_MODULES } from "./modules.ts";

/** Programs of the guest, by path on the host. */
export interface GuestPrograms {
  readonly busybox: string;
  /** Dynamically linked ones, which come with their libraries. */
  readonly dynamic: readonly string[];
  /** Root of unpacked packages of another architecture, the programs among them; null for the host's own. */
  readonly root: string | null;
}

/** The archive, ready for qemu's -initrd. */
export async function buildInitramfs(
  programs: GuestPrograms,
  moduleDir: string,
  shellPort: string,
): Promise<Uint8Array> {
  const busybox = await Deno.readFile(programs.busybox);
  const init = await Deno.readFile(new URL("./init.sh", import.meta.url));
  const load = await moduleLoader(moduleDir);
  const loaded = await loadOrder(PMEM_MODULES, load);
  const later = await loadOrder(KMEM_MODULES, load);
  const entries: CpioEntry[] = [
    ...["proc", "sys", "dev", "tmp", "run"].map(directory),
    characterDevice("dev/console", 5, 1),
    file("init", init),
    file("shell-port", new TextEncoder().encode(shellPort), 0o644),
    file("bin/busybox", busybox),
    ...await (programs.root === null
      ? hostPrograms(programs.dynamic)
      : foreignPrograms(programs.dynamic, programs.root)),
    ...moduleEntries(loaded, "list"),
    ...moduleEntries(later.filter((m) => !loaded.some(({ name }) => name === m.name)), "kmem"),
  ];
  return cpioArchive(withParents(entries));
}

/** Paths of libraries and of the loader in ldd's output; the vDSO has none. */
export function lddPaths(text: string): string[] {
  return [...text.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map((m) => m[1]);
}

async function hostPrograms(paths: readonly string[]): Promise<CpioEntry[]> {
  const libraries = new Set<string>();
  for (const path of paths) for (const library of lddPaths(await output("ldd", [path]))) libraries.add(library);
  return await Promise.all([...paths, ...libraries].map(async (p) => file(p.slice(1), await Deno.readFile(p))));
}

/** Library directories of Debian's packages, by what may follow the root. */
const LIBRARY_DIRS = ["lib", "usr/lib", "lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"];

/** File names of the loader and the libraries in readelf's output. */
export function readelfNames(text: string): string[] {
  return [
    ...[...text.matchAll(/\[Requesting program interpreter: \S*?([^/\]]+)\]/g)].map((m) => m[1]),
    ...[...text.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]]+)\]/g)].map((m) => m[1]),
  ];
}

/** For programs that cannot run here: the libraries they need, directly or indirectly, read from ELF headers. */
async function foreignPrograms(paths: readonly string[], root: string): Promise<CpioEntry[]> {
  const found = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    for (const name of readelfNames(await output("readelf", ["-ld", path]))) {
      if (found.has(name)) continue;
      const dir = LIBRARY_DIRS.find((each) => isFile(`${root}/${each}/${name}`));
      if (dir === undefined) throw new Error(`Cannot find ${name}, which ${path} needs, in ${root}`);
      found.set(name, `${dir}/${name}`);
      await visit(`${root}/${dir}/${name}`);
    }
  };
  for (const path of paths) await visit(path);
  const all = [...paths.map((path) => path.slice(root.length + 1)), ...found.values()];
  return await Promise.all(all.map(async (path) => file(path, await Deno.readFile(`${root}/${path}`))));
}

/** Modules, and a file `list` with their names in the order for insmod. */
function moduleEntries(modules: readonly KernelModule[], listName: string): CpioEntry[] {
  const list = modules.map((m) => `${m.name}.ko\n`).join("");
  return [
    file(`modules/${listName}`, new TextEncoder().encode(list), 0o644),
    ...modules.map((m) => file(`modules/${m.name}.ko`, m.data, 0o644)),
  ];
}

/** Finds modules below a directory by name and unpacks them. */
async function moduleLoader(dir: string): Promise<(name: string) => Promise<KernelModule | null>> {
  const paths = new Map<string, string>();
  for await (const path of filesBelow(dir)) if (/\.ko(\.\w+)?$/.test(path)) paths.set(moduleName(path), path);
  return async (name) => {
    const path = paths.get(name);
    return path === undefined ? null : { name, data: await readUnpacked(path) };
  };
}

async function* filesBelow(dir: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(dir)) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}
