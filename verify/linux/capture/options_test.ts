// SPDX-License-Identifier: GPL-2.0-only
// options.ts: the command line, and what it refuses.

import { assertEquals, assertThrows } from "@std/assert";
import { parseFlags } from "../../../src/cli/flags.ts";
import { BOARDS } from "./board.ts";
import { commandLineOf, FLAGS, SCENARIOS } from "./options.ts";

const read = (line: string) => commandLineOf(parseFlags("capture", FLAGS, line.split(" ")));

Deno.test("commandLineOf() fills in defaults", () => {
  assertEquals(read("--kernel bzImage"), {
    board: BOARDS["x86-64"],
    kernel: "bzImage",
    out: "captured",
    scenarios: Object.keys(SCENARIOS),
    capture: { pmem: 18 * 2 ** 30, sameGuest: false, hugepages: [1, 8, 64, 512] },
  });
});

Deno.test("commandLineOf() reads sizes, addresses and namespaces", () => {
  const { capture, scenarios, accel } = read(
    "--kernel k --scenario hugetlb,namespaces --dram 4G --pmem-start 0x208000000 --namespaces 1G,2G-1G-mem " +
      "--beside 1G-2M-dev --accel tcg",
  );
  assertEquals(scenarios, ["hugetlb", "namespaces"]);
  assertEquals(accel, "tcg");
  assertEquals([capture.dram, capture.pmemStart, capture.beside?.name], [4 * 2 ** 30, 0x208000000, "1G-2M-dev"]);
  assertEquals(
    capture.namespaces?.map((n) => n.name),
    ["1G-4K-mem", "1G-4K-dev", "1G-2M-mem", "1G-2M-dev", "1G-1G-mem", "1G-1G-dev", "2G-1G-mem"],
  );
});

Deno.test("commandLineOf() names unknown words", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["--out x", "--kernel IMAGE is required"],
    ["--kernel", "--kernel needs one value: IMAGE"],
    ["--kernel k --speed 3", 'unknown argument "--speed"'],
    ["--kernel k --scenario gup", "--scenario: expected namespaces or"],
    ["--kernel k --namespaces 2G-3M-mem", "expected SIZE-4K|16K|64K|2M|32M|512M|1G-mem|dev"],
    ["--kernel k --namespaces x", "Cannot read size"],
    ["--kernel k --accel xen", "--accel: expected kvm or tcg"],
    ["--kernel k --arch s390", "--arch: expected x86-64 or arm64"],
    ["--kernel k --arch arm64", "--arch arm64 needs --programs DIR"],
    ["--kernel k --arch arm64 --programs d --scenario struct_pages", "--scenario: expected namespaces or vmemmap_maps"],
    ["--kernel k --kernel j", "--kernel was given 2 times"],
    ["--kernel k --hugepages 1,many", "expected a whole number"],
  ];
  for (const [line, message] of refused) {
    assertThrows(() => read(line), Error, message);
  }
});
