// SPDX-License-Identifier: GPL-2.0-only
// gup_test's command lines are accepted, and its output is printed.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromLetters } from "./gup_letters.ts";
import { lab } from "./lab_testing.ts";

Deno.test("fromLetters() reads lines of cover letters as getopt does, and leaves flags alone", () => {
  const flags = (line: string) => fromLetters(line.split(" ")).join(" ");
  assertEquals(
    flags("-f /dev/dax1.0 -m 16384 -r 10 -S -a -n 512 -w"),
    "--size 16384M --repeats 10 --mode pin --batch 512",
  );
  assertEquals(flags("-m64 -r5 -Su"), "--size 64M --repeats 5 --mode get");
  assertEquals(flags("-L -m 4 -F 0x1"), "--mode pin --longterm --size 4M");
  assertEquals(flags("--size 4M --kernel v7+head -b"), "--size 4M --kernel v7+head --mode pin --slow");
});

for (
  const [letters, name] of [
    ["-u", "GUP_FAST_BENCHMARK"],
    ["-a", "PIN_FAST_BENCHMARK"],
    ["-L", "PIN_LONGTERM_BENCHMARK"],
  ]
) {
  Deno.test(`lab gup ${letters} --format gup_test prints a line per round as gup_test does`, async () => {
    const args = ["-m", "4", "-r", "3", letters, "--format", "gup_test", "--set", "gup=compound"];
    const { code, out, err } = await lab("gup", ...args);
    assertEquals([code, err], [0, ""]);
    const lines = out.trimEnd().split("\n");
    assertEquals(lines.length, 3);
    for (const line of lines) assertMatch(line, new RegExp(`^${name}: Time: get:\\d+ put:\\d+ us$`));
  });
}

Deno.test("lab gup -U and -b hold a reference per page, whatever the fast path does", async () => {
  for (const letter of ["-U", "-b"]) {
    const { out } = await lab("gup", "-m", "4", letter, "--kernel", "v4", "--json");
    const { config, report } = JSON.parse(out);
    assertEquals([config.slow, report.heldPages, report.refcountStores], [true, 1024, 1024]);
    assertEquals(report.modelGetMs, null);
  }
  const lines = await lab("gup", "-m", "4", "-r", "1", "-b", "--format", "gup_test");
  assertEquals(lines.out, "PIN_BASIC_TEST: done\n");
});

for (
  const [line, message] of [
    ["-m 4 -c", "-c: nothing dumps pages"],
    ["-m 4 -H", "-H: HugeTLB pages are not mapped here"],
    ["-m 4 -t", "-t: a device mapping has no transparent huge pages"],
    ["-m 4 -F 0x10000", "-F: expected 0 or FOLL_WRITE"],
    ["-m 4 -f file", "-f: the emulated device stands for /dev/dax"],
    ["-m", "-m needs one value"],
    ["-m 4G", '-m: expected a whole number, got "4G"'],
    ["-m 4 -q", 'unknown argument "-q"'],
    ["-m 4 --longterm", "Cannot get pages with FOLL_LONGTERM"],
    ["-m 4 -b -j 2", "Cannot run jobs on the slow path"],
  ]
) {
  Deno.test(`lab gup ${line}: one line, exit 2`, async () => {
    const { code, out, err } = await lab("gup", ...line.split(" "));
    assertEquals([code, out], [2, ""]);
    assertMatch(err, /^lab: [^\n]+\n$/);
    assertStringIncludes(err, message);
  });
}
