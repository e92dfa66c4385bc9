// SPDX-License-Identifier: GPL-2.0-only
// The machines of a fleet, one after another: sub-folders of a folder, or lines of JSON,
//
//   {"name":"db01", "files":{"ndctl.json":[{"dev":"region0", ...}], "dmesg":"Linux version 6.1.0 ..."}}
//
// where a file is text, or JSON as printed by ndctl and similar tools. Without "files", all keys but the name are
// files.

import { decodeText } from "../box/decode.ts";
import { MOST_CHARS } from "../box/detect.ts";
import type { BoxText } from "../box/join.ts";
import { humanSize } from "../lib/units.ts";
import { joined, readFolder } from "./box_input.ts";
import { noteText } from "./box_text.ts";
import { CommandError } from "./command.ts";

/** One machine of the input: its texts, or why there are none. */
export interface FleetMachine {
  readonly name: string;
  readonly texts: readonly BoxText[];
  readonly error: string | null;
  /** Entries of its folder that are not read: folders, pipes. */
  readonly unread: readonly string[];
}

/** Machines one by one, and their number, if that is known. */
export interface FleetInput {
  readonly machines: AsyncIterable<FleetMachine>;
  readonly total: number | null;
}

/** Opens a folder, a file of JSON Lines, or `-`, standard input. CommandError if that fails. */
export function openFleet(path: string): FleetInput {
  if (path === "-") return { machines: fromLines(Deno.stdin.readable), total: null };
  try {
    if (!Deno.statSync(path).isDirectory) return { machines: fromFile(path), total: null };
    const folders = [...Deno.readDirSync(path)].filter((entry) => isMachine(path, entry)).map((entry) => entry.name)
      .sort();
    if (folders.length === 0) throw new CommandError(`box: ${path} has no sub-folders: expected one for each machine`);
    return { machines: fromFolders(path, folders), total: folders.length };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new CommandError(`box: ${path}: there is no such file or folder`);
    throw error;
  }
}

/** A folder or a link to one. A link to nothing is a machine too, a damaged one. */
function isMachine(path: string, { name, isDirectory, isSymlink }: Deno.DirEntry): boolean {
  if (!isSymlink) return isDirectory;
  try {
    return Deno.statSync(`${path}/${name}`).isDirectory;
  } catch {
    return true;
  }
}

async function* fromFolders(path: string, folders: readonly string[]): AsyncGenerator<FleetMachine> {
  for (const name of folders) {
    const { texts, notes } = readFolder(`${path.replace(/\/$/, "")}/${name}`);
    const damage = notes.find(({ kind }) => kind === "error");
    const unread = notes.filter(({ kind }) => kind === "unread").map(({ file }) => `${name}/${file}`);
    yield await Promise.resolve({ name, texts, error: damage === undefined ? null : noteText(damage), unread });
  }
}

async function* fromFile(path: string): AsyncGenerator<FleetMachine> {
  const file = await Deno.open(path);
  yield* fromLines(file.readable);
}

/**
 * Splits bytes into lines: the pieces of a line are kept until it ends; a line that is too long is dropped while it is
 * read.
 */
async function* fromLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<FleetMachine> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  let line = 1;
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const machine = machineOf(joined([...pieces, chunk.subarray(from, end)]), size + end - from, line++);
      if (machine !== null) yield machine;
      [pieces, size, from] = [[], 0, end + 1];
    }
    size += chunk.length - from;
    if (size <= MOST_CHARS) pieces.push(chunk.slice(from));
    else pieces = [];
  }
  const last = machineOf(joined(pieces), size, line);
  if (last !== null) yield last;
}

/** The machine of one line; null if the line is blank. */
function machineOf(bytes: Uint8Array, size: number, line: number): FleetMachine | null {
  const name = `line ${line}`;
  if (size > MOST_CHARS) {
    return damaged(name, `${humanSize(size)}, more than the ${humanSize(MOST_CHARS)} that are read`);
  }
  const text = decodeText(bytes).trim();
  if (text === "") return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged(name, "the line is no JSON");
  }
  return isRecord(value) ? fromObject(value, name) : sound(name, [{ name, text }]);
}

const damaged = (name: string, error: string): FleetMachine => ({ name, texts: [], error, unread: [] });
const sound = (name: string, texts: readonly BoxText[]): FleetMachine => ({ name, texts, error: null, unread: [] });

function fromObject(object: Record<string, unknown>, line: string): FleetMachine {
  const { name: given, ...rest } = object;
  const name = typeof given === "string" ? given : line;
  // A list of ndctl itself.
  if ("dev" in rest || "regions" in rest) return sound(name, [{ name, text: JSON.stringify(rest) }]);
  const files = isRecord(rest.files) ? rest.files : rest;
  const texts = Object.entries(files).map(([file, content]) => ({
    name: file,
    text: typeof content === "string" ? content : JSON.stringify(content),
  }));
  return sound(name, texts);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
