// SPDX-License-Identifier: GPL-2.0-only
// For any input the readers terminate, do not throw, and their notes name places in the input; the report does not
// throw for any of their results.

import { assert } from "@std/assert";
import fc from "fast-check";
import { readBox } from "./join.ts";
import { newEmulator } from "./emulate.ts";
import { reportBy } from "./report.ts";

const DIR = new URL("../../fixtures/box/", import.meta.url);
const FILES = [...Deno.readDirSync(DIR)].map((e) => Deno.readTextFileSync(new URL(e.name, DIR)));

/** One edit of a text: a part is cut out, doubled, or replaced. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 40 }),
  insert: fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom(
      "0",
      "-1",
      "1e300",
      "9007199254740993",
      "NaN",
      "null",
      "{",
      "[",
      '"',
      "0x",
      "\0",
      "\r",
      "\uFFFD",
      "-",
      "T",
    ),
    fc.nat().map(String),
  ),
});

/** Files of the example after some edits, pasted in any order. */
const paste = fc.record({
  files: fc.subarray(FILES, { minLength: 1 }),
  edits: fc.array(edit, { maxLength: 6 }),
}).map(({ files, edits }) =>
  edits.reduce((text, { at, length, insert }) => {
    const from = Math.floor(at * text.length);
    return text.slice(0, from) + insert + text.slice(from + length);
  }, files.join("\n"))
);

function checkPlaces(text: string): void {
  const lines = text.split(/\r\n?|\n/).length;
  for (const { file, line } of readBox([{ name: "f", text }]).notes) {
    assert(file === "(all)" ? line === 0 : file === "f" && line >= 1 && line <= lines, `${file}:${line} of ${lines}`);
  }
}

Deno.test("readBox() reads any edit of the example without throwing, and its notes name existing lines", () => {
  fc.assert(fc.property(paste, checkPlaces), { numRuns: 300 });
});

Deno.test("readBox() reads any text without throwing", () => {
  fc.assert(fc.property(fc.string({ maxLength: 300, unit: "grapheme" }), checkPlaces), { numRuns: 200 });
  fc.assert(fc.property(fc.json(), checkPlaces), { numRuns: 200 });
});

Deno.test("boxReport() accepts the result of readBox() for any edit of the example", () => {
  const emulator = newEmulator();
  fc.assert(
    fc.property(paste, (text) => {
      const { total } = reportBy(emulator, readBox([{ name: "f", text }]));
      for (const bytes of [total.dramBytes, total.tableBytes, total.pmemBytes, total.lostBytes]) {
        assert(Number.isFinite(bytes), text);
      }
    }),
    { numRuns: 20 },
  );
});
