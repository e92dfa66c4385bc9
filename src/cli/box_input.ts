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
export async function readInput(operands: readonly string[]): Promise<BoxInput> {
  const input: BoxInput = { texts: [], notes: [] };
  for (const name of operands.length === 0 ? ["-"] : operands) {
    if (name === "-") await readStdin(input);
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

/** Pipes and devices have size 0, so the limit counts the bytes read. */
function readFile(input: BoxInput, path: string, name: string, size: number): void {
  const most = humanSize(MOST_CHARS);
  const refuse = (given: string) =>
    input.notes.push(failed(name, `${given}more than the ${most} that are read: not read`));
  if (size > MOST_CHARS) return void refuse(`${humanSize(size)}, `);
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(CHUNK);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (let read = file.readSync(bytes); read !== null; read = file.readSync(bytes)) {
    total += read;
    if (total > MOST_CHARS) return void refuse("");
    chunks.push(bytes.slice(0, read));
  }
  input.texts.push({ name, text: decodeText(joined(chunks)) });
}

async function readStdin(input: BoxInput): Promise<void> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of Deno.stdin.readable) {
    size += chunk.length;
    if (size > MOST_CHARS) {
      input.notes.push(failed("stdin", `more than the ${humanSize(MOST_CHARS)} that are read: not read`));
      return;
    }
    chunks.push(chunk);
  }
  input.texts.push({ name: "stdin", text: decodeText(joined(chunks)) });
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
