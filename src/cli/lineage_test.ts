// SPDX-License-Identifier: GPL-2.0-only
// `lab lineage` on the command line.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { lab } from "./lab_testing.ts";

Deno.test("lab lineage prints costs, then changes with their commits", async () => {
  const { code, out } = await lab("lineage", "--pool", "2M:4");
  assertEquals(code, 0);
  for (const text of ["7.3 ", "by arithmetic: memdesc", "11aad2631bf7"]) assertStringIncludes(out, text);
});

Deno.test("lab lineage refuses a missing or double question in one line", async () => {
  for (
    const [args, message] of [
      [[], "expected one of size, pool, dimm"],
      [["--size", "1G", "--dimm", "1G"], "expected one of"],
      [["--pool", "2M"], '--pool: expected SIZE:N such as 2M:512, got "2M"'],
      [["--size", "much"], "--size"],
      [["--dimm", "1G", "--align", "2M"], "Cannot use align without size"],
      [["--size", "1G", "--map", "ram"], 'expected mem or dev, got "ram"'],
    ] as const
  ) {
    const { code, err } = await lab("lineage", ...args);
    assertEquals([code, err.trim().split("\n").length], [2, 1]);
    assertStringIncludes(err, message);
  }
});
