// SPDX-License-Identifier: GPL-2.0-only
// cpio.ts: archives can be read back by the format's rules.

import { assertEquals } from "@std/assert";
import { characterDevice, cpioArchive, directory, file, withParents } from "./cpio.ts";

/** Reads an archive field by field. */
function readArchive(archive: Uint8Array) {
  const text = (from: number, to: number) => new TextDecoder().decode(archive.subarray(from, to));
  const entries = [];
  for (let at = 0; at < archive.length;) {
    const field = (i: number) => parseInt(text(at + 6 + 8 * i, at + 14 + 8 * i), 16);
    assertEquals(text(at, at + 6), "070701");
    assertEquals(at % 4, 0);
    const nameEnd = at + 110 + field(11);
    const data = Math.ceil(nameEnd / 4) * 4;
    const name = text(at + 110, nameEnd - 1);
    entries.push({ name, mode: field(1), device: [field(9), field(10)], data: text(data, data + field(6)) });
    at = Math.ceil((data + field(6)) / 4) * 4;
  }
  return entries;
}

Deno.test("cpioArchive() writes names, modes, device numbers and data, and ends with the trailer", () => {
  const archive = cpioArchive([
    directory("dev"),
    characterDevice("dev/console", 5, 1),
    file("init", new TextEncoder().encode("hello")),
  ]);
  assertEquals(readArchive(archive), [
    { name: "dev", mode: 0o040755, device: [0, 0], data: "" },
    { name: "dev/console", mode: 0o020600, device: [5, 1], data: "" },
    { name: "init", mode: 0o100755, device: [0, 0], data: "hello" },
    { name: "TRAILER!!!", mode: 0, device: [0, 0], data: "" },
  ]);
});

Deno.test("withParents() puts every directory before its contents, once", () => {
  const empty = new Uint8Array(0);
  const names = withParents([directory("usr"), file("usr/lib/a/x.so", empty), file("usr/lib/y.so", empty)]).map((e) =>
    e.name
  );
  assertEquals(names, ["usr", "usr/lib", "usr/lib/a", "usr/lib/a/x.so", "usr/lib/y.so"]);
});
