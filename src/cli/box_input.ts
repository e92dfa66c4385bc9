// SPDX-License-Identifier: GPL-2.0-only
// The files of a machine, for `lab box`: files by name, all files of a folder, or standard input. A file that cannot
// be read becomes a note.

import { decodeText } from "../box/decode.ts";
import { MOST_CHARS } from "../box/detect.ts";
import type { Note } from "../box/facts.ts";
import type { BoxText } from "../box/join.ts";
import { humanSize } from "../lib/units.ts";
import { unreadReason } from "./unread.ts";

/** Bytes read at a time. */
const CHUNK = 2 ** 16;

/** What could be read of the requested files. */
export interface BoxInput {
  readonly texts: BoxText[];
  readonly notes: Note[];
}

/** Reads files, folders (every file in them) and `-`, standard input, which is also the default. */
export function readInput(operands: readonly string[]): BoxInput {
  const input: BoxInput = { texts: [], notes: [] };
  for (const name of operands.length === 0 ? ["-"] : operands) {
    if (name === "-") readFrom(input, Deno.stdin, "stdin");
    else readPath(input, name, name, true);
  }
  return input;
}

/** Every file of a folder. */
export function readFolder(folder: string): BoxInput {
  const input: BoxInput = { texts: [], notes: [] };
  readPath(input, folder, folder, true);
  return input;
}

/** Messages name the files of a folder by their names in it. */
function readPath(input: BoxInput, path: string, name: string, enter: boolean): void {
  try {
    const { isDirectory, isFile, size } = Deno.statSync(path);
    // A pipe is read if it is named; a pipe in a folder may have no writer.
    if (!isDirectory && (isFile || enter)) readFile(input, path, name, size);
    else if (!enter) {
      input.notes.push({ ...failed(name, `${isDirectory ? "a folder" : "no file"}: not read`), kind: "unread" });
    } else {
      const names = [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
      for (const inside of names) readPath(input, `${path.replace(/\/$/, "")}/${inside}`, inside, false);
    }
  } catch (error) {
    input.notes.push(failed(name, unreadReason(error)));
  }
}

function readFile(input: BoxInput, path: string, name: string, size: number): void {
  if (size > MOST_CHARS) return refuse(input, name, `${humanSize(size)}, `);
  using file = Deno.openSync(path);
  readFrom(input, file, name);
}

/** Pipes and devices have size 0, so the limit counts the bytes read. */
function readFrom(input: BoxInput, source: { readSync(into: Uint8Array): number | null }, name: string): void {
  const bytes = new Uint8Array(CHUNK);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let read = source.readSync(bytes); read !== null; read = source.readSync(bytes)) {
    total += read;
    if (total > MOST_CHARS) return refuse(input, name, "");
    chunks.push(bytes.slice(0, read));
  }
  input.texts.push({ name, text: decodeText(joined(chunks)) });
}

function refuse(input: BoxInput, name: string, size: string): void {
  input.notes.push(failed(name, `${size}more than the ${humanSize(MOST_CHARS)} that are read: not read`));
}

/** Concatenates pieces. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function failed(file: string, text: string): Note {
  return { file, line: 0, kind: "error", text };
}
