// SPDX-License-Identifier: GPL-2.0-only
// `lab inspect`: one view is a file, several are what a terminal would show, and `lab box` reads them.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { lab } from "./lab_testing.ts";

const SMALL = ["--dram", "1G", "--pmem", "1G/1", "--system-ram", "--map", "mem"];

Deno.test("lab inspect VIEW prints the file and nothing else", async () => {
  const { code, out } = await lab("inspect", "iomem", ...SMALL);
  assertEquals([code, out], [
    0,
    [
      "00000000-00000fff : Reserved",
      "00001000-3fffffff : System RAM",
      "100000000-13fffffff : Persistent Memory",
      "  100000000-1001fffff : namespace0.0",
      "  100200000-13fffffff : dax0.0",
      "    108000000-13fffffff : System RAM (kmem)",
      "",
    ].join("\n"),
  ]);
});

Deno.test("lab inspect | lab box: the machine is read back without a note", async () => {
  const { out } = await lab("inspect", ...SMALL);
  assertStringIncludes(out, "# cat /proc/zoneinfo\nNode 0, zone      DMA\n");
  const file = Deno.makeTempFileSync();
  Deno.writeTextFileSync(file, out);
  const { code, out: text } = await lab("box", file);
  Deno.removeSync(file);
  assertEquals([code, text.includes("!!"), text.includes("Read with a caveat")], [0, false, false]);
  // 16 MiB for DRAM, 14 for 7 memory blocks, and tables.
  assertStringIncludes(text, "Struct pages take 30.01 MiB of DRAM");
});

Deno.test("lab inspect: an invalid machine or view is one line", async () => {
  for (
    const [args, line] of [
      [["zonefino"], 'inspect: unknown view "zonefino" (did you mean "zoneinfo"?): expected dmesg, '],
      [["--pmem", "1G/x"], '--pmem: expected SIZE or SIZE/NODE such as 64G/1, got "1G/x"'],
      [["--hugetlb", "2M"], '--hugetlb: expected SIZE:N such as 2M:512, got "2M"'],
      [["--system-ram", "--mode", "fsdax"], "Cannot make System RAM of fsdax: expected mode devdax"],
    ] as const
  ) {
    const { code, out, err } = await lab("inspect", ...args);
    assertEquals([code, out, err.slice(0, `lab: ${line}`.length)], [2, "", `lab: ${line}`]);
  }
});
