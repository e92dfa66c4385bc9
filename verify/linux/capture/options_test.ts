// SPDX-License-Identifier: GPL-2.0-only
// options.ts: the command line, and what it refuses.

import { assertEquals, assertThrows } from "@std/assert";
import { BOARDS } from "./board.ts";
import { parseCommandLine, SCENARIOS } from "./options.ts";

Deno.test("parseCommandLine() fills in defaults", () => {
  assertEquals(parseCommandLine(["--kernel", "bzImage"]), {
    board: BOARDS["x86-64"],
    kernel: "bzImage",
    out: "captured",
    scenarios: Object.keys(SCENARIOS),
    capture: { pmem: 18 * 2 ** 30, sameGuest: false, hugepages: [1, 8, 64, 512] },
  });
});

Deno.test("parseCommandLine() reads sizes, addresses and namespaces", () => {
  const { capture, scenarios, accel } = parseCommandLine(
    ("--kernel k --scenario hugetlb,namespaces --dram 4G --pmem-start 0x208000000 --namespaces 1G,2G-1G-mem " +
      "--beside 1G-2M-dev --accel tcg").split(" "),
  );
  assertEquals(scenarios, ["hugetlb", "namespaces"]);
  assertEquals(accel, "tcg");
  assertEquals([capture.dram, capture.pmemStart, capture.beside?.name], [4 * 2 ** 30, 0x208000000, "1G-2M-dev"]);
  assertEquals(
    capture.namespaces?.map((n) => n.name),
    ["1G-4K-mem", "1G-4K-dev", "1G-2M-mem", "1G-2M-dev", "1G-1G-mem", "1G-1G-dev", "2G-1G-mem"],
  );
});

Deno.test("parseCommandLine() names what it does not know", () => {
  const refused: readonly (readonly [string, string])[] = [
    ["--out x", "--kernel IMAGE is required"],
    ["--kernel", "expected one value"],
    ["--kernel k --speed 3", 'Cannot use "--speed"'],
    ["--kernel k --scenario gup", 'Cannot run scenario "gup"'],
    ["--kernel k --namespaces 2G-3M-mem", "expected SIZE-4K|16K|64K|2M|32M|512M|1G-mem|dev"],
    ["--kernel k --namespaces x", "Cannot read size"],
    ["--kernel k --accel xen", "known are kvm, tcg"],
    ["--kernel k --arch s390", "known are x86-64, arm64"],
    ["--kernel k --arch arm64", "--arch arm64 needs --programs DIR"],
    ["--kernel k --arch arm64 --programs d --scenario struct_pages", "known are namespaces, vmemmap_maps"],
    ["--kernel k --hugepages 1,many", "expected a whole number"],
  ];
  for (const [line, message] of refused) {
    assertThrows(() => parseCommandLine(line.split(" ")), RangeError, message);
  }
});
