// SPDX-License-Identifier: GPL-2.0-only

import { assertEquals, assertStringIncludes } from "@std/assert";
import { contestsOf, main } from "./ratio.ts";
import { CONTESTS } from "./yardstick.ts";

Deno.test("contestsOf() takes rounds and a part of a name", () => {
  assertEquals(contestsOf([]), { rounds: 15, contests: CONTESTS });
  assertEquals(contestsOf(["3", "locked"]).contests.map((c) => c.name), ["gup 16G before, locked"]);
});

Deno.test("main() refuses what would run nothing, with exit 2 and one line", async () => {
  const lines: string[] = [];
  const { error } = console;
  console.error = (line: string) => lines.push(line);
  try {
    for (const args of [["0"], ["many"], ["1.5"], ["3", "no such contest"], ["3", "gup", "x"]]) {
      assertEquals(await main(args), 2, args.join(" "));
    }
  } finally {
    console.error = error;
  }
  assertEquals(lines.length, 5);
  assertStringIncludes(lines[0], 'bench:yardstick: rounds "0": expected a whole number above 0');
  assertStringIncludes(lines[3], 'no contest has "no such contest" in its name: expected gup 16G before; ');
});
