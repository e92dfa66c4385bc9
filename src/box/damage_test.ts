// SPDX-License-Identifier: GPL-2.0-only
// Damaged and impossible input: each kind is reported in one line with file, place and reason and left out; the rest is
// read.

import { assert, assertEquals } from "@std/assert";
import { decodeText } from "./decode.ts";
import { readBox } from "./join.ts";

const NAMESPACE = '{"dev":"namespace0.0","mode":"devdax","map":"mem","align":2097152,\n"size":1071644672}';
const GOOD = '[{"dev":"namespace7.0","mode":"fsdax","map":"mem","align":2097152,"size":1071644672}]';

/** The errors of a text, and what else was read. */
function errors(text: string): string[] {
  const box = readBox([{ name: "f", text }, { name: "good", text: GOOD }]);
  assertEquals(box.regions.at(-1)?.dev, "region7", text);
  return box.notes.filter((note) => note.kind === "error").map((note) => `${note.file}:${note.line}: ${note.text}`);
}

const changed = (from: string | RegExp, to: string) => NAMESPACE.replace(from, to);

for (
  const [text, line] of [
    [changed("2097152", "0"), '1: "align" is 0: expected a page size'],
    [changed("2097152", "3145728"), '1: "align" is 3145728: expected a page size'],
    [changed("2097152", "-4096"), '1: "align" is -4096: expected a size from 0 to 2^53'],
    [changed("2097152", "8192"), "1: namespace0.0 has align 8K, no page size of x86-64: left out"],
    [changed('"mem"', '"disk"'), '1: "map" is "disk": expected mem, dev, none'],
    [changed("devdax", "blockdax"), '1: "mode" is "blockdax": expected fsdax, devdax, sector, raw, memory, dax, safe'],
    [changed("1071644672", "0"), "1: namespace0.0 has size 0, and is not disabled: left out"],
    [changed("1071644672", "1.5"), '2: "size" is 1.5: expected a size from 0 to 2^53'],
    [changed("1071644672", "1e30"), '2: "size" is 1e+30: expected a size from 0 to 2^53'],
    [
      changed("1071644672", "18446744073709551616"),
      '2: "size" is 18446744073709552000: expected a size from 0 to 2^53',
    ],
    [changed(',\n"size":1071644672', ""), "1: namespace0.0 has no size: left out"],
    [
      changed("1071644672", "1000000000"),
      "1: namespace0.0 has 1000000000 of data, which no namespace with align 2M and map=mem has: left out",
    ],
    [
      changed("1071644672", "4503599627370496"),
      "1: namespace0.0 has 4P, more than the 64T that can be addressed: left out",
    ],
    [
      `{"dev":"region0","size":1073741824,"namespaces":[\n${changed("1071644672", "2147483648")}]}`,
      "2: namespace0.0 has 2G, more than region0 with 1G left: left out",
    ],
    [
      "100000000-1ffffffff : Persistent Memory\n  100000000-2ffffffff : namespace0.0",
      "2: resource 100000000-2ffffffff reaches beyond the one around it, line 1: left out",
    ],
    ["200000000-1ffffffff : System RAM", "1: resource 200000000-1ffffffff is none: left out"],
    ["HugePages_Total: 10\nHugepagesize: 0 kB", "1: huge pages of 0 bytes are none"],
    ["node0 3kB 0 / 8", "1: huge pages of 3072 bytes are none"],
    ["MemTotal: -5 kB", '1: MemTotal "-5" is not a number below 2^53'],
    ['[{"chardev":"dax0.0"}]', "1: a DAX device without size: left out"],
    ['{"regions":[{"dev":"region-db01","size":4096}]}', '1: "region-db01" is not a region or namespace: left out'],
    [
      '[{"dev":"region0","namespaces":[{"dev":"namespace-db01"}],"size":4096}]',
      '1: "namespace-db01" is not a region or namespace: left out',
    ],
    [changed("{", '{"chardev":"db01",'), '1: "chardev" is "db01": expected a DAX device'],
    [
      '[{"chardev":"dax0.0","size":4096,"mode":"db01"}]',
      '1: "mode" is "db01": expected devdax, system-ram, famfs, unknown',
    ],
    ['[{"chardev":"../etc","size":4096}]', '1: "../etc" is no DAX device: left out'],
    [
      '[{"chardev":"dax0.0","size":4096,"mappings":[{"start":8192,"end":4095}]}]',
      "1: mapping ends at 4095, before its start 8192: left out",
    ],
  ] as const
) {
  Deno.test(`readBox() says what is wrong: ${line.slice(3)}`, () => assertEquals(errors(text), [`f:${line}`]));
}

Deno.test("readBox() reads several values in one line, and names what follows them", () => {
  const other = NAMESPACE.replace("namespace0.0", "namespace1.0").replace("\n", "");
  const box = readBox([{ name: "f", text: `${NAMESPACE}${other} , junk` }]);
  assertEquals(box.regions.map(({ dev }) => dev), ["region0", "region1"]);
  assertEquals(box.notes.filter(({ kind }) => kind === "unread"), [
    { file: "f", line: 2, kind: "unread", text: '"junk" behind JSON is of no known format' },
  ]);
});

Deno.test("readBox() reports overlapping rows of lsmem, except a row that was read twice", () => {
  const rows = "RANGE SIZE STATE\n0x0-0x7fffffff 2G online\n";
  const overlap = readBox([{ name: "f", text: `${rows}0x40000000-0xbfffffff 2G online\n` }]);
  assertEquals(overlap.contradictions.map(({ text }) => text), ["memory at 0x0 and at 0x40000000 overlaps"]);
  const json = '{"memory":[{"range":"0x0000000000000000-0x000000007fffffff","size":2147483648,"state":"online"}]}';
  const twice = readBox([{ name: "f", text: rows }, { name: "j", text: json }, {
    name: "m",
    text: "MemTotal: 2097152 kB",
  }]);
  assertEquals([twice.contradictions, twice.dram.length], [[], 1]);
});

Deno.test("decodeText() reads UTF-16 with and without a mark, and everything else as UTF-8", () => {
  const units = (text: string, little: boolean) =>
    new Uint8Array([...text].flatMap((c) => little ? [c.charCodeAt(0), 0] : [0, c.charCodeAt(0)]));
  for (const little of [true, false]) {
    assertEquals(decodeText(units(NAMESPACE, little)), NAMESPACE);
    const mark = little ? [0xff, 0xfe] : [0xfe, 0xff];
    assertEquals(decodeText(new Uint8Array([...mark, ...units(NAMESPACE, little)])), NAMESPACE);
  }
  for (const bytes of [[], [65], [0, 0, 0, 0], [65, 0, 66], [69, 10, 0, 1]]) {
    assertEquals(decodeText(new Uint8Array(bytes)).length, bytes.length, `${bytes}`);
  }
  assert(decodeText(new Uint8Array([0x63, 0xe9])).includes("\uFFFD"));
});

Deno.test("readBox() gives up on a file of nothing but faults, and reads the next", () => {
  const text = '{"dev":"namespace0.0",\n'.repeat(5000);
  const found = errors(text);
  assertEquals(found.length, 201);
  assertEquals(found.at(-1), "f:201: 200 faults in the lines before: the rest is not read");
});
