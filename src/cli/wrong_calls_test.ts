// SPDX-License-Identifier: GPL-2.0-only
// Wrong calls: each gets one line that says what was given and what is allowed, and exit 2.

import { assertEquals, assertMatch } from "@std/assert";
import { fromLetters } from "./gup_letters.ts";
import { lab } from "./lab_testing.ts";

const FOLDER = new URL(".", import.meta.url).pathname;

const WRONG: readonly (readonly [args: readonly string[], line: RegExp])[] = [
  [["namespace", "--size", "1G", "--set", "dedup=pte,dedup=none"], /Cannot set dedup twice: expected one value/],
  [["namespace", "--size", "1G", "--kernel", "v7,gup=compound", "--set", "gup=per-page"], /Cannot set gup twice/],
  [["namespace", "--memmap", "4G!4G", "--size", "3G"], /--memmap includes the size: leave out --size/],
  [["namespace", "--memmap=4G!4G", "--start=8G"], /--memmap includes the start: leave out --start/],
  [["namespace", "--size", "16T"], /this run needs about \d+\.\d\d GiB, .* is available/],
  [["gup", "-m", "64", "-a", "-L"], /-a and -L are different tests: give one of them/],
  [["gup", "-uUm", "64"], /-u and -U are different tests/],
  [["layout", "--svg", FOLDER], /cannot write .*: it is a folder$/],
  [["layout", "--offset", "1T", "--size", "1G"], /Cannot show 2M from 1T on: the namespace has 10\d\dM from its first/],
  [["hotplug", "--range", "0x250000000-0x240000000"], /Cannot plug 0x250000000-0x240000000: expected an end beyond/],
  [["hotplug", "--size", "1G", "--block", "3M"], /Cannot have memory blocks of 3M: expected a power of two/],
  [["lineage"], /expected one of size, pool, dimm, got none/],
  [["lineage", "--size", "1T", "--pool", "2M:4"], /got size and pool/],
  [["box", "/nowhere"], /box: \/nowhere: there is no such file/],
  [["box", "fixtures/box", "--html", FOLDER], /cannot write .*: it is a folder$/],
  [["completions"], /expected one of bash, zsh, fish, got nothing/],
  [["calibrate", "--bench", "/nowhere"], /cannot read "\/nowhere": there is no such file/],
  [["calibrate", "--bench", FOLDER], /cannot read ".*": it is a folder/],
];

for (const [args, line] of WRONG) {
  Deno.test(`lab ${args.join(" ").replace(FOLDER, "FOLDER/")}: one line, exit 2`, async () => {
    const { code, out, err } = await lab(...args);
    assertEquals([code, out], [2, ""]);
    assertEquals(err.trimEnd().split("\n").length, 1, err);
    assertMatch(err.trimEnd(), line);
  });
}

Deno.test("fromLetters() holds 128 MiB by default, like gup_test", () => {
  assertEquals(fromLetters(["-a"]), ["--mode", "pin", "--size", "128M"]);
  assertEquals(fromLetters(["-a", "-m", "4"]), ["--mode", "pin", "--size", "4M"]);
  assertEquals(fromLetters(["-r", "2", "--size", "1G"]), ["--repeats", "2", "--size", "1G"]);
  assertEquals(fromLetters(["--mode", "pin"]), ["--mode", "pin"]);
});
