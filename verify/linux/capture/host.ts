// SPDX-License-Identifier: GPL-2.0-only
// The host's side: finding and running programs, unpacking files.

/** Directories searched for programs besides PATH: some distributions keep ndctl in sbin. */
const MORE_DIRS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/** Programs that unpack a file, by its extension. */
const UNPACKERS: Readonly<Record<string, string>> = { xz: "xz", zst: "zstd", gz: "gzip" };

/** Path of a program, or null. */
export function which(program: string): string | null {
  for (const dir of [...(Deno.env.get("PATH") ?? "").split(":"), ...MORE_DIRS]) {
    const path = `${dir}/${program}`;
    if (isFile(path)) return path;
  }
  return null;
}

/** Whether there is a file at `path`, symbolic links followed. */
export function isFile(path: string): boolean {
  return stat(path)?.isFile ?? false;
}

/** Whether there is a directory at `path`, symbolic links followed. */
export function isDirectory(path: string): boolean {
  return stat(path)?.isDirectory ?? false;
}

function stat(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

/** Standard output of a program. Error with its standard error when it fails. */
export async function output(program: string, args: readonly string[]): Promise<string> {
  return new TextDecoder().decode(await outputBytes(program, args));
}

/** A file's bytes, unpacked if its name ends in .xz, .zst or .gz. */
export async function readUnpacked(path: string): Promise<Uint8Array> {
  const program = UNPACKERS[path.split(".").pop() ?? ""];
  if (program === undefined) return await Deno.readFile(path);
  if (which(program) === null) throw new Error(`Cannot unpack ${path}: ${program} is missing`);
  return await outputBytes(program, ["-dc", path]);
}

/** Runs a program in a directory. Error with the first line of its complaint. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  await outputBytes(program, args, cwd);
}

async function outputBytes(program: string, args: readonly string[], cwd = "."): Promise<Uint8Array> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args], cwd }).output();
  if (success) return stdout;
  const [why] = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(`Cannot run ${program} ${args.at(-1)}: ${why}`);
}
