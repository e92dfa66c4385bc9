// SPDX-License-Identifier: GPL-2.0-only
// Writes a cpio archive in the "newc" format, which the kernel unpacks as its first root file system
// (init/initramfs.c, Documentation/driver-api/early-userspace/buffer-format.rst). Per entry:
//
//   "070701" | 13 fields of 8 hex digits | name, NUL, padding to 4 | data, padding to 4
//
// Left out: hard links, checksums, owners other than root, compression.

/** One entry of an archive. `mode` holds the type bits too (S_IFREG and so on). */
export interface CpioEntry {
  /** Path without a leading slash. */
  readonly name: string;
  readonly mode: number;
  readonly data?: Uint8Array;
  /** Major and minor number of a device node. */
  readonly device?: readonly [number, number];
}

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFCHR = 0o020000;
const ALIGN = 4;
const HEADER_BYTES = 110;
const NO_DATA = new Uint8Array(0);

/** A directory, mode 0755. */
export function directory(name: string): CpioEntry {
  return { name, mode: S_IFDIR | 0o755 };
}

/** A file; executable (0755) by default. */
export function file(name: string, data: Uint8Array, permissions = 0o755): CpioEntry {
  return { name, mode: S_IFREG | permissions, data };
}

/** A character device node, mode 0600. */
export function characterDevice(name: string, major: number, minor: number): CpioEntry {
  return { name, mode: S_IFCHR | 0o600, device: [major, minor] };
}

/** All directories, given or implied, parents first; then the other entries in the order given. */
export function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const isDirectory = ({ mode }: CpioEntry) => (mode & S_IFMT) === S_IFDIR;
  const names = new Set(entries.filter(isDirectory).map((e) => e.name));
  for (const { name } of entries) {
    const parts = name.split("/");
    for (let n = 1; n < parts.length; n++) names.add(parts.slice(0, n).join("/"));
  }
  return [...[...names].sort().map(directory), ...entries.filter((e) => !isDirectory(e))];
}

/** The archive. Entries appear in the order given; a directory must precede its contents. */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const all = [...entries, { name: "TRAILER!!!", mode: 0 }];
  const total = all.reduce((sum, e) => sum + nameEnd(e) + padded((e.data ?? NO_DATA).length), 0);
  const archive = new Uint8Array(total);
  let at = 0;
  for (const [i, entry] of all.entries()) {
    const data = entry.data ?? NO_DATA;
    new TextEncoder().encodeInto(header(entry, i + 1, data.length) + entry.name, archive.subarray(at));
    at += nameEnd(entry);
    archive.set(data, at);
    at += padded(data.length);
  }
  return archive;
}

function header({ name, mode, device }: CpioEntry, ino: number, bytes: number): string {
  const [major, minor] = device ?? [0, 0];
  const nameBytes = new TextEncoder().encode(name).length + 1;
  const fields = [ino, mode, 0, 0, 1, 0, bytes, 0, 0, major, minor, nameBytes, 0];
  return "070701" + fields.map((n) => n.toString(16).padStart(8, "0")).join("");
}

/** Bytes from an entry's start to its data. */
function nameEnd({ name }: CpioEntry): number {
  return padded(HEADER_BYTES + new TextEncoder().encode(name).length + 1);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGN) * ALIGN;
}
