// SPDX-License-Identifier: GPL-2.0-only
// The files of a machine, for `lab box`: files by name, all files of a folder, or standard input. A file that cannot
// be read becomes a note.

import { decodeText } from "../box/decode.ts";
import { MOST_CHARS } from "../box/detect.ts";
import type { Note } from "../box/facts.ts";
import type { BoxText } from "../box/join.ts";
import { humanSize } from "../lib/units.ts";

/** What could be read of what was asked for. */
export interface BoxInput {
  readonly texts: BoxText[];
  readonly notes: Note[];
}

/** Reads files, folders (every file in them) and `-`, standard input; that alone when nothing is named. */
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

/** Files of a folder are spoken of by their names in it. */
function readPath(input: BoxInput, path: string, name: string, enter: boolean): void {
  try {
    const { isDirectory, size } = Deno.statSync(path);
    if (!isDirectory) readFile(input, path, name, size);
    else if (enter) {
      const names = [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
      for (const inside of names) readPath(input, `${path.replace(/\/$/, "")}/${inside}`, inside, false);
    }
  } catch (error) {
    input.notes.push(failed(name, reasonOf(error)));
  }
}

function readFile(input: BoxInput, path: string, name: string, size: number): void {
  if (size <= MOST_CHARS) input.texts.push({ name, text: decodeText(Deno.readFileSync(path)) });
  else {
    const text = `${humanSize(size)}, more than the ${humanSize(MOST_CHARS)} that are read: not read`;
    input.notes.push(failed(name, text));
  }
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
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  input.texts.push({ name: "stdin", text: decodeText(bytes) });
}

function failed(file: string, text: string): Note {
  return { file, line: 0, kind: "error", text };
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  return error instanceof Error ? error.message.split(/:|, /)[0] : String(error);
}
